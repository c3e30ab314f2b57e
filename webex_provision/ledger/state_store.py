"""The ledger of a roll-out: opened and verified, rows committed one by one, generations, checkpoint.

results.csv is the truth. Everything else (checkpoint, summary, view of errors) follows from it or is compared with it.
One process at a time: whoever opens a ledger holds the folder's lock (see `locks`).
"""

from collections.abc import Mapping
from contextlib import ExitStack
from types import MappingProxyType, TracebackType
from typing import Any, Self

from webex_provision.clock import Clock
from webex_provision.ledger import writers
from webex_provision.ledger.checkpoint import Checkpoint, Progress, why_ahead
from webex_provision.ledger.errors import GenerationOpen, LedgerInvariant, OutputNotWritable
from webex_provision.ledger.files import AppendFile, atomic_file, write_atomically
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.intents import IntentLog, read_intents
from webex_provision.ledger.manifest import (
    Generation,
    Identity,
    Manifest,
    Selection,
    load_manifest,
    read_document,
    refuse_other_input,
)
from webex_provision.ledger.records import PENDING_COLUMNS, RESULTS_COLUMNS, cell, header_line, read_lines
from webex_provision.ledger.states import (
    History,
    LastState,
    RowOutcome,
    pending_line,
    results_line,
    state_of,
)
from webex_provision.ledger.verified import verified_history
from webex_provision.vocabulary import Reason, RowStatus, RunMode


