"""Runs the steps that change the tenant, so that nothing is created twice and nothing counts without proof.

A write that is not safe to repeat leaves an intent line before it is sent. When its answer is lost (or an earlier
process left an intent open), the tenant is asked again, past the time that its lists may lag; only then is it sent
once more, and only where the service itself refuses a second object of the same key.
"""

import logging
import math
from collections.abc import Sequence
from functools import partial

from webex_provision.actions.declaration import (
    EntityType,
    Failure,
    Lookup,
    LookupMany,
    Read,
    Repeat,
    SecondLook,
    Write,
)
from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.engine.error_handling import NO_ANSWER, failure_of, matches, objection
from webex_provision.engine.errors import StopRun
from webex_provision.engine.intents import Intents
from webex_provision.engine.items import about, call_name, items_of
from webex_provision.engine.joint_call import BeforeSend
from webex_provision.engine.lookups import Finder
from webex_provision.engine.progress import Progress
from webex_provision.engine.remote_lists import RemoteLists
from webex_provision.engine.run_control import RunControl
from webex_provision.vocabulary import Reason
from webex_provision.webex.errors import AnswerLost, CallFailed
from webex_provision.wire import Answer, ApiRequest

_log = logging.getLogger(__name__)
_SETTLING_WAITS = (2.0, 4.0, 8.0, 16.0, 30.0)  # seconds; a new licence settles within about a minute
_NEW_OBJECT_WAIT = 2.0  # seconds; an object made a moment ago may answer 404 once
_LATE_LOOK_WAIT = 10.0  # seconds
_LOOK_AGAIN_WAITS = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0)  # seconds, repeated up to LIST_LAG_SECONDS
_MOST_LOOKS = 1_000  # far beyond any LIST_LAG_SECONDS
_NOT_A_REFUSAL = frozenset({401, 403, 429})


