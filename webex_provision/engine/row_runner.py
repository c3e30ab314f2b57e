"""Drives one row through its declared steps and says how it ended."""

import asyncio
import logging
import os
from collections.abc import Sequence
from dataclasses import replace

from structlog.contextvars import bind_contextvars

from webex_provision.actions.declaration import (
    Attach,
    Check,
    EntityType,
    Failure,
    Lookup,
    LookupMany,
    Options,
    References,
    RowContext,
    Step,
    Wait,
    Write,
)
from webex_provision.actions.row import Row
from webex_provision.clock import Clock
from webex_provision.config import Settings, reserved_variable
from webex_provision.engine.attachments import Attachments
from webex_provision.engine.error_handling import NO_ANSWER, failure_of_call
from webex_provision.engine.errors import StopRun
from webex_provision.engine.intents import Intents
from webex_provision.engine.joint_call import JointCall
from webex_provision.engine.lookups import Finder
from webex_provision.engine.parties import together_of
from webex_provision.engine.progress import Progress, RowResult, pending, success
from webex_provision.engine.remote_lists import RemoteLists
from webex_provision.engine.run_control import RunControl
from webex_provision.engine.waits import Waiter
from webex_provision.engine.writes import Writer
from webex_provision.ledger.errors import LedgerError
from webex_provision.vocabulary import Reason
from webex_provision.webex.hiding import SHORTEST_IN_ANSWERS

_log = logging.getLogger(__name__)
_GONE = 404
_ROUNDS = 2
_CALL_REFUSED = "GET /people/me does not refuse the token, so it was this call alone: retry with the same token"
_GONE_WAIT = 2.0  # seconds; whether a location can be used the moment its calling is enabled is not recorded


class RowRunner:
    """Runs rows against one tenant; one instance a run, rows run concurrently."""

    def __init__(
        self,
        control: RunControl,
        intents: Intents,
        references: References,
        attachments: Attachments,
        settings: Settings,
        clock: Clock,
    ) -> None:
        lists = RemoteLists(control)
        self._control = control
        self._intents = intents
        self._settings = settings
        self._finder = Finder(control, lists)
        self._writer = Writer(control, self._finder, lists, intents, settings, clock)
        self._waiter = Waiter(control, self._finder, settings)
        self._references = references
        self._attachments = attachments
        self._options = Options(
            allow_people_put=settings.allow_people_put,
            verify_writes=settings.verify_writes,
            allow_number_removal=settings.allow_number_removal,
            secret=self._secret,
            holds_token=self._holds_token,
        )

    def _secret(self, variable: str) -> str | None:
        """The value of an environment variable; from now on no answer of Webex that repeats it is passed on.

        None also where it is a token under another name: none goes into a body.
        """
        if (value := os.environ.get(variable)) is None:
            return None
        if reserved_variable(variable) or self._holds_token(variable):
            return None
        self._control.client.hiding.hide(value)
        return value

    def _holds_token(self, variable: str) -> bool:
        """Whether it is a token, or has one within: of a rehearsal's short one, any word might hold the letters."""
        value = os.environ.get(variable, "").strip()
        tokens = [token.get_secret_value().strip() for token in self._settings.all_tokens]
        return any(token == value or (len(token) >= SHORTEST_IN_ANSWERS and token in value) for token in tokens)

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

    def foretell(self, entity_type: EntityType, rows: Sequence[Row]) -> None:
        """Tells the lists which keys these rows will confirm, where Webex can be asked about many at once.

        A row that an earlier process may have sent something for is left out: it asks for its own key.
        """
        checks = [step.bulk for step in entity_type.steps if isinstance(step, Lookup) and step.bulk is not None]
        for check in checks:
            asking = [row for row in rows if not row.pending_reason and not self._intents.open_intents(row.row_id)]
            keys = [check.key(self.context(row)) for row in asking]
            self._finder.foretell(check, [key for key in keys if key is not None])

    async def run_party(self, entity_type: EntityType, rows: Sequence[Row]) -> list[RowResult | BaseException]:
        """The state of each row of a party, or what `run` raised about it."""
        together = together_of(entity_type)
        joint = JointCall(together, [row.row_id for row in rows]) if together is not None and len(rows) > 1 else None

        async def one(row: Row) -> RowResult:
            bind_contextvars(row_id=row.row_id)  # in this row's own task: what the client logs on its way says so, too
            try:
                return await self.run(entity_type, row, joint)
            finally:
                if joint is not None:
                    joint.passes(row.row_id)

        return await asyncio.gather(*(one(row) for row in rows), return_exceptions=True)

    async def run(self, entity_type: EntityType, row: Row, joint: JointCall | None = None) -> RowResult:
        """The row's terminal state. Raises StopRun when the run ends before the row has one, LedgerError."""
        progress = Progress(entity_type, self.context(row), joint=joint)
        if row.pending_reason:
            progress.step = "intake"
            return pending(progress, Failure(Reason(row.pending_reason), row.pending_message))
        try:
            if self._intents.open_intents(row.row_id):
                # An earlier process sent something whose answer nobody read: look it up past the lag of lists.
                await self._control.wait(self._settings.list_lag_seconds)
            failure = await self._steps(progress)
        except (StopRun, LedgerError):
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
            # What memory knew is gone (or a moment old), nothing was changed yet: once more, asking for every key.
            await self._control.wait(_GONE_WAIT)
            progress.fresh = True
            progress.ctx.found.clear()
        return failure

    async def _once_through(self, progress: Progress) -> Failure | None:
        for step in progress.entity_type.steps:
            progress.step = step.name
            try:
                failure = await self._step(step, progress)
            except NO_ANSWER as error:
                failure = failure_of_call(error, () if isinstance(step, Attach | Check | LookupMany) else step.failures)
            if failure is not None:
                return failure
        return None

    async def _step(self, step: Step, progress: Progress) -> Failure | None:
        if isinstance(step, Check):
            return step.verdict(progress.ctx)
        if isinstance(step, Attach):
            return await self._attachments.attach(step, progress)
        if isinstance(step, Write):
            return await self._writer.write(step, progress)
        if isinstance(step, Wait):
            return await self._waiter.wait(step, progress)
        return await self._finder.look(step, progress)

    async def _authenticated(self, failure: Failure | None) -> Failure | None:
        """A 401 is confirmed by one GET /people/me; confirmed, the run stops and this row keeps its record."""
        if failure is None or failure.reason is not Reason.AUTH_INVALID or await self._control.token_is_dead():
            return failure
        return replace(failure, message=f"{failure.message}; {_CALL_REFUSED}")


def _unhandled(error: Exception, row: Row, step: str) -> Failure:
    """A fault of this program costs its row, never the run."""
    _log.critical("invariant_failed", extra={"row_id": row.row_id, "step": step}, exc_info=error)
    return Failure(Reason.UNHANDLED_EXCEPTION, f"{type(error).__name__} in step {step}: {error}")
