"""intents.jsonl: requests that are not safe to repeat, noted durably before they are sent.

After a crash an open intent says that the tenant may have been changed by a request whose answer nobody read.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from webex_provision.clock import Clock
from webex_provision.ledger.errors import CorruptLedger
from webex_provision.ledger.files import AppendFile, atomic_file
from webex_provision.ledger.records import Record, cell, read_lines
from webex_provision.ledger.states import LastState


class Intent(NamedTuple):
    """One request about to be sent: its row (as ledgers write it), attempt, step, and when (ISO 8601)."""

    row_id: str
    attempt: int
    step: str
    time: str

    def line(self) -> bytes:
        """Its one line of the file."""
        return json.dumps(self._asdict(), separators=(",", ":")).encode("ascii") + b"\n"


def _intent_of(path: Path, record: Record) -> Intent:
    try:
        content = json.loads(record.fields[0])
        intent = Intent(**content)
    except (ValueError, TypeError, RecursionError) as error:
        raise CorruptLedger(path, record.number, f"not an intent ({error})", record.offset) from error
    texts = all(isinstance(part, str) for part in (intent.row_id, intent.step, intent.time))
    if not texts or not isinstance(intent.attempt, int):
        raise CorruptLedger(path, record.number, "an intent's field has the wrong type", record.offset)
    return intent


def read_intents(path: Path) -> list[Intent]:
    """All intents of the file, in order; none when it is missing. Raises CorruptLedger."""
    return [_intent_of(path, record) for record in read_lines(path)] if path.exists() else []


def still_open(intents: Iterable[Intent], states: Mapping[str, LastState]) -> list[Intent]:
    """Those whose row has no commit with the intent's attempt or a later one."""
    return [i for i in intents if i.row_id not in states or states[i.row_id].attempt < i.attempt]


class IntentLog:
    """Appends intents; concurrent callers share an fsync. One event loop at a time."""

    def __init__(self, path: Path, known: list[Intent], states: Mapping[str, LastState], clock: Clock) -> None:
        """Take over `known` (see `read_intents`); closed ones leave the file, atomically."""
        kept = still_open(known, states)
        if len(kept) < len(known):
            with atomic_file(path) as handle:
                handle.writelines(intent.line() for intent in kept)
        self._file = AppendFile(path)
        self._clock = clock
        self._by_row: dict[str, list[Intent]] = {}
        for intent in kept:
            self._by_row.setdefault(intent.row_id, []).append(intent)
        self._written = 0
        self._durable = 0
        self._round: asyncio.Task[None] | None = None

    async def intend(self, row_id: str, attempt: int, step: str) -> None:
        """Note the intent; returns once it would survive a power cut. Raises OutputNotWritable."""
        intent = Intent(cell(row_id), attempt, step, self._clock.timestamp())
        self._file.append(intent.line())
        self._by_row.setdefault(intent.row_id, []).append(intent)
        self._written += 1
        mine = self._written
        while self._durable < mine:  # two rounds at most: the one under way may have begun before this intent
            if self._round is None:
                self._round = asyncio.create_task(self._sync_round())
                self._round.add_done_callback(_look_at)
            await asyncio.shield(self._round)

    async def _sync_round(self) -> None:
        covered = self._written
        try:
            await asyncio.to_thread(self._file.sync)
            self._durable = covered
        finally:
            self._round = None

    def open_steps(self, row_id: str) -> set[str]:
        """Steps of the row whose intent no commit has closed."""
        return {intent.step for intent in self._by_row.get(cell(row_id), ())}

    def committed(self, row: str, attempt: int) -> None:
        """Close the intents of the row (as written) up to `attempt`."""
        left = [intent for intent in self._by_row.pop(row, []) if intent.attempt > attempt]
        if left:
            self._by_row[row] = left

    def close(self) -> None:
        """Sync and close the file."""
        self._file.close()


def _look_at(done: "asyncio.Task[None]") -> None:
    """Fetch a round's error, so that it isn't reported as lost when all who waited were cancelled."""
    if not done.cancelled():
        done.exception()
