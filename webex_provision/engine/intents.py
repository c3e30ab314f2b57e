"""What the engine needs of the ledger before a request that is not safe to repeat."""

from collections.abc import Set as AbstractSet
from typing import Protocol


class Intents(Protocol):
    """Intent lines: written and fsynced before the request leaves, open until the row is committed."""

    async def intend(self, row_id: str, step: str) -> None:
        """Returns when the line is on disk."""

    def open_intents(self, row_id: str) -> AbstractSet[str]:
        """The steps of a row whose outcome an earlier process did not record."""
