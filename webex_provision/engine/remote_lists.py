"""The remote lists in memory: loaded once a run when first asked for, kept true by our own writes.

Matching is exact: NFC and trimmed, as written; only when nothing matches as written, without regard to case. A list
that can't be had whole (refused, too long) is replaced by one-key look-ups, each remembered.
"""

import asyncio
import logging
import unicodedata
from collections.abc import Iterable

from webex_provision.actions.declaration import BulkCheck, Index, Item, Learned
from webex_provision.engine.bulk_checks import BulkChecks
from webex_provision.engine.run_control import RunControl
from webex_provision.webex.errors import CallFailed, ListFailed, PageLimitReached
from webex_provision.wire import ApiRequest

_log = logging.getLogger(__name__)
_REFUSED_FOR_ALL = frozenset({401, 403})


def _exact(key: str) -> str:
    return unicodedata.normalize("NFC", key).strip()


class _Table:
    """One index in one scope: items by identity, and the identities that answer to a key, whatever its case."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.lock = asyncio.Lock()
        self.loaded = False
        self.whole = False
        self.asked: set[str] = set()
        self._items: dict[str, Item] = {}
        self._answering: dict[str, tuple[str, ...]] = {}

    def find(self, key: str) -> list[Item]:
        exact = self._comparable(key)
        items = [self._items[identity] for identity in self._answering.get(exact.casefold(), ())]
        as_written = [item for item in items if any(exact == self._comparable(own) for own in self.index.keys(item))]
        return as_written or items

    def put(self, item: Item) -> None:
        identity = self.index.identity(item)
        self.remove(identity)
        self._items[identity] = item
        for key in self._folded_keys(item):
            self._answering[key] = (*self._answering.get(key, ()), identity)

    def remove(self, identity: str) -> None:
        item = self._items.pop(identity, None)
        if item is None:
            return
        for key in self._folded_keys(item):
            left = tuple(other for other in self._answering[key] if other != identity)
            if left:
                self._answering[key] = left
            else:
                del self._answering[key]

    def _folded_keys(self, item: Item) -> set[str]:
        return {self._comparable(key).casefold() for key in self.index.keys(item)}

    def _comparable(self, key: str) -> str:
        return _exact(self.index.comparable(key))

    def replace(self, key: str, items: Iterable[Item]) -> None:
        """What a one-key look-up says of `key` is the truth about it."""
        for item in self.find(key):
            self.remove(self.index.identity(item))
        for item in items:
            self.put(item)


class RemoteLists:
    """All indexes of a run. Raises what the client raises when a look-up itself fails."""

    def __init__(self, control: RunControl) -> None:
        self._control = control
        self.bulk = BulkChecks(control)
        self._tables: dict[tuple[str, str], _Table] = {}

    async def find(self, index: Index, scope: str, key: str) -> list[Item]:
        """The items with this key; empty when the list does not show it."""
        table = await self._loaded(index, scope)
        found = table.find(key)
        if found or table.whole or key in table.asked:
            return found
        return await self.ask(index, scope, key)

    async def confirm(self, index: Index, scope: str, key: str, bulk: BulkCheck | None = None) -> list[Item]:
        """Asks for the one key before the list's silence is believed; once a run for a key that stays absent.

        With `bulk`, keys that were foretold are asked for together; one that is not free then is looked up itself.
        """
        table = await self._loaded(index, scope)
        if bulk is not None and key not in table.asked and await self.bulk.is_free(bulk, key, table.find):
            table.asked.add(key)
        if key in table.asked:
            return table.find(key)
        return await self.ask(index, scope, key)

    async def ask(self, index: Index, scope: str, key: str) -> list[Item]:
        """Asks the tenant for this one key now, whatever is remembered."""
        table = self._table(index, scope)
        items = await self._walk(index, index.list_one(scope, key))
        table.asked.add(key)
        table.replace(key, items)
        return table.find(key)

    def learn(self, learned: Learned) -> None:
        """Takes in what a write has taught."""
        table = self._table(learned.index, learned.scope)
        if learned.gone:
            table.remove(learned.index.identity(learned.item))
        else:
            table.put(learned.item)

    def _table(self, index: Index, scope: str) -> _Table:
        return self._tables.setdefault((index.name, scope), _Table(index))

    async def _loaded(self, index: Index, scope: str) -> _Table:
        table = self._table(index, scope)
        if table.loaded:
            return table
        async with table.lock:
            if not table.loaded:
                await self._load(index, scope, table)
        return table

    async def _load(self, index: Index, scope: str, table: _Table) -> None:
        try:
            items = await self._walk(index, index.list_all(scope))
        except ListFailed as error:
            if error.answer.status in _REFUSED_FOR_ALL:
                raise
            _one_by_one(index, error)
        except (PageLimitReached, CallFailed) as error:
            _one_by_one(index, error)
        else:
            for item in items:
                table.put(item)
            table.whole = True
        table.loaded = True

    async def _walk(self, index: Index, request: ApiRequest) -> list[Item]:
        items: list[Item] = []
        async for page in self._control.pages(request, items=index.items, start_honoured=index.start_honoured):
            for item in page.json[index.items]:
                if isinstance(item, dict) and _indexable(index, item):
                    items.append(_kept(index, item))
                else:
                    _log.warning("list_item_ignored", extra={"index": index.name})
        return items


def _kept(index: Index, item: Item) -> Item:
    """The fields that lookups and builders use: a large organisation's records would fill the memory."""
    return {name: item[name] for name in index.keeps if name in item} if index.keeps else item


def _one_by_one(index: Index, error: Exception) -> None:
    _log.warning("list_unavailable", extra={"index": index.name, "cause": str(error), "instead": "one key at a time"})


def _indexable(index: Index, item: Item) -> bool:
    """Whether an item carries what its keys and identity are made of."""
    try:
        index.identity(item)
        list(index.keys(item))
    except (KeyError, TypeError, AttributeError):
        return False
    return all(item.get(name) not in (None, "") for name in index.needs)
