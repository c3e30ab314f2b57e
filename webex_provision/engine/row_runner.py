"""Drives one row through its declared steps and says how it ended."""

import logging
import os

from webex_provision.actions.declaration import (
    Check,
    EntityType,
    Failure,
    Options,
    References,
    RowContext,
    Step,
    Wait,
    Write,
)
from webex_provision.actions.row import Row
from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.engine.error_handling import NO_ANSWER, failure_of_call
from webex_provision.engine.errors import StopRun
from webex_provision.engine.intents import Intents
from webex_provision.engine.lookups import Finder
from webex_provision.engine.progress import Progress, RowResult, pending, success
from webex_provision.engine.remote_lists import RemoteLists
from webex_provision.engine.run_control import RunControl
from webex_provision.engine.waits import Waiter
from webex_provision.engine.writes import Writer
from webex_provision.vocabulary import Reason

_log = logging.getLogger(__name__)
_GONE = 404
_ROUNDS = 2


class RowRunner:
    """Runs rows against one tenant; one instance a run, rows run concurrently."""

    def __init__(
        self, control: RunControl, intents: Intents, references: References, settings: Settings, clock: Clock
    ) -> None:
        lists = RemoteLists(control)
        self._control = control
        self._intents = intents
        self._settings = settings
        self._finder = Finder(control, lists)
        self._writer = Writer(control, self._finder, lists, intents, settings, clock)
        self._waiter = Waiter(control, self._finder, settings)
        self._references = references
        self._options = Options(
            allow_people_put=settings.allow_people_put,
            verify_writes=settings.verify_writes,
            allow_number_removal=settings.allow_number_removal,
            secret=self._secret,
        )

    def _secret(self, variable: str) -> str | None:
        """The value of an environment variable; from now on no answer of Webex that repeats it is passed on."""
        value = os.environ.get(variable)
        if value:
            self._control.client.hide(value)
        return value

    def context(self, row: Row) -> RowContext:
        """What the declarations' pure functions see of a row before its first step."""
        return RowContext(row, self._references, self._options)

    def touches(self, entity_type: EntityType, row: Row) -> list[str] | RowResult:
        """The remote entities that a row writes (none when it is not executed); a result when they can't be told."""
        if row.pending_reason:
            return []
        try:
            return list(entity_type.touches(self.context(row)))
        except Exception as error:
            return pending(Progress(entity_type, self.context(row), step="touches"), _unhandled(error, row, "touches"))

    async def run(self, entity_type: EntityType, row: Row) -> RowResult:
        """The row's terminal state. Raises StopRun when the run ends before the row has one."""
        progress = Progress(entity_type, self.context(row))
        if row.pending_reason:
            progress.step = "intake"
            return pending(progress, Failure(Reason(row.pending_reason), row.pending_message))
        try:
            if self._intents.open_intents(row.row_id):
                # An earlier process sent something whose answer nobody read: look it up past the lag of lists.
                await self._control.wait(self._settings.list_lag_seconds)
            failure = await self._steps(progress)
        except StopRun:
            raise
        except Exception as error:
            failure = _unhandled(error, row, progress.step)
        if failure is None:
            return success(progress)
        if self._settings.enable_safe_compensation and progress.ctx.created:
            undone, note = await self._writer.undo(progress)
            return pending(progress, failure, note=note, undone=undone)
        return pending(progress, failure)

    async def _steps(self, progress: Progress) -> Failure | None:
        for _ in range(_ROUNDS):
            failure = await self._once_through(progress)
            if failure is None or failure.http_status != _GONE or progress.ctx.applied or progress.fresh:
                return await self._authenticated(failure)
            # What memory knew is gone and nothing was changed yet: once more, asking the tenant for every key.
            progress.fresh = True
            progress.ctx.found.clear()
        return failure

    async def _once_through(self, progress: Progress) -> Failure | None:
        for step in progress.entity_type.steps:
            progress.step = step.name
            try:
                failure = await self._step(step, progress)
            except NO_ANSWER as error:
                failure = failure_of_call(error)
            if failure is not None:
                return failure
        return None

    async def _step(self, step: Step, progress: Progress) -> Failure | None:
        if isinstance(step, Check):
            return step.verdict(progress.ctx)
        if isinstance(step, Write):
            return await self._writer.write(step, progress)
        if isinstance(step, Wait):
            return await self._waiter.wait(step, progress)
        return await self._finder.look(step, progress)

    async def _authenticated(self, failure: Failure | None) -> Failure | None:
        """A 401 is confirmed by one GET /people/me; confirmed, the run stops and this row keeps its record."""
        if failure is not None and failure.reason is Reason.AUTH_INVALID:
            await self._control.token_is_dead()
        return failure


def _unhandled(error: Exception, row: Row, step: str) -> Failure:
    """A fault of this program costs its row, never the run."""
    _log.critical("invariant_failed", extra={"row_id": row.row_id, "step": step}, exc_info=error)
    return Failure(Reason.UNHANDLED_EXCEPTION, f"{type(error).__name__} in step {step}: {error}")
