"""Where a roll-out stands, read from its ledger without a lock and without changing anything."""

import json
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.clock import Clock
from webex_provision.console.languages import ENGLISH, Words
from webex_provision.ledger.checkpoint import Checkpoint
from webex_provision.ledger.errors import CorruptLedger
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.locks import FolderLock
from webex_provision.ledger.manifest import Manifest, load_manifest, read_document
from webex_provision.ledger.records import REJECTED_COLUMNS, plain, read_records
from webex_provision.ledger.rehearsal_mark import is_rehearsal
from webex_provision.ledger.run_lock import Holder
from webex_provision.ledger.runs import read_runs
from webex_provision.ledger.states import LastState, read_states
from webex_provision.ledger.verified import verified_history
from webex_provision.vocabulary import Reason, RowStatus, RunState

RUNNING = "RUNNING"
NOT_STARTED = "NOT_STARTED"
REJECTIONS_SHOWN = 5
_RETRY = ("webex-provision", "retry", "--output-dir")
_FINISHED = frozenset(state.value for state in RunState if state.completed)


@dataclass(frozen=True)
class Standing:
    """All rows of a roll-out by their last state. `state` is a RunState, RUNNING or NOT_STARTED.

    `not_reached` rows have no state yet; `unfinished` names an open retry or replay. `holder` says who works on it;
    a `rehearsal` never goes on: what comes after it is the real run. `rejections` are the messages of the first
    rejected rows: where, what, and the cure. Types stand in the order in which they run.
    """

    folder: Path
    input: str
    input_id: str
    state: str
    message: str
    read: int
    rejected: int
    success: int
    pending: int
    not_reached: int
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    rejections: tuple[str, ...] = ()
    pending_by_reason: dict[str, int] = field(default_factory=dict)
    by_phase: dict[str, dict[str, int]] = field(default_factory=dict)
    by_type: dict[str, dict[str, int]] = field(default_factory=dict)
    generation: int = 0
    unfinished: str = ""
    updated_at: str = ""
    holder: str = ""
    rehearsal: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For `--json`, with the commands to go on with."""
        return asdict(self) | {"folder": str(self.folder), "next": [command for _, command in self.next_commands()]}

    @property
    def finished(self) -> bool:
        """Whether the last run did all that it was asked for."""
        return self.state in _FINISHED

    def next_commands(self, words: Words = ENGLISH) -> list[tuple[str, str]]:
        """What to do now: why, and the exact command. Empty when nothing is left."""
        retries = [
            (words("next_rows", count=self.pending_by_reason[reason]), command)
            for reason, command in self.retry_commands().items()
        ]
        return self._resume(words) or retries

    def whole_commands(self, words: Words = ENGLISH) -> list[tuple[str, str]]:
        """As `next_commands`, but of the roll-out as a whole: a retry of several reasons is one command."""
        commands = self.retry_commands()
        if len(commands) > 1:
            count = sum(self.pending_by_reason[reason] for reason in commands)
            return [(words("next_all_pending", count=count), shlex.join([*_RETRY, str(self.folder)]))]
        return self._resume(words)

    def retry_commands(self) -> dict[str, str]:
        """By reason the exact command where a retry mends it; none before all rows were reached and in rehearsals."""
        if self.state == RUNNING or self._resume(ENGLISH):
            return {}
        return {
            reason: shlex.join([*_RETRY, str(self.folder), "--reason", reason])
            for reason in self.pending_by_reason
            if Reason(reason).may_be_retried
        }

    def run_command(self) -> str:
        """What runs the CSV once its rejected rows are mended: another CSV, so a roll-out of its own."""
        return shlex.join(["webex-provision", "run", self.input])

    def _resume(self, words: Words) -> list[tuple[str, str]]:
        if self.state == RUNNING:
            return []
        if self.rehearsal:
            return [(words("next_for_real"), self.run_command())]
        resume = shlex.join(["webex-provision", "resume", "--output-dir", str(self.folder)])
        if self.state == RunState.STOPPED_AUTH:
            return [(words("next_token"), resume)]
        if self.not_reached:
            return [(words("next_rows_wait", count=self.not_reached), resume)]
        return [] if self.finished and not self.unfinished else [(words("next_unfinished"), resume)]


def standing_of(folder: RollOutFolder, clock: Clock, states: Mapping[str, LastState] | None = None) -> Standing:
    """Reads the ledger, its states apart when they are given.

    Raises NoRollOut; CorruptLedger, also where files do not go together, unless a run is just writing them.
    """
    manifest = load_manifest(folder)
    found = _states(folder, manifest, clock)
    states = found if states is None else states
    checkpoint = read_document(folder.checkpoint, Checkpoint)
    holder = at_work(folder, clock)
    by_phase: dict[str, Counter[str]] = {str(int(phase)): Counter() for phase, rows in manifest.rows.items() if rows}
    by_type: dict[str, Counter[str]] = {}
    reasons: Counter[str] = Counter()
    for state in states.values():
        by_phase.setdefault(str(int(state.phase)), Counter())[state.status.value] += 1
        by_type.setdefault(state.entity_type, Counter())[state.status.value] += 1
        if state.reason is not None:
            reasons[state.reason.value] += 1
    for phase, rows in manifest.rows.items():
        if left := rows - by_phase.get(str(int(phase)), Counter()).total():
            by_phase[str(int(phase))]["not_reached"] = left
    refused, rejections = _rejected(folder)
    for entity_type, _ in refused:
        by_type.setdefault(entity_type, Counter())[RowStatus.REJECTED.value] += 1
    success = sum(counts[RowStatus.SUCCESS.value] for counts in by_phase.values())
    generation = manifest.generation
    return Standing(
        folder=folder.root,
        input=manifest.csv_path,
        input_id=manifest.input_id,
        state=state_word(checkpoint, _last_run(folder, states), running=holder is not None),
        message=_message(folder.summary),
        read=manifest.rows_read,
        rejected=manifest.rows_rejected,
        success=success,
        pending=reasons.total(),
        not_reached=sum(manifest.rows.values()) - len(states),
        rejected_by_reason=dict(Counter(reason for _, reason in refused).most_common()),
        rejections=rejections,
        pending_by_reason=dict(reasons.most_common()),
        by_phase={phase: dict(counts) for phase, counts in sorted(by_phase.items())},
        by_type={name: dict(by_type[name]) for name in as_they_run(by_type)},
        generation=generation.n,
        unfinished=generation.mode.value if generation.open else "",
        updated_at=checkpoint.updated_at if checkpoint else manifest.created_at,
        holder=str(holder) if holder else "",
        rehearsal=is_rehearsal(folder),
    )


def _states(folder: RollOutFolder, manifest: Manifest, clock: Clock) -> Mapping[str, LastState]:
    """Last states; where nobody works on the files, they must be whole and go together. Raises CorruptLedger."""
    if at_work(folder, clock) is None:
        try:
            return verified_history(folder, manifest, read_document(folder.checkpoint, Checkpoint)).states
        except CorruptLedger:
            if at_work(folder, clock) is None:
                raise
    return read_states(folder)  # its writer may be in the middle of a line


def _last_run(folder: RollOutFolder, states: Mapping[str, LastState]) -> RunState | None:
    """How the newest run on record ended, INTERRUPTED without an end; None when no row was ever reached."""
    records = read_runs(folder).records
    if records:
        return records[-1].state or RunState.INTERRUPTED
    return RunState.INTERRUPTED if states else None


def state_word(checkpoint: Checkpoint | None, last: RunState | None, *, running: bool) -> str:
    """A RunState, RUNNING or NOT_STARTED; a run that has left no end was interrupted.

    A checkpoint that is missing tells nothing: `last`, how the newest run on record ended, stands for it.
    """
    if running:
        return RUNNING
    if checkpoint is None:
        return last.value if last else NOT_STARTED
    return (checkpoint.state or RunState.INTERRUPTED).value


def as_they_run(names: Iterable[str]) -> list[str]:
    """Entity types, as a CSV may name them, in the order of execution; unknown ones last."""
    place = {name: number for number, name in enumerate(entity_types_by_name())}
    return sorted(names, key=lambda name: (place.get(name, len(place)), name))


def _rejected(folder: RollOutFolder) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """Type and reason of each rejected row, and the messages of the first ones."""
    if not folder.rejected.exists():
        return [], ()
    columns = [REJECTED_COLUMNS.index(name) for name in ("entity_type", "reason_code", "reason_message")]
    found: list[tuple[str, str]] = []
    messages: list[str] = []
    for record in read_records(folder.rejected, REJECTED_COLUMNS):
        entity_type, reason, message = (plain(record.fields[column]) for column in columns)
        found.append((entity_type, reason))
        if len(messages) < REJECTIONS_SHOWN:
            messages.append(message)
    return found, tuple(messages)


def _message(path: Path) -> str:
    """What the last run said at its end; the summary is rebuilt by every run, so a bad one is no fault here."""
    try:
        return str(json.loads(path.read_bytes()).get("message", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def at_work(folder: RollOutFolder, clock: Clock) -> Holder | None:
    """Who holds the folder's lock, unless that process is gone: a killed one leaves its note behind."""
    holder = FolderLock(folder, clock=clock).holder()
    return None if holder is None or holder.gone else holder
