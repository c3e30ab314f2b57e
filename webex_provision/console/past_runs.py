"""The verb `history`: which roll-outs there are, and who ran them when. Read from small files, however many rows."""

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from webex_provision.clock import Clock
from webex_provision.console.languages import ENGLISH, Words
from webex_provision.console.roll_outs import newest_first
from webex_provision.console.screen import say, say_json
from webex_provision.console.standing import RUNNING, at_work, state_word
from webex_provision.console.tally import duration
from webex_provision.ledger.checkpoint import Checkpoint
from webex_provision.ledger.errors import LedgerError
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.manifest import Selection, load_manifest, read_document
from webex_provision.ledger.runs import RunRecord, read_runs
from webex_provision.vocabulary import RunMode, RunState

_HASH_SHOWN = 12
# A first run and one that goes on are alike: both take the rows without a state.
_VERBS = {RunMode.RESUME: "run", RunMode.RETRY_PENDING: "retry", RunMode.REPLAY: "replay"}


@dataclass(frozen=True)
class Run:
    """One run of a roll-out; `state` is a RunState or RUNNING."""

    state: str
    record: RunRecord

    def as_dict(self) -> dict[str, Any]:
        """For `--json`: the record as it stands in runs.jsonl, with its state in words."""
        return self.record.model_dump(mode="json") | {"state": self.state}


@dataclass(frozen=True)
class PastRollOut:
    """A roll-out and its runs, newest first; `problem` says why its folder can't be read (the rest is then empty)."""

    name: str
    folder: Path
    state: str = ""
    input: str = ""
    input_id: str = ""
    input_hash: str = ""
    created_at: str = ""
    updated_at: str = ""
    problem: str = ""
    runs: tuple[Run, ...] = ()
    damaged_lines: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self) | {"folder": str(self.folder), "runs": [run.as_dict() for run in self.runs]}


def past_roll_out(folder: RollOutFolder, clock: Clock) -> PastRollOut:
    """What a folder tells of its past; a folder that can't be read is told by its `problem`, never raised."""
    name = folder.root.absolute().name
    try:
        manifest = load_manifest(folder)
        checkpoint = read_document(folder.checkpoint, Checkpoint)
        runs = runs_of(folder, clock)
        damaged = len(read_runs(folder).damaged)
        last = (runs[0].record.state or RunState.INTERRUPTED) if runs else None
    except LedgerError as error:
        return PastRollOut(name, folder.root, problem=str(error))
    return PastRollOut(
        name,
        folder.root,
        state=state_word(checkpoint, last, running=at_work(folder, clock) is not None),
        input=manifest.csv_path,
        input_id=manifest.input_id,
        input_hash=manifest.input_hash,
        created_at=manifest.created_at,
        updated_at=checkpoint.updated_at if checkpoint else manifest.created_at,
        runs=runs,
        damaged_lines=damaged,
    )


def runs_of(folder: RollOutFolder, clock: Clock) -> tuple[Run, ...]:
    """The runs of a roll-out, newest first: the newest goes on while someone holds the folder. Raises CorruptLedger.

    A run without an end that nobody works on was killed: INTERRUPTED.
    """
    records = read_runs(folder).records[::-1]
    running = at_work(folder, clock) is not None
    return tuple(Run(_state_of(record, running=running and place == 0), record) for place, record in enumerate(records))


def _state_of(record: RunRecord, *, running: bool) -> str:
    if record.state is None and running:
        return RUNNING
    return (record.state or RunState.INTERRUPTED).value


def wish_of(record: RunRecord) -> str:
    """What a run was to do, as it is typed: the verb, and what it was limited to."""
    chosen: Selection = record.selection
    parts = [_VERBS[record.mode]]
    parts += [f"--phase {int(phase)}" for phase in chosen.phases]
    parts += [f"--type {name}" for name in chosen.types]
    parts += [f"--reason {reason.value}" for reason in chosen.reasons]
    if chosen.batches:
        parts.append(f"batches {', '.join(map(str, chosen.batches))}")
    return " ".join(parts)


def show_history(place: Path, *, as_json: bool, words: Words = ENGLISH) -> None:
    """All roll-outs in `place`, or the one that it is, newest first. Raises NothingHere."""
    clock = Clock()
    found = [past_roll_out(RollOutFolder(folder), clock) for folder in newest_first(place)]
    if as_json:
        say_json({"folder": str(place), "roll_outs": [past.as_dict() for past in found]})
        return
    for past in found:
        _show(past, words)
    say("")
    say(words("history_hint"))


def _show(past: PastRollOut, words: Words) -> None:
    say("")
    say(past.name, style="bold")
    if past.problem:
        say(past.problem, style="red")
        return
    say(words("history_place", input=past.input, hash=past.input_hash[:_HASH_SHOWN], folder=past.folder))
    if past.damaged_lines:
        say(words("history_damaged", count=past.damaged_lines))
    if not past.runs:
        say(words("runs_none"))
    for run in past.runs:
        _show_run(run, words)


def _show_run(run: Run, words: Words) -> None:
    """Three short lines rather than a row of a table, which a terminal of 80 columns would fold."""
    record, counts = run.record, run.record.counts
    say(f"  {to_seconds(record.started_at)}  {run.state}  {wish_of(record)}")
    if counts is not None:
        left = words("history_left", count=counts.not_reached) if counts.not_reached else ""
        facts = {"done": counts.processed, "success": counts.success, "pending": counts.pending, "left": left}
        say(f"    {words('history_counts', time=_lasted(record), **facts)}")
    say(f"    {words('history_run', who=record.token_owner or '-', run=record.run_id)}")


def _lasted(record: RunRecord) -> str:
    """In words, how long it took; a dash for what is no time."""
    try:
        began, ended = (datetime.fromisoformat(when) for when in (record.started_at, record.ended_at))
        return duration((ended - began).total_seconds())
    except (TypeError, ValueError):
        return "-"


def to_seconds(timestamp: str) -> str:
    """2026-01-05T08:00:00.000Z as 2026-01-05 08:00:00Z."""
    return timestamp.replace("T", " ").partition(".")[0] + "Z" if timestamp else ""
