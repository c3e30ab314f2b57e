"""Drives one batch: types in order, rows of a type at the same time within bounds, each row recorded as it ends."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from webex_provision.actions.declaration import EntityType
from webex_provision.actions.row import Row
from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.engine.batch_iterator import Batch, BatchIterator
from webex_provision.engine.batch_report import BatchReport
from webex_provision.engine.circuit_breaker import BatchBreaker
from webex_provision.engine.error_handling import error_class
from webex_provision.engine.errors import StopRun
from webex_provision.engine.observer import Observer
from webex_provision.engine.parties import Party, parties
from webex_provision.engine.progress import RowResult
from webex_provision.engine.row_runner import RowRunner
from webex_provision.engine.run_control import RunControl
from webex_provision.ledger.records import minify_row
from webex_provision.ledger.states import RowOutcome
from webex_provision.vocabulary import Reason, RowStatus, RunState

_log = logging.getLogger(__name__)
_ROWS_PER_CALL_IN_FLIGHT = 2  # a row that waits for a lock or a lagging list must not idle the limit


class Records(Protocol):
    """Who takes the records: the ledger, or what only listens."""

    @property
    def attempt(self) -> int:
        """The generation that runs."""

    def commit(self, outcome: RowOutcome) -> None:
        """Takes the terminal state of a row."""


class KeyLocks:
    """Rows that write the same remote entity never run at the same time; keys are taken in sorted order."""

    def __init__(self) -> None:
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def hold(self, keys: Sequence[str]) -> AsyncIterator[None]:
        """Holds all keys; they are sorted here, so that two rows can't wait for each other."""
        taken: list[asyncio.Lock] = []
        try:
            for key in sorted(set(keys)):
                await self._locks[key].acquire()
                taken.append(self._locks[key])
            yield
        finally:
            for lock in reversed(taken):
                lock.release()


