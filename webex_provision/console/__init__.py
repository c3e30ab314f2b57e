"""What an operator sees and types: flags, progress, tables, the end of a run, and the processes of demo and UI.

Belongs here: everything between `cli` (the verbs) and the rooms that do the work. Does not belong here: any decision
about rows, any call to Webex, any write to a roll-out folder. Dagster and polars are imported by the functions that
need them, never at the top, so that help comes at once.
"""
