"""Brings up a Webex Calling site from one CSV.

The rooms, from the front door down: `definitions` (Dagster's front door) and `cli`; `assets` (Dagster bodies,
a few lines each); `metrics` (figures of a run for others to scrape); `intake` (CSV to ready and rejected rows);
`engine` (how rows are driven); `actions` (what to call, declared); `webex` (the only room that talks HTTP);
`ledger` (the only room that writes outputs). `sandbox` is a simulated tenant that shares nothing with them but the
wire. `vocabulary`, `wire`, `config` and `clock` are the words that all rooms speak; `safe_text`, `input_files` and
`core_files` the cautions that they share.
"""

__version__ = "0.1.0"
