"""Walks the pages of a list to its end, or says loudly that it could not.

A list that is short of a page must never be taken for the whole, for a look-up in it would miss what exists.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

from webex_provision.webex.errors import ListFailed, PageLimitReached
from webex_provision.webex.page_links import next_target
from webex_provision.wire import Answer, ApiRequest

ROUND_SIZE = 50
Send = Callable[[ApiRequest], Awaitable[Answer]]
_PAGE_SIZES = frozenset({"max", "count"})
_REFUSED_SIZE = frozenset({400, 422})


class PageWalk:
    """One walk: `items` is the key of the list in each page, `start_honoured` whether the endpoint obeys `start`.

    The next page is the Link header's rel="next". Where no page had one and `start_honoured`, `start` grows by
    what was received until a page is empty or shorter than `max`. A page in which every entry was seen before
    ends the walk: the service ignores `start`, or its links run in a circle. (An entry that moved from one page
    to the next while the list grew does not end it.) A 400 or 422 on the first request is tried once without its
    page size.

    A request that names `startIndex` asks for a list that counts from 1, as SCIM does: `startIndex` grows by what
    was received until `totalResults` is reached or, where pages state none, until a page is empty. Ending short
    of the stated total is a failure.
    """

    def __init__(self, request: ApiRequest, *, items: str, base_url: str, max_pages: int, start_honoured: bool) -> None:
        self._request, self._items, self._base_url = request, items, base_url
        self._max_pages, self._start_honoured = max_pages, start_honoured
        self._linked = False
        self._seen: set[str] = set()
        self._targets: set[str] = set()

    async def answers(self, send: Send) -> AsyncIterator[Answer]:
        """The pages, one answer each. Raises ListFailed, PageLimitReached, and whatever `send` raises."""
        request: ApiRequest | None = self._request
        for page in range(self._max_pages):
            if request is None:
                return
            answer = await send(request)
            if page == 0 and answer.status in _REFUSED_SIZE and request.params.keys() & _PAGE_SIZES:
                request = _without_size(request)
                answer = await send(request)
            answer = self._spelled_out(answer)
            entries = self._entries(answer)
            if not self._something_new(entries) and entries:
                self._whole(request, answer)
                return
            yield answer
            request = self._next(request, answer, len(entries))
        if request is not None:
            raise PageLimitReached(str(self._request), self._max_pages)

    def _spelled_out(self, answer: Answer) -> Answer:
        """An empty counted list may be left out, or null, beside its total of 0 (RFC 7644, 3.4.2)."""
        if answer.ok and isinstance(answer.json, dict) and _total(answer) == 0 and not answer.json.get(self._items):
            return replace(answer, json={**answer.json, self._items: []})
        return answer

    def _entries(self, answer: Answer) -> list[Any]:
        if not answer.ok:
            said = f": {answer.error.message}" if answer.error.message else ""
            raise ListFailed(str(self._request), answer, f"HTTP {answer.status}{said}")
        entries = answer.json.get(self._items) if isinstance(answer.json, dict) else None
        if not isinstance(entries, list):
            raise ListFailed(str(self._request), answer, f"HTTP {answer.status} without the list {self._items!r}")
        return entries

    def _something_new(self, entries: list[Any]) -> bool:
        known = len(self._seen)
        self._seen.update(map(_identity, entries))
        return len(self._seen) > known

    def _next(self, request: ApiRequest, answer: Answer, received: int) -> ApiRequest | None:
        target = next_target(self._base_url, request.path, answer.headers.get("link"))
        if target is not None:
            self._linked = True
            if target in self._targets:
                return None
            self._targets.add(target)
            return replace(request, path=target, params={})
        if not self._linked and "startIndex" in request.params:
            return self._next_counted(request, answer, received)
        if self._linked or not self._start_honoured or received == 0:
            return None
        page_size = request.params.get("max")
        if page_size is not None and received < int(page_size) and received % ROUND_SIZE:
            return None
        return replace(request, params={**request.params, "start": int(request.params.get("start", 0)) + received})

    def _next_counted(self, request: ApiRequest, answer: Answer, received: int) -> ApiRequest | None:
        following = int(request.params["startIndex"]) + received
        total = _total(answer)
        if total is not None and following > total:
            return None
        if received == 0:
            self._whole(request, answer)
            return None
        return replace(request, params={**request.params, "startIndex": following})

    def _whole(self, request: ApiRequest, answer: Answer) -> None:
        """Refuses the end of a counted list that comes before its stated total."""
        total = _total(answer) if "startIndex" in request.params else None
        if total is not None and len(self._seen) < total:
            raise ListFailed(str(self._request), answer, f"the list ended after {len(self._seen)} of {total} entries")


def _total(answer: Answer) -> float | None:
    total = answer.json.get("totalResults")
    return total if isinstance(total, int | float) else None


def _without_size(request: ApiRequest) -> ApiRequest:
    return replace(request, params={name: value for name, value in request.params.items() if name not in _PAGE_SIZES})


def _identity(entry: Any) -> str:
    """An entry's id, else the whole entry: numbers and patterns have no id."""
    found = entry.get("id") if isinstance(entry, dict) else None
    return found if isinstance(found, str) else json.dumps(entry, sort_keys=True)
