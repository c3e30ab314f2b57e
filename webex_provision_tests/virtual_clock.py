"""A clock whose hours pass at once: time moves only when no task has anything left to do."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta

from webex_provision.clock import Clock

EPOCH = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


class VirtualClock(Clock):
    """Sleepers wake in order of their time, and only when the event loop is idle; `slept` sums what was asked for.

    For tests whose other end lives in the same event loop (a scripted transport, an ASGI application). With
    real sockets, time would run ahead of the answers: use the real clock there.
    """

    def __init__(self, seed: int = 0, start: datetime = EPOCH) -> None:
        super().__init__(seed)
        self.elapsed = 0.0
        self.slept = 0.0
        self._start = start
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._ticking = False

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    def advance(self, seconds: float) -> None:
        """Let time pass without anybody sleeping."""
        self.elapsed += seconds

    async def sleep(self, seconds: float) -> None:
        self.slept += max(seconds, 0.0)
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._sleepers, self._ticking = loop, [], False
        wake = loop.create_future()
        heapq.heappush(self._sleepers, (self.elapsed + seconds, next(self._order), wake))
        self._keep_ticking()
        await wake

    def _keep_ticking(self) -> None:
        if self._loop is not None and not self._ticking and self._sleepers:
            self._ticking = True
            self._loop.call_soon(self._tick)

    def _tick(self) -> None:
        self._ticking = False
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)
        # An event loop has no public word for "idle": its queue of callbacks that are ready to run.
        if self._sleepers and not self._loop._ready:  # type: ignore[union-attr]
            wake_at, _, wake = heapq.heappop(self._sleepers)
            self.elapsed = max(self.elapsed, wake_at)
            wake.set_result(None)
        self._keep_ticking()
