"""Reads the tenant back and holds it against the ledger: what every `success` row left must still be there.

By the rows' own look-ups, so by list pages shared by all rows; only what a list does not show is asked for singly.
Compared are: that the entity exists, its id, its location, and who holds the row's numbers and extension where.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import polars as pl

from webex_provision.actions.action_helpers import extension_key, number_key, owner_of, uuid_of
from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.actions.declaration import EntityType, Item, Kind, Lookup, RowContext
from webex_provision.actions.indexes import NUMBERS, ORG
from webex_provision.actions.row import Row
from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.engine.batch_iterator import batch_of
from webex_provision.engine.foresight import CannotTell, Found
from webex_provision.engine.lookups import Finder
from webex_provision.engine.progress import Progress
from webex_provision.engine.ready_rows import references, rows_of
from webex_provision.engine.remote_lists import RemoteLists
from webex_provision.engine.run_control import RunControl
from webex_provision.ledger.checkpoint import Checkpoint
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.manifest import read_document
from webex_provision.ledger.ready_rows import load_ready
from webex_provision.ledger.records import cell
from webex_provision.ledger.states import LastState, read_states
from webex_provision.vocabulary import Phase, RowStatus
from webex_provision.webex.lookups_only import LookupsOnlyClient
from webex_provision.webex.startup_checks import preflight

_LINE_KINDS = (Kind.EXTENSION, Kind.PHONE_NUMBER)


@dataclass(frozen=True)
class Difference:
    """One fact of one row that the tenant tells otherwise. `fact` is existence, id, location, or a column."""

    row_id: str
    entity_type: str
    entity_key: str
    fact: str
    expected: str
    found: str


@dataclass(frozen=True)
class Verification:
    """How the tenant compares: success rows looked at, what differs, calls made."""

    rows: int
    differences: tuple[Difference, ...]
    calls: int

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self) | {"passed": not self.differences}


def verify(folder: RollOutFolder, settings: Settings, clock: Clock, *, transport: Any = None) -> Verification:
    """A roll-out against its tenant, without a lock and without changing anything, once lists show its last write.

    Raises PreflightFailed, WebexError when a list can't be had, StopRun, CorruptLedger.
    """
    verifier = Verifier(load_ready(folder), read_states(folder), settings, clock, transport=transport)
    known = read_document(folder.checkpoint, Checkpoint)
    age = (clock.now() - datetime.fromisoformat(known.updated_at)).total_seconds() if known else math.inf
    return asyncio.run(verifier.verify(after=max(0.0, settings.list_lag_seconds - max(0.0, age))))


class Verifier:
    """Holds a roll-out's success rows against its tenant. `transport` replaces the network in tests."""

    def __init__(
        self,
        ready: pl.DataFrame,
        states: Mapping[str, LastState],
        settings: Settings,
        clock: Clock,
        *,
        transport: Any = None,
    ) -> None:
        self._ready, self._states = ready, states
        self._settings, self._clock, self._transport = settings, clock, transport
        self._references = references(ready)

    async def verify(self, *, after: float = 0) -> Verification:
        """Reads the lists when `after` seconds have passed. Raises as the function `verify` does."""
        async with LookupsOnlyClient(self._settings, self._clock, questions=(), transport=self._transport) as client:
            await preflight(client, self._settings)
            control = RunControl(client, self._settings, self._clock)
            await control.wait(after)
            self._lists = RemoteLists(control)
            self._finder = Finder(control, self._lists)
            done = list(self._done())
            differences = [difference for row, state in done async for difference in self._row(row, state)]
            return Verification(len(done), tuple(differences), client.stats.total.calls)

    def _done(self) -> Iterator[tuple[Row, LastState]]:
        for phase in Phase:
            whole = batch_of(phase, 1, self._ready.height)
            for row in rows_of(self._ready, phase, whole.first, whole.last):
                state = self._states.get(cell(row.row_id))
                if state is not None and state.status is RowStatus.SUCCESS:
                    yield row, state

    async def _row(self, row: Row, state: LastState) -> AsyncIterator[Difference]:
        entity_type = entity_types_by_name()[row.entity_type]
        progress = Progress(entity_type, RowContext(row, self._references, found=Found()))
        missing = await self._looked_up(progress)
        if missing:
            yield _difference(row, "existence", state.remote_id, missing)
        item = next(filter(None, map(progress.ctx.found.get, entity_type.result)), None)
        if missing or item is None:
            return  # what has no key to look it up by (an activation code) can't be compared
        if state.remote_id and uuid_of(str(item["id"])) != uuid_of(state.remote_id):
            yield _difference(row, "id", state.remote_id, str(item["id"]))
        place = progress.ctx.found.get("location")
        if place is None:
            return
        if item.get("locationId") and uuid_of(str(item["locationId"])) != uuid_of(str(place["id"])):
            yield _difference(row, "location", str(place["id"]), str(item["locationId"]))
        async for difference in self._lines(row, entity_type, item, place):
            yield difference

    async def _looked_up(self, progress: Progress) -> str:
        """Saves what the row's look-ups find; says what is missing, "" when nothing is."""
        ctx, wanted = progress.ctx, progress.entity_type.result
        absent = ""
        for step in progress.entity_type.steps:
            if not isinstance(step, Lookup):
                continue
            try:
                failure = await self._finder.look(step, progress)
            except CannotTell:
                continue  # its key comes from what only a run looks up
            if failure is not None:
                return failure.message
            key = step.key(ctx) if step.save in wanted and ctx.found[step.save] is None else None
            absent = absent or (f"no {key} among the {step.index.name}" if key else "")
        return "" if any(ctx.found.get(name) for name in wanted) else absent

    async def _lines(self, row: Row, entity_type: EntityType, item: Item, place: Item) -> AsyncIterator[Difference]:
        """The row's numbers and extension belong to its entity, in its location."""
        for claim in entity_type.claims:
            kind = entity_type.column(claim.column).kind
            if claim.pool or kind not in _LINE_KINDS:
                continue
            for value in row.items(claim.column):
                number = kind is Kind.PHONE_NUMBER
                key = number_key(value) if number else extension_key(str(place["id"]), value)
                entries = await self._lists.find(NUMBERS, ORG, key) or await self._lists.confirm(NUMBERS, ORG, key)
                holders = [owner_of(entry) for entry in entries]
                if uuid_of(str(item["id"])) not in holders:
                    told = next((str(entry["owner"]) for entry in entries if owner_of(entry)), "nobody's")
                    yield _difference(row, claim.column, value, told)
                elif not any(_is_in(entry, place) for entry in entries):
                    yield _difference(row, "location", f"{value} in {place['id']}", str(entries[0].get("location")))


def _is_in(entry: Item, place: Item) -> bool:
    return uuid_of(str((entry.get("location") or {}).get("id", ""))) == uuid_of(str(place["id"]))


def _difference(row: Row, fact: str, expected: str, found: str) -> Difference:
    return Difference(row.row_id, row.entity_type, row.entity_key, fact, expected, found)