class Executor:
    """Runs batches of one roll-out, one after the other."""

    def __init__(
        self,
        runner: RowRunner,
        control: RunControl,
        ledger: Records,
        settings: Settings,
        clock: Clock,
        *,
        run_id: str,
        observer: Observer,
    ) -> None:
        self._runner = runner
        self._control = control
        self._ledger = ledger
        self._settings = settings
        self._clock = clock
        self._run_id = run_id
        self._observer = observer
        self._workers = settings.max_in_flight * len(settings.tokens) * _ROWS_PER_CALL_IN_FLIGHT

    async def run(self, batches: BatchIterator, batch: Batch, rows: Sequence[Row], skipped: int) -> BatchReport:
        """Brings each row to its state. Raises StopRun after a clean stop; rows without a record wait for the resume.

        Raises LedgerError when a record can't be written.
        """
        report = BatchReport(batch, rows=len(rows) + skipped, skipped=skipped)
        breaker = BatchBreaker(self._settings, sum(not row.pending_reason for row in rows))
        started, before = self._clock.monotonic(), self._control.client.stats.total
        budget = asyncio.ensure_future(self._out_of_time(batch))
        try:
            for entity_type, members in batches.by_type(rows):
                await self._type(entity_type, members, report, breaker)
            breaker.check(finished=True)
        except StopRun as verdict:
            self._control.stop(verdict)
            raise
        finally:
            budget.cancel()
            after = self._control.client.stats.total
            report.seconds = self._clock.monotonic() - started
            report.calls = after.sends - before.sends
            report.retries = after.retries - before.retries
            report.rate_limited = after.rate_limited - before.rate_limited
        return report

    async def _out_of_time(self, batch: Batch) -> None:
        seconds = self._settings.batch_time_budget_seconds
        await self._clock.sleep(seconds)
        self._control.stop(
            StopRun(RunState.STOPPED_LIMIT, f"batch {batch.batch_id} took longer than {seconds:g} s; resume to go on")
        )

    async def _type(
        self, entity_type: EntityType, rows: Sequence[Row], report: BatchReport, breaker: BatchBreaker
    ) -> None:
        found = parties(entity_type, rows, self._runner.touches, self._runner.context)
        self._runner.foretell(entity_type, rows)
        waiting, locks = iter(found), KeyLocks()
        workers = [
            asyncio.ensure_future(self._work(entity_type, waiting, locks, report, breaker))
            for _ in range(min(self._workers, len(found)))
        ]
        await self._until_done(workers)
        if self._control.stopped is not None:
            raise self._control.stopped

    async def _work(
        self,
        entity_type: EntityType,
        waiting: Iterator[Party],
        locks: KeyLocks,
        report: BatchReport,
        breaker: BatchBreaker,
    ) -> None:
        for party in waiting:
            try:
                outcomes: list[RowResult | BaseException]
                if party.fault is not None:
                    outcomes = [party.fault]
                else:
                    async with locks.hold(party.touched):
                        await self._control.ready()
                        outcomes = await self._runner.run_party(entity_type, party.rows)
                self._record_party(party, outcomes, report, breaker)
            except StopRun as verdict:
                self._control.stop(verdict)
                return

    def _record_party(
        self, party: Party, outcomes: Sequence[RowResult | BaseException], report: BatchReport, breaker: BatchBreaker
    ) -> None:
        """Every row that has ended keeps its record, whatever ended the others. Raises what ended them."""
        for row, result in zip(party.rows, outcomes, strict=True):
            if isinstance(result, RowResult):
                self._record(row, result, report)
                if not row.pending_reason:
                    breaker.count(result.cause)
        for result in outcomes:
            if isinstance(result, BaseException):
                raise result
        if not all(row.pending_reason for row in party.rows):
            breaker.check(finished=False)

    async def _until_done(self, workers: Sequence[asyncio.Future[None]]) -> None:
        """Waits for the workers; once the run stops, calls in flight get a grace to end, then are abandoned.

        An abandoned call has its intent line, so the resume looks before it sends anything again.
        """
        stopping: asyncio.Future[Any] = asyncio.ensure_future(self._control.stopping.wait())
        pending: set[asyncio.Future[Any]] = {*workers}
        try:
            while pending and not stopping.done() and not any(_failed(worker) for worker in workers):
                _, pending = await asyncio.wait({*pending, stopping}, return_when=asyncio.FIRST_COMPLETED)
                pending.discard(stopping)
            if pending and stopping.done():
                await asyncio.wait(pending, timeout=self._settings.stop_grace_seconds)
        finally:
            for future in (stopping, *workers):
                future.cancel()
            outcomes = await asyncio.gather(*workers, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    def _record(self, row: Row, result: RowResult, report: BatchReport) -> None:
        batch = report.batch
        outcome = RowOutcome(
            row_id=row.row_id,
            row_number=row.row_number,
            batch_id=batch.batch_id,
            phase=batch.phase,
            entity_type=row.entity_type,
            entity_key=row.entity_key,
            step=result.step,
            status=result.status,
            attempt=self._ledger.attempt,
            run_id=self._run_id,
            http_status=result.http_status,
            message=result.message,
            reason=result.reason,
            remote_id=result.remote_id,
            raw_row_minified=minify_row(row.cells) if result.status is RowStatus.PENDING else "",
        )
        self._ledger.commit(outcome)
        if result.status is RowStatus.SUCCESS:
            report.success += 1
        else:
            report.pending += 1
        if result.reason is not None:
            report.reasons[result.reason] += 1
            _log_failed(row, batch, result, result.reason)
        self._observer.on_row(row, outcome)


def _failed(worker: asyncio.Future[None]) -> bool:
    return worker.done() and not worker.cancelled() and worker.exception() is not None


def _log_failed(row: Row, batch: Batch, result: RowResult, reason: Reason) -> None:
    """Each failed row once."""
    _log.warning(
        "row_pending",
        extra={
            "row_id": row.row_id,
            "batch_id": batch.batch_id,
            "entity_type": row.entity_type,
            "entity_key": row.entity_key,
            "step": result.step,
            "reason_code": reason.value,
            "error_class": error_class(result.cause or reason).value,
            "http_status": result.http_status,
            "tracking_id": result.tracking_id,
            "cause": result.message,
        },
    )
