"""The clock that tests rely on: time moves only when all tasks wait, and in order."""

import asyncio

from webex_provision_tests.virtual_clock import EPOCH, VirtualClock


def test_sleepers_wake_in_order_of_their_time_and_an_hour_passes_at_once() -> None:
    clock = VirtualClock()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic()))

    async def scenario() -> None:
        await asyncio.gather(sleeper("hour", 3_600), sleeper("second", 1), sleeper("now", 0))

    asyncio.run(scenario())
    assert woken == [("now", 0.0), ("second", 1.0), ("hour", 3_600.0)]
    assert (clock.now() - EPOCH).total_seconds() == 3_600


def test_time_stands_still_while_a_task_has_something_to_do() -> None:
    clock = VirtualClock()

    async def busy() -> float:
        for _ in range(500):
            await asyncio.sleep(0)
        return clock.monotonic()

    async def scenario() -> float:
        sleeper = asyncio.ensure_future(clock.sleep(10))
        seen = await busy()
        await sleeper
        return seen

    assert asyncio.run(scenario()) == 0.0
    assert clock.elapsed == 10


def test_a_cancelled_sleeper_does_not_move_time() -> None:
    clock = VirtualClock()

    async def scenario() -> None:
        long = asyncio.ensure_future(clock.sleep(1_000))
        await asyncio.sleep(0)
        long.cancel()
        await clock.sleep(5)

    asyncio.run(scenario())
    assert clock.elapsed == 5


def test_one_clock_serves_several_event_loops_in_turn() -> None:
    clock = VirtualClock()
    asyncio.run(clock.sleep(2))
    asyncio.run(clock.sleep(3))
    assert clock.elapsed == 5
