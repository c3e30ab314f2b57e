"""Time and chance, handed in wherever they are used, so that a test decides both."""

import asyncio
import random
import time
from datetime import UTC, datetime


class Clock:
    """The real clock. A test hands in a subclass whose hours pass at once.

    `monotonic` and `sleep` are seconds; `now` is UTC; `random` is the one source of jitter.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.random = random.Random(seed)  # noqa: S311 - jitter, not cryptography

    def now(self) -> datetime:
        """The wall clock, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds`; zero lets other tasks run."""
        await asyncio.sleep(seconds)

    def timestamp(self) -> str:
        """The wall clock as ledgers write it: ISO 8601, milliseconds, Z."""
        return self.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