class Ledger:
    """An open ledger. Make it with `open`; close it, or use it as a context manager."""

    def __init__(
        self, folder: RollOutFolder, manifest: Manifest, history: History, clock: Clock, fsync_interval: float
    ) -> None:
        """Take over what `open` has verified; opens the files to append."""
        self.folder = folder
        self.manifest = manifest
        self._clock = clock
        self._fsync_interval = fsync_interval
        self._states = history.states
        self._commits = history.commits
        self._resuming = False
        self._started_at = clock.timestamp()
        self._last_sync = clock.monotonic()
        with ExitStack() as opened:
            self._pending = AppendFile(folder.pending, header_line(PENDING_COLUMNS))
            opened.callback(self._pending.close)
            self._results = AppendFile(folder.results, header_line(RESULTS_COLUMNS))
            opened.callback(self._results.close)
            # What an intent's commit tells must outlive a power cut before the intent is forgotten.
            self.sync()
            self._intents = IntentLog(folder.intents, read_intents(folder.intents), self._states, clock)
            opened.callback(self._intents.close)
            self._closing = opened.pop_all()

    @classmethod
    def open(
        cls, folder: RollOutFolder, *, clock: Clock, fsync_interval: float = 1.0, expect: Identity | None = None
    ) -> Self:
        """Read everything back, verify it, and only then mend what a crash may leave.

        That is: pending lines without their commit go to pending_rows.set_aside.csv, closed intents leave
        intents.jsonl. `fsync_interval` is seconds between group fsyncs at most. Raises NoRollOut, InputChanged (also
        when `expect` differs), CorruptLedger: in these cases nothing was touched. Raises OutputNotWritable.
        """
        manifest = load_manifest(folder)
        checkpoint = read_document(folder.checkpoint, Checkpoint)
        if expect is not None:
            refuse_other_input(folder, manifest.identity, expect, manifest.csv_path)
        history = verified_history(folder, manifest, checkpoint)
        _set_aside_uncommitted(folder, history.uncommitted)
        generation = _known_generation(manifest, checkpoint, history.last_attempt)
        if generation != manifest.generation:
            manifest = manifest.model_copy(update={"generation": generation})
            manifest.save(folder)
        return cls(folder, manifest, history, clock, fsync_interval)

    # States

    @property
    def states(self) -> Mapping[str, LastState]:
        """A read-only view: row_id (as `records.cell` writes it) to its last commit."""
        return MappingProxyType(self._states)

    def last(self, row_id: str) -> LastState | None:
        """The row's last commit, or None."""
        return self._states.get(cell(row_id))

    @property
    def attempt(self) -> int:
        """The number of the generation, which every commit carries."""
        return self.manifest.generation.n

    def remaining(self, row_id: str) -> bool:
        """Whether the open generation still has to do this row (one that the caller has selected).

        resume: no commit yet, or pending(auth_invalid) from a generation that a 401 stopped; after a killed retry or
        replay also what that one has left. retry_pending: last state older than the generation, pending, and of a
        wanted reason. replay: no state of this generation.
        """
        generation = self.manifest.generation
        last = self.last(row_id)
        if last is None:
            return self._resuming or generation.mode is not RunMode.RETRY_PENDING
        if last.attempt >= generation.n:
            return False
        stopped = last.reason is Reason.AUTH_INVALID and last.attempt in self.manifest.stopped_auth
        if stopped and (self._resuming or last.attempt >= generation.floor):
            return True
        return generation.takes(last)

    # Commits

    def commit(self, outcome: RowOutcome) -> None:
        """Record the terminal state of a row in this attempt; on return it survives a kill of the process.

        Raises LedgerInvariant (recorded already, wrong attempt, status and reason that don't go together), with
        nothing written; OutputNotWritable, with the record taken back.
        """
        row = cell(outcome.row_id)
        self._check(row, outcome)
        timestamp = self._clock.timestamp()
        pending_from = -1
        if outcome.status is RowStatus.PENDING:
            pending_from = self._pending.append(pending_line(outcome, timestamp))
        try:
            self._results.append(results_line(outcome, timestamp))
        except OutputNotWritable:
            if pending_from >= 0:
                self._pending.take_back(pending_from)
            raise
        self._commits += 1
        self._states[row] = state_of(outcome)
        self._intents.committed(row, outcome.attempt)
        if self._clock.monotonic() - self._last_sync >= self._fsync_interval:
            self.sync()

    def _check(self, row: str, outcome: RowOutcome) -> None:
        generation = self.manifest.generation
        if not row:
            raise LedgerInvariant("a commit names no row")
        if not generation.open or outcome.attempt != generation.n:
            raise LedgerInvariant(f"row {row}: attempt {outcome.attempt} is not the open generation {generation.n}")
        last = self._states.get(row)
        if last is not None and last.attempt >= outcome.attempt:
            raise LedgerInvariant(f"row {row}, attempt {outcome.attempt} is committed already ({last.status})")
        if outcome.status is RowStatus.REJECTED:
            raise LedgerInvariant(f"row {row}: rejected rows are intake's and never get an attempt")
        if (outcome.status is RowStatus.PENDING) != (outcome.reason is not None):
            raise LedgerInvariant(f"row {row}: status {outcome.status} with reason {outcome.reason}")

    def sync(self) -> None:
        """Make all commits durable (fsync); call it at each batch end."""
        self._pending.sync()
        self._results.sync()
        self._last_sync = self._clock.monotonic()

    # Intents

    async def intend(self, row_id: str, step: str) -> None:
        """Note durably that a request which is not safe to repeat is about to be sent for this row."""
        await self._intents.intend(row_id, self.attempt, step)

    def open_intents(self, row_id: str) -> set[str]:
        """Steps that were about to be sent for a row and of which no commit tells the outcome."""
        return self._intents.open_steps(row_id)

    # Generations

    def open_generation(self, mode: RunMode, selection: Selection | None = None) -> Generation:
        """The generation in which rows are committed from now on.

        An open one goes on when `mode` is resume or the same mode and selection are asked for again; under the next
        number when a 401 stopped it. Otherwise a new one begins. Raises GenerationOpen when another retry or replay
        is unfinished, OutputNotWritable.
        """
        wanted = selection or Selection()
        now = self.manifest.generation
        again = mode is now.mode and wanted == now.selection
        if now.open and (mode is RunMode.RESUME or again):
            generation = now
            if now.mode is RunMode.RESUME:
                generation = now.model_copy(update=dict(wanted))
            if now.n in self.manifest.stopped_auth:
                generation = generation.model_copy(update={"n": now.n + 1})
        elif now.open and now.mode is not RunMode.RESUME:
            raise GenerationOpen(self.folder.root, now.mode, now.n)
        else:
            generation = Generation(n=now.n + 1, floor=now.n + 1, mode=mode, open=True, **dict(wanted))
        self._resuming = mode is RunMode.RESUME
        self._save_manifest(generation=generation)
        return generation

    def mark_stopped_auth(self) -> None:
        """Note that a confirmed 401 stops this generation: its auth_invalid rows are unfinished for the resume."""
        stopped = self.manifest.stopped_auth
        if self.attempt not in stopped:
            self._save_manifest(stopped_auth=(*stopped, self.attempt))

    def close_generation(self) -> None:
        """Note that every row of the generation has its commit; the caller has asked `remaining` of them all."""
        self._save_manifest(generation=self.manifest.generation.model_copy(update={"open": False}))

    def _save_manifest(self, **changes: Any) -> None:
        changed = self.manifest.model_copy(update=changes)
        if changed != self.manifest:
            changed.save(self.folder)
            self.manifest = changed

    # What follows from the ledger

    def checkpoint(self, progress: Progress) -> Checkpoint:
        """Make the commits durable, then replace checkpoint.json. Raises LedgerInvariant when it would be ahead."""
        self.sync()
        checkpoint = Checkpoint(
            pipeline_version=self.manifest.pipeline_version,
            input_hash=self.manifest.input_hash,
            phase=progress.phase,
            last_row_id=progress.last_row_id,
            last_completed_batch_id=progress.last_completed_batch_id,
            last_completed_row_id=progress.last_completed_row_id,
            dagster_run_id=progress.run_id,
            started_at=self._started_at,
            updated_at=self._clock.timestamp(),
            updated_at_monotonic=self._clock.monotonic(),
            generation=self.manifest.generation,
            state=progress.state,
            commits=self._commits,
        )
        if why := why_ahead(checkpoint, self._states, self._commits):
            raise LedgerInvariant(f"a checkpoint would be ahead of the ledger: {why}")
        write_atomically(self.folder.checkpoint, checkpoint.model_dump_json(indent=2).encode() + b"\n")
        return checkpoint

    def rebuild_row_errors(self) -> int:
        """row_errors.csv from last states; returns its number of rows."""
        return writers.rebuild_row_errors(self.folder, self._states)

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """run_summary.json, replaced atomically."""
        writers.write_summary(self.folder, summary)

    def close(self) -> None:
        """Sync and close all files; closing twice is fine."""
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _known_generation(manifest: Manifest, checkpoint: Checkpoint | None, last_attempt: int) -> Generation:
    """The newest generation that any file tells of: a manifest that was set aside and made anew knows none."""
    newest = manifest.generation
    if checkpoint is not None and checkpoint.generation.n > newest.n:
        newest = checkpoint.generation
    if last_attempt > newest.n:
        newest = Generation(n=last_attempt, floor=last_attempt, open=True)
    return newest


def _set_aside_uncommitted(folder: RollOutFolder, lines: frozenset[int]) -> None:
    """Move these lines of pending_rows.csv to pending_rows.set_aside.csv; copied first, so that none is ever lost."""
    if not lines:
        return
    aside = AppendFile(folder.pending_set_aside, header_line(PENDING_COLUMNS))
    try:
        for line in read_lines(folder.pending):
            if line.number in lines:
                aside.append(line.raw)
    finally:
        aside.close()
    with atomic_file(folder.pending) as handle:
        handle.writelines(line.raw for line in read_lines(folder.pending) if line.number not in lines)
