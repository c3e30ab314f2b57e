"""A wait for what Webex does by itself: it ends with success, at its bound, or with the run; never otherwise."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import polars as pl
import pytest

from webex_provision.actions.declaration import EntityType, Failure, FailureRule, References, RowContext, Wait
from webex_provision.actions.row import Row
from webex_provision.engine.errors import StopRun
from webex_provision.engine.lookups import Finder
from webex_provision.engine.progress import Progress
from webex_provision.engine.remote_lists import RemoteLists
from webex_provision.engine.run_control import RunControl
from webex_provision.engine.waits import Waiter
from webex_provision.vocabulary import Phase, Reason, RunState
from webex_provision.webex.connection_client import WebexClient
from webex_provision.wire import Endpoint
from webex_provision_tests.virtual_clock import VirtualClock
from webex_provision_tests.webex.tenant_double import Script, settings

JOB = Endpoint("GET", "/telephony/config/jobs/1", "spark-admin:telephony_config_read")
BUSY = httpx.Response(200, json={"status": "BUSY"})
DONE = httpx.Response(200, json={"status": "DONE"})
EVERY, BOUND = 5.0, 60.0
WAIT = Wait(
    name="job_wait",
    endpoint=JOB,
    request=lambda _: JOB.at(),
    save="job",
    done=lambda ctx: ctx.found["job"]["status"] == "DONE",
    overdue=lambda _: Failure(Reason.RETRY_EXHAUSTED, "overdue"),
    every=EVERY,
    failures=(FailureRule(status=404, reason=Reason.PRECONDITION_MISSING),),
)
NOTHING = Wait(
    name="job_wait",
    endpoint=JOB,
    request=lambda _: None,
    save="job",
    done=lambda _: False,
    overdue=lambda _: Failure(Reason.RETRY_EXHAUSTED, "overdue"),
)
STOP = StopRun(RunState.INTERRUPTED, "asked to stop")


class Waiting:
    """A row that waits, on a clock whose hours pass at once; `job` is what the wait has saved."""

    def __init__(self, *replies: httpx.Response, step: Wait = WAIT) -> None:
        self.clock = VirtualClock()
        self.script = Script(self.clock, replies)
        self._step = step
        self.job: Any = None

    def run(self, meanwhile: Callable[[RunControl, VirtualClock], Any] | None = None) -> Failure | None:
        """What the wait says; `meanwhile` makes what goes on beside it."""
        return asyncio.run(self._run(meanwhile))

    async def _run(self, meanwhile: Callable[[RunControl, VirtualClock], Any] | None) -> Failure | None:
        chosen = settings(job_wait_seconds=BOUND, max_retries=0)
        async with WebexClient(chosen, self.clock, transport=httpx.MockTransport(self.script)) as client:
            control = RunControl(client, chosen, self.clock)
            waiter = Waiter(control, Finder(control, RemoteLists(control)), chosen)
            beside = asyncio.ensure_future(meanwhile(control, self.clock)) if meanwhile else None
            progress = _progress()
            try:
                return await waiter.wait(self._step, progress)
            finally:
                self.job = progress.ctx.found.get("job")
                if beside is not None:
                    await beside


def _progress() -> Progress:
    entity_type = EntityType(
        name="job",
        phase=Phase.ROUTING,
        rank=1,
        title="A job.",
        columns=(),
        entity_key=pl.lit("key"),
        steps=(WAIT,),
        touches=lambda _: (),
    )
    return Progress(entity_type, RowContext(Row("1", 1, 1, "job", "key", {}), References()))


def test_what_is_done_at_the_first_look_costs_one_call_and_no_time() -> None:
    waiting = Waiting(DONE)
    assert waiting.run() is None
    assert waiting.script.times == [0]
    assert waiting.job == {"status": "DONE"}


def test_what_takes_a_while_is_not_looked_at_before() -> None:
    waiting = Waiting(DONE, step=replace(WAIT, first=4.0))
    assert waiting.run() is None
    assert (waiting.clock.elapsed, len(waiting.script.requests)) == (4.0, 1)


def test_it_looks_again_after_each_pause_until_it_is_done() -> None:
    waiting = Waiting(BUSY, BUSY, DONE)
    assert waiting.run() is None
    assert waiting.script.times == [0, EVERY, 2 * EVERY]


def test_its_bound_ends_it_with_the_reason_that_the_step_declares() -> None:
    """The last look is at the bound itself; the row is pending and nothing hangs."""
    waiting = Waiting(BUSY)
    assert waiting.run() == Failure(Reason.RETRY_EXHAUSTED, "overdue")
    assert waiting.script.times == [number * EVERY for number in range(int(BOUND / EVERY) + 1)]


def test_where_there_is_nothing_to_wait_for_no_call_is_made() -> None:
    waiting = Waiting(BUSY, step=NOTHING)
    assert waiting.run() is None
    assert waiting.script.requests == []


def test_a_refused_look_ends_it_with_the_reason_of_its_answer() -> None:
    waiting = Waiting(BUSY, httpx.Response(404))
    failure = waiting.run()
    assert failure is not None
    assert (failure.reason, failure.http_status) == (Reason.PRECONDITION_MISSING, 404)
    assert len(waiting.script.requests) == 2


def test_a_run_that_is_to_stop_ends_it_in_the_middle_of_a_pause() -> None:
    async def stop(control: RunControl, clock: VirtualClock) -> None:
        await clock.sleep(1.5 * EVERY)
        control.stop(STOP)

    waiting = Waiting(BUSY)
    with pytest.raises(StopRun) as stopped:
        waiting.run(stop)
    assert stopped.value is STOP
    assert waiting.script.times == [0, EVERY]
    assert waiting.clock.elapsed == 1.5 * EVERY
