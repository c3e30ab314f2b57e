"""One run over one roll-out: opened once, driven phase by phase, closed once.

Opening takes the locks, opens and verifies the ledger, makes the two preflight calls. Closing writes the summary and
the view of errors, whatever happened. Between them rows are driven batch by batch, each batch checkpointed.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from webex_provision.actions.row import Row
from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.engine.attachments import Attachments
from webex_provision.engine.batch_iterator import Batch, BatchIterator
from webex_provision.engine.batch_report import BatchReport
from webex_provision.engine.claims import claims_of
from webex_provision.engine.errors import NotYetDue, StopRun
from webex_provision.engine.executor import Executor
from webex_provision.engine.live_figures import live_figures
from webex_provision.engine.observer import Harmless, Observer
from webex_provision.engine.ready_rows import references
from webex_provision.engine.row_runner import RowRunner
from webex_provision.engine.run_control import RunControl
from webex_provision.engine.run_locks import RunLocks
from webex_provision.engine.same_organisation import refuse_another
from webex_provision.engine.stop_signals import signals_stop
from webex_provision.engine.summary import RunFacts, record_of, summary_of
from webex_provision.ledger.checkpoint import Checkpoint, Progress, Watermark
from webex_provision.ledger.errors import LedgerError
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.manifest import Selection, load_manifest, read_document
from webex_provision.ledger.mirror import Mirror
from webex_provision.ledger.ready_rows import load_ready
from webex_provision.ledger.rehearsal_mark import refuse_rehearsal_on
from webex_provision.ledger.runs import append_run
from webex_provision.ledger.state_store import Ledger
from webex_provision.ledger.states import LastState, RowOutcome
from webex_provision.vocabulary import Phase, RunMode, RunState
from webex_provision.webex.call_stats import CallRecord
from webex_provision.webex.connection_client import WebexClient
from webex_provision.webex.errors import PreflightFailed, RunMustStop
from webex_provision.webex.startup_checks import Preflight, preflight

_log = logging.getLogger(__name__)


class RollOut:
    """A run as a context manager; inside it, `run_phase` yields a report a batch.

    Entering raises LedgerError (locked, corrupt, another input), PreflightFailed or StopRun; then nothing was sent
    but the preflight. `run_id` is written into every record; `command` is told to whoever meets our lock.
    `transport` replaces the network in tests. `observer` hears how it goes; `on_call`, which must not raise, of
    every finished call.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        *,
        run_id: str,
        command: str = "",
        mode: RunMode = RunMode.RESUME,
        selection: Selection | None = None,
        clock: Clock | None = None,
        transport: Any = None,
        observer: Observer | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
    ) -> None:
        self.folder = RollOutFolder(folder)
        self.settings = settings
        self.state: RunState | None = None
        self.tenant: Preflight | None = None
        self._run_id, self._command = run_id, command
        self._mode, self._selection = mode, selection or Selection()
        self._clock = clock or Clock()
        self._transport, self._on_call = transport, on_call
        self._observer: Observer = Harmless(observer) if observer else Observer()
        self._closing = ExitStack()
        self._facts = RunFacts(
            run_id=run_id, mode=mode, started_at=self._clock.timestamp(), tenant=settings.webex_base_url
        )
        self._watermark = Watermark()
        self._progress = Progress()
        self._owes_summary = False
        self._mirror: Mirror | None = None

    # Opening and closing

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException as error:
            self._ended(error)
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._ended(error)
        self._close()

    def _open(self) -> None:
        if not __debug__:
            raise PreflightFailed("Python runs with -O, which switches assertions off.", "Run it without -O.")
        _log.info("run_start", extra={"folder": str(self.folder.root), "settings": self.settings.public()})
        refuse_rehearsal_on(self.folder, self.settings.webex_base_url)
        self._locks = self._closing.enter_context(RunLocks(self.folder, self.settings, self._clock, self._command))
        self._open_files()
        self._connect()
        names = references(self._ready)
        claims = claims_of(self._ready, names) if self.settings.token_slot else []
        self._locks.take_tenant(self._facts.org_id, self._client.credentials.first, claims)
        append_run(self.folder, record_of(self._facts, self.ledger.manifest.generation))
        attachments = Attachments(Path(self.ledger.manifest.csv_path).parent)
        runner = RowRunner(self._control, self.ledger, names, attachments, self.settings, self._clock)
        self._executor = Executor(
            runner,
            self._control,
            self.ledger,
            self.settings,
            self._clock,
            run_id=self._run_id,
            observer=_Recording(self, self._observer),
        )
        client, control, rejected = self._client, self._control, self.ledger.manifest.rows_rejected
        self._observer.on_open(lambda: live_figures(client, control, rejected))

    def _open_files(self) -> None:
        """Under the folder's lock: the rows, then the ledger, then the generation that this run works on."""
        self._locks.take_folder()
        if self.settings.mirror_url.get_secret_value():
            # Closed after the ledger, and before another run may have the folder.
            self._mirror = self._closing.enter_context(Mirror(self.folder, self.settings.mirror_url))
        # Before the ledger, which may mend what a crash has left: until all files are known to be good, nothing is.
        self._ready = load_ready(self.folder, sum(load_manifest(self.folder).rows.values()))
        interval = self.settings.checkpoint_interval_seconds
        self.ledger = self._closing.enter_context(Ledger.open(self.folder, clock=self._clock, fsync_interval=interval))
        known = read_document(self.folder.checkpoint, Checkpoint)
        self._progress = known.progress if known is not None else self._progress
        self._lists_lag_until = self._settling_ends(known)
        for warning in self.ledger.manifest.warnings:
            _log.warning("input_warning", extra={"warning": warning})
        self._batches = BatchIterator(self._ready, self.ledger.manifest.batch_size)
        self.ledger.open_generation(self._mode, self._selection)
        self._mirrored()

    def _connect(self) -> None:
        """The client, and what its two preflight calls tell of tenant and token."""
        self._loop = self._closing.enter_context(asyncio.Runner())
        self.settings = self._locks.take_token()
        self._client = self._connected()
        self._control = RunControl(self._client, self.settings, self._clock, self._locks.lost)
        self._owes_summary = True
        self.tenant = self._loop.run(self._preflight())
        if self.ledger.states:
            refuse_another(self.folder, self.tenant.org_id)
        self._facts.token_owner, self._facts.org_id = ", ".join(self.tenant.owners), self.tenant.org_id
        _log.info("startup_checks", extra={"startup_checks": "pass", "token_owner": self._facts.token_owner})
        for warning in self.tenant.warnings:
            _log.warning("startup_checks", extra={"startup_checks": "warn", "cause": warning})
            self._observer.on_notice(warning)

    def _connected(self) -> WebexClient:
        """The client of this run, closed with it."""
        try:
            client = WebexClient(
                self.settings,
                self._clock,
                transport=self._transport,
                on_call=self._on_call,
                on_token_out=self._observer.on_notice,
                on_hold=self._observer.on_wait,
            )
        except ValueError as error:
            raise PreflightFailed(f"{error}.", "Mend it, then run again.") from None
        self._loop.run(client.__aenter__())
        self._closing.callback(lambda: self._loop.run(client.aclose()))
        return client

    async def _preflight(self) -> Preflight:
        try:
            return await preflight(self._client, self.settings)
        except PreflightFailed:
            raise
        except RunMustStop as error:
            raise self._control.verdict_of(error) from error

    def _ended(self, error: BaseException) -> None:
        self._owes_summary = self._owes_summary and not isinstance(error, LedgerError)
        if isinstance(error, StopRun):
            self.state = error.state
            self._facts.message = error.message
        elif isinstance(error, PreflightFailed | NotYetDue):
            self.state = RunState.FAILED_PREFLIGHT
            self._facts.message = str(error)
            _log.critical("startup_checks", extra={"startup_checks": "fail", "cause": str(error)})
        elif isinstance(error, KeyboardInterrupt):
            self.state = RunState.INTERRUPTED
            self._facts.message = "interrupted; resume to go on"
        else:
            self.state = RunState.FAILED_SYSTEMIC
            self._facts.message = f"{type(error).__name__}; run.log tells where"

    def _close(self) -> None:
        try:
            if self._owes_summary and not self._locks.taken_over:
                self._write_outcome()
        finally:
            if self._mirror is not None and self._locks.taken_over:
                self._mirror.abandon()
            self._closing.close()
            if self._mirror is not None and (behind := self._mirror.behind()):
                self._observer.on_notice(behind)

    def _write_outcome(self) -> None:
        """Generation, checkpoint, view of errors, summary: in this order, all from the ledger."""
        generation = self.ledger.manifest.generation
        left = sum(self.ledger.remaining(row_id) for row_id in self._batches.selected(generation.selection))
        if self.state is None:
            self.state = self._completed_state()
        if self.state is RunState.STOPPED_AUTH:
            self.ledger.mark_stopped_auth()
        elif left == 0 and self.state.completed:
            self.ledger.close_generation()
        self._checkpoint(self.state)
        self.ledger.rebuild_row_errors()
        self._facts.ended_at = self._clock.timestamp()
        self._facts.calls = self._client.stats.as_dict()
        self._facts.tokens = self._client.credentials.as_dicts()
        if self._mirror is not None:
            self._facts.mirror = {"mirror": self._mirror.failure or "copied"}
        summary = summary_of(self._facts, self.state, self.ledger, self._ready)
        self.ledger.write_summary(summary)
        append_run(self.folder, record_of(self._facts, generation, self.state, summary["counts"]))
        _log.info("run_end", extra={"state": self.state.value, "not_reached": left})
        self._observer.on_end(self.state)

    def _completed_state(self) -> RunState:
        """Whether the roll-out waits for something, in the rows of this run or of an earlier one."""
        waiting = any(state.reason is not None for state in self.ledger.states.values())
        return RunState.COMPLETED_WITH_PENDING if waiting else RunState.COMPLETED

    # Driving

    def numbers(self, phase: Phase) -> range:
        """The numbers of all batches of a phase that hold rows."""
        return range(1, self.ledger.manifest.batches.get(phase, 0) + 1)

    def run_phase(self, phase: Phase, numbers: Sequence[int] | None = None) -> Iterator[BatchReport]:
        """Runs the phase's batches (all, or those numbered) in order; a batch without work gives an empty report.

        Raises StopRun after a clean stop, NotYetDue when earlier rows have no state, LedgerError.
        """
        wanted = sorted(numbers) if numbers is not None else self.numbers(phase)
        self._watermark = self._watermark_of(phase)
        work = {row_id for row_id in self._batches.selected(self._selection, phase) if self.ledger.remaining(row_id)}
        later = [row_id for each in Phase if each > phase for row_id in self._batches.selected(self._selection, each)]
        all_batches = self.ledger.manifest.batches.get(phase, 0)
        self._observer.on_phase(phase, all_batches, sum(map(self.ledger.remaining, later)))
        self._observer.on_start(len(work))
        _log.info("phase_start", extra={"phase": int(phase), "batches": len(wanted)})
        for number in wanted:
            report = self._run_batch(self._batches.batch(phase, number), work)
            self._observer.on_batch(report)
            yield report
        _log.info("phase_end", extra={"phase": int(phase)})

    def _run_batch(self, batch: Batch, work: AbstractSet[str]) -> BatchReport:
        rows = self._batches.rows(batch)
        todo = [row for row in rows if row.row_id in work]
        skipped = len(rows) - len(todo)
        if not todo:
            return BatchReport(batch, rows=len(rows), skipped=skipped)
        self._batches.require_earlier(batch, todo, lambda row_id: self.ledger.last(row_id) is not None)
        self._observer.on_batch_start(batch)
        _log.info("batch_start", extra={"batch_id": batch.batch_id, "rows": len(todo)})
        with signals_stop(self._control, self._loop.get_loop()):
            report = self._loop.run(self._drive(batch, todo, skipped))
        # A run that was told to take some types leaves rows of the batch without a state.
        complete = all(self.ledger.last(row.row_id) is not None for row in rows)
        self._progress = Progress(
            phase=batch.phase,
            last_row_id=self._watermark.position,
            last_completed_batch_id=batch.batch_id if complete else self._progress.last_completed_batch_id,
            last_completed_row_id=todo[-1].row_id,
        )
        self._checkpoint(None)
        counts = {reason.value: count for reason, count in report.reasons.items()}
        extra = {"batch_id": batch.batch_id, "success": report.success, "pending": report.pending, "reasons": counts}
        _log.info("batch_end", extra=extra)
        return report

    def _settling_ends(self, known: Checkpoint | None) -> float:
        """When, by the clock's `monotonic`, lists must show what an earlier run wrote last, perhaps a moment ago.

        Until then a look-up could miss what is there, and a create would make it twice.
        """
        if not self.ledger.states:
            return self._clock.monotonic()
        age = 0.0
        if known is not None and not self.folder.from_mirror.exists():
            age = max(0.0, known.age(self._clock) - self.settings.checkpoint_interval_seconds)
        return self._clock.monotonic() + self.settings.list_lag_seconds - age

    async def _drive(self, batch: Batch, todo: list[Row], skipped: int) -> BatchReport:
        working = asyncio.ensure_future(self._work(batch, todo, skipped))
        checkpointing = asyncio.ensure_future(self._checkpoint_often(batch.phase))
        watching = asyncio.ensure_future(self._locks.watch(self._control, self._clock))
        try:
            await asyncio.wait({working, checkpointing}, return_when=asyncio.FIRST_COMPLETED)
            if checkpointing.done() and not working.done():
                checkpointing.result()  # raises: what the rows do could not be kept any longer
            return await working
        finally:
            for task in (working, checkpointing, watching):
                task.cancel()
            await asyncio.gather(working, checkpointing, watching, return_exceptions=True)

    async def _work(self, batch: Batch, todo: list[Row], skipped: int) -> BatchReport:
        await self._control.wait(self._lists_lag_until - self._clock.monotonic())
        return await self._executor.run(self._batches, batch, todo, skipped)

    async def _checkpoint_often(self, phase: Phase) -> None:
        while True:  # ends with its batch, which has a time budget
            await self._clock.sleep(self.settings.checkpoint_interval_seconds)
            self._progress = replace(self._progress, phase=phase, last_row_id=self._watermark.position)
            self._checkpoint(None)

    def _checkpoint(self, state: RunState | None) -> None:
        self.ledger.checkpoint(replace(self._progress, run_id=self._run_id, state=state))
        self.folder.from_mirror.unlink(missing_ok=True)  # from now on the checkpoint tells how old it is
        self._mirrored()

    def _mirrored(self) -> None:
        """The mirror, if there is one, follows; a failing one is told once."""
        if self._mirror is not None:
            self._mirror.checkpointed()
            if told := self._mirror.news():
                self._observer.on_notice(told)

    def note_done(self, row: Row) -> None:
        """A row has its record: the watermark and the count of this run follow."""
        self._watermark.done(row.position)
        self._facts.processed += 1

    # Which rows

    def states(self, batch: Batch) -> list[LastState | None]:
        """The last state of each row of a batch, whichever run it comes from; None for a row without one."""
        return [self.ledger.last(row.row_id) for row in self._batches.rows(batch)]

    def _watermark_of(self, phase: Phase) -> Watermark:
        watermark = Watermark()
        columns = self._ready.filter(phase=int(phase)).sort("position").select("row_id", "position").iter_rows()
        for row_id, position in columns:
            if self.ledger.last(row_id) is not None and not self.ledger.remaining(row_id):
                watermark.done(int(position))
        return watermark


class _Recording(Observer):
    """Feeds the watermark, then tells whoever watches."""

    def __init__(self, run: RollOut, watcher: Observer) -> None:
        self._run = run
        self._watcher = watcher

    def on_row(self, row: Row, outcome: RowOutcome) -> None:
        self._run.note_done(row)
        self._watcher.on_row(row, outcome)
