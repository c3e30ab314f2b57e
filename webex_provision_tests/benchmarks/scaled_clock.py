"""A clock that runs `speed` times faster, the same in every process of this machine."""

import time
from datetime import UTC, datetime, timedelta

from webex_provision.clock import Clock

EPOCH = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


class ScaledClock(Clock):
    """Seconds of the tenant since `began`, a reading of time.monotonic(), which all processes share.

    Sandbox and contestants go by it, so that a Retry-After of 7 is 7 seconds of the tenant on both sides.
    """

    def __init__(self, speed: float, began: float, seed: int = 0) -> None:
        super().__init__(seed)
        self.speed, self._began = speed, began

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * self.speed

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.monotonic())

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / self.speed)