class Writer:
    """Runs Write steps. A Failure stops the row; success is noted in the row's context."""

    def __init__(
        self,
        control: RunControl,
        finder: Finder,
        lists: RemoteLists,
        intents: Intents,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._control = control
        self._finder = finder
        self._lists = lists
        self._intents = intents
        self._settings = settings
        self._clock = clock

    async def write(self, step: Write, progress: Progress) -> Failure | None:
        """Brings the tenant to what the step wants, at most once; item by item where it has many."""
        for item in items_of(step, progress.ctx):
            with about(progress.ctx, item):
                if item and step.second_look is not None:
                    progress.ctx.found.pop(step.second_look.read.save, None)  # each item has a second look of its own
                failure = await self._write(step, progress)
            if failure is not None:
                return failure
        return None

    async def _write(self, step: Write, progress: Progress) -> Failure | None:
        request = step.request(progress.ctx)
        sent_before = self._sent_before(step, progress)
        if request is not None and not step.refuses_twins and sent_before:
            return self._unknown(step, progress, "an earlier run may have sent it")
        for _ in range(self._settings.max_retries + 1):
            if request is None:
                return None
            try:
                failure = await self._send_once(step, progress, request)
                return await self._unless_it_shows(step, progress, failure) if sent_before else failure
            except AnswerLost as lost:
                sent_before = True
                progress.http_status = lost.status
                failure, request = await self._after_lost_answer(step, progress, str(lost))
            if failure is not None or request is None:
                return failure
        name = call_name(step, progress.ctx)
        return Failure(Reason.RETRY_EXHAUSTED, f"the answer to {name} was lost again and again; not sent again")

    async def _send_once(self, step: Write, progress: Progress, request: ApiRequest) -> Failure | None:
        repeatable = step.repeat is Repeat.SAFE
        # Noted as late as can be: a killed run leaves no doubt about what still waited for its turn.
        name = call_name(step, progress.ctx)
        intend = partial(self._intents.intend, progress.ctx.row.row_id, name)
        before_send = None if repeatable else intend
        send = partial(self._send, repeatable=repeatable)
        if step.together is None or progress.joint is None:
            answer, shared = await send(request, before_send), False
        else:
            answer, shared = await progress.joint.send(progress.ctx.row.row_id, request, before_send, send)
        progress.answered.add(name)
        if shared and not answer.ok and answer.status not in _NOT_A_REFUSAL:
            return await self._for_itself(step, progress, request)
        answer = await self._once_settled(step, progress, request, answer)
        progress.http_status = answer.status
        if answer.ok:
            return await self._accepted(step, progress, request, answer)
        return await self._refused(step, progress, answer)

    async def _send(self, request: ApiRequest, before_send: BeforeSend, *, repeatable: bool) -> Answer:
        return await self._control.send(request, repeatable=repeatable, before_send=before_send)

    async def _for_itself(self, step: Write, progress: Progress, request: ApiRequest) -> Failure | None:
        """After a refusal of a call that several rows shared: whose fault it was, and what it did all the same."""
        rest: ApiRequest | None = request
        if step.recheck:
            failure, rest = await self._look_afresh(step, progress)
            if failure is not None:
                return failure
        if rest is not None:
            return await self._send_once(step, progress, rest)
        progress.ctx.applied.append(step.name)
        return None

    async def _once_settled(self, step: Write, progress: Progress, request: ApiRequest, answer: Answer) -> Answer:
        """Refusals that pass by themselves: a licence that settles, an object that is a moment old."""
        repeatable = step.repeat is Repeat.SAFE
        if step.settles_after in progress.ctx.applied:
            for wait in _SETTLING_WAITS:
                if not set(step.unsettled) & set(answer.error.codes):
                    return answer
                await self._clock.sleep(wait)
                answer = await self._control.send(request, repeatable=repeatable)
        if answer.status == 404 and progress.ctx.created and not progress.waited_for_new:
            progress.waited_for_new = True
            await self._clock.sleep(_NEW_OBJECT_WAIT)
            answer = await self._control.send(request, repeatable=repeatable)
        return answer

    async def _accepted(self, step: Write, progress: Progress, request: ApiRequest, answer: Answer) -> Failure | None:
        ctx = progress.ctx
        failure = objection(step.expect, ctx, answer)
        if failure is not None:
            return failure
        self._taken_in(step, progress, answer)
        if step.reads_back and ctx.options.verify_writes:
            return await self._read_back(step, request)
        return None

    def _taken_in(self, step: Write, progress: Progress, answer: Answer) -> None:
        """What is known now that the write has changed the tenant."""
        ctx = progress.ctx
        if step.save and (answer.json is not None or step.save not in ctx.found):
            ctx.found[step.save] = answer.json
        ctx.applied.append(step.name)
        if step.creates:
            ctx.created.append(step.name)
        for learned in step.learns(ctx, answer) if step.learns else ():
            self._lists.learn(learned)

    async def _refused(self, step: Write, progress: Progress, answer: Answer) -> Failure | None:
        if answer.status == 401:
            return failure_of(answer, step.failures)
        if step.recheck and answer.status not in _NOT_A_REFUSAL:
            # Which status and code a taken name gives is not recorded: look once more before believing the refusal.
            failure, request = await self._look_afresh(step, progress)
            if failure is None and request is None:
                return None
        if step.second_look is not None:
            return await self._second_look(step, step.second_look, progress, answer)
        return await self._finder.explain(step.why, progress, answer) or failure_of(answer, step.failures)

    async def _unless_it_shows(self, step: Write, progress: Progress, failure: Failure | None) -> Failure | None:
        """A second one was refused, and the first one may show minutes later: looked for, JOB_WAIT_SECONDS at most."""
        if not step.shows_late or failure is None or failure.reason is not Reason.NON_RETRYABLE_EXTERNAL:
            return failure
        for _ in range(math.ceil(self._settings.job_wait_seconds / _LATE_LOOK_WAIT)):
            await self._control.wait(_LATE_LOOK_WAIT)
            unseen, request = await self._look_afresh(step, progress)
            if unseen is None and request is None:
                progress.ctx.applied.append(step.name)
                return None
        return failure

    async def _second_look(self, step: Write, second: SecondLook, progress: Progress, answer: Answer) -> Failure | None:
        failure = failure_of(answer, step.failures)
        insisting = any(matches(rule, answer) for rule in second.insist)
        if insisting and progress.ctx.found.get(second.read.save) is not None:
            return failure  # it was completed already, and refused all the same
        if not insisting and second.changed is None:
            return failure
        unread = await self._finder.look(second.read, progress)
        if unread is not None:
            return failure
        if insisting:
            request = step.request(progress.ctx)
            return None if request is None else await self._send_once(step, progress, request)
        if second.changed is not None and second.changed(progress.ctx):
            progress.ctx.applied.append(f"{step.name} (in part)")
        return failure

    async def _after_lost_answer(
        self, step: Write, progress: Progress, cause: str
    ) -> tuple[Failure | None, ApiRequest | None]:
        """Asks past the lag of lists whether a lost write was applied; no request means that it was."""
        _log.warning("answer_lost", extra={"row_id": progress.ctx.row.row_id, "step": step.name, "cause": cause})
        started = self._clock.monotonic()
        request: ApiRequest | None = None
        for turn in range(_MOST_LOOKS):
            waited = self._clock.monotonic() - started
            failure, request = await self._look_afresh(step, progress)
            if failure is not None:
                return failure, None
            if request is None:
                progress.ctx.applied.append(step.name)
                return None, None
            if waited > self._settings.list_lag_seconds:
                break
            await self._clock.sleep(_LOOK_AGAIN_WAITS[min(turn, len(_LOOK_AGAIN_WAITS) - 1)])
        if step.refuses_twins:
            return None, request
        return self._unknown(step, progress, cause), None

    def _sent_before(self, step: Write, progress: Progress) -> bool:
        """Whether an earlier process may have sent this; the row's look-ups began past the lag then, see RowRunner."""
        name = call_name(step, progress.ctx)
        if step.repeat is Repeat.SAFE or name in progress.answered:
            return False
        return name in self._intents.open_intents(progress.ctx.row.row_id)

    def _unknown(self, step: Write, progress: Progress, cause: str) -> Failure:
        return Failure(
            Reason.RETRY_EXHAUSTED,
            f"it is unknown whether {call_name(step, progress.ctx)} was applied ({cause}), it does not show after "
            f"{self._settings.list_lag_seconds:g} s, and Webex would not refuse a second one; "
            "check in Control Hub, then retry",
        )

    async def _look_afresh(self, step: Write, progress: Progress) -> tuple[Failure | None, ApiRequest | None]:
        """Repeats the step's look-up against the tenant, and builds its request again from what was found."""
        lookup = _step_named(progress.entity_type, step.recheck)
        remembered, progress.fresh = progress.fresh, True
        try:
            failure = await self._finder.look(lookup, progress)
        finally:
            progress.fresh = remembered
        return failure, None if failure is not None else step.request(progress.ctx)

    async def _read_back(self, step: Write, request: ApiRequest) -> Failure | None:
        """VERIFY_WRITES: the API answers 204 to keys that it does not know and ignores them."""
        answer = await self._control.send(ApiRequest("GET", request.path))
        if not answer.ok or not isinstance(answer.json, dict):
            return failure_of(answer) if not answer.ok else None
        held = step.as_sent(answer.json, request.json) if step.as_sent else answer.json
        lost = [name for name, value in request.json.items() if not _contains(held.get(name), value)]
        if not lost:
            return None
        names = ", ".join(lost)
        return Failure(
            Reason.INVALID_RESPONSE_SCHEMA,
            f"Webex accepted the setting, but reads back otherwise: {names}",
            answer.status,
            answer.tracking_id,
        )

    async def undo(self, progress: Progress) -> tuple[bool, str]:
        """Deletes what this row has created, where that is safe; (everything undone, note for the message)."""
        notes, undone = [], True
        for step in _creators(progress.entity_type, progress.ctx.created):
            if step.compensate is None:
                undone = False
                continue
            try:
                answer = await self._control.send(step.compensate(progress.ctx))
            except (CallFailed, StopRun) as error:
                undone = False
                notes.append(f"taking {step.name} back failed: {error}")
                continue
            gone = answer.status in (200, 204, 404)
            undone = undone and gone
            notes.append(f"{step.name} taken back" if gone else f"taking {step.name} back failed: {answer.status}")
            if gone:
                await self._look_afresh_quietly(step, progress)
        return undone and bool(notes), "; ".join(notes)

    async def _look_afresh_quietly(self, step: Write, progress: Progress) -> None:
        """Lets the lists forget an object that was taken back."""
        lookup = _step_named(progress.entity_type, step.recheck)
        progress.fresh = True
        try:
            await self._finder.look(lookup, progress)
        except (*NO_ANSWER, StopRun) as error:
            _log.warning("look_after_compensation_failed", extra={"cause": str(error)})


def _creators(entity_type: EntityType, created: Sequence[str]) -> list[Write]:
    return [step for step in entity_type.steps if isinstance(step, Write) and step.name in created and step.creates]


def _step_named(entity_type: EntityType, name: str) -> Lookup | LookupMany | Read:
    """The looking step of this name; a declaration that names none is a mistake that its test finds."""
    return next(
        step for step in entity_type.steps if isinstance(step, Lookup | LookupMany | Read) and step.name == name
    )


def _contains(held: object, wanted: object) -> bool:
    """Whether everything that was sent stands in what is read back; more may stand there."""
    if isinstance(wanted, dict) and isinstance(held, dict):
        return all(_contains(held.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(held, list):
        return all(any(_contains(one, value) for one in held) for value in wanted)
    return held == wanted
