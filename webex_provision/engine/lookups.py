"""Runs the steps that only look: lookups in remote lists, and reads of one object."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from webex_provision.actions.declaration import BulkCheck, Failure, Index, Item, Lookup, LookupMany, Read, Why
from webex_provision.engine.error_handling import NO_ANSWER, failure_of, objection
from webex_provision.engine.items import about, items_of
from webex_provision.engine.progress import Progress
from webex_provision.engine.remote_lists import RemoteLists
from webex_provision.engine.run_control import RunControl
from webex_provision.vocabulary import Reason
from webex_provision.wire import Answer, ApiRequest

_SAYS_IT_ALL = frozenset({401, 403})  # refusals of the caller, not of what was asked


class Finder:
    """Saves what it finds into the row's context; a Failure stops the row. Raises what the client raises."""

    def __init__(self, control: RunControl, lists: RemoteLists) -> None:
        self._control = control
        self._lists = lists
        self._shared: dict[str, Answer] = {}
        self._asking = asyncio.Lock()

    def foretell(self, check: BulkCheck, keys: Iterable[str]) -> None:
        """Rows are about to confirm these keys: the first that does asks for all of them."""
        self._lists.bulk.foretell(check, keys)

    async def look(self, step: Lookup | LookupMany | Read, progress: Progress) -> Failure | None:
        """Runs one looking step."""
        if isinstance(step, Lookup):
            return await self._one(step, progress)
        if isinstance(step, LookupMany):
            return await self._many(step, progress)
        return await self._read(step, progress)

    async def explain(self, why: Why | None, progress: Progress, answer: Answer) -> Failure | None:
        """What a refusal comes from, as far as its step knows where to look."""
        if why is None or answer.status in _SAYS_IT_ALL:
            return None
        ctx, request = progress.ctx, why.read.request(progress.ctx)
        ctx.found[why.read.save] = None
        if request is not None:
            with suppress(*NO_ANSWER):
                told = await self._control.send(request)
                if told.ok and objection(why.read.expect, ctx, told) is None:
                    ctx.found[why.read.save] = told.json
        return why.verdict(progress.ctx, answer)

    async def _one(self, step: Lookup, progress: Progress) -> Failure | None:
        ctx = progress.ctx
        ctx.found[step.save] = None
        key = step.key(ctx)
        if key is None:
            return None
        if step.wants_absence:
            items = await self._unless_lists_lag(step, step.scope(ctx), key, fresh=progress.fresh)
        else:
            fresh, confirm = progress.fresh, step.confirm
            items = await self._items(step.index, step.scope(ctx), key, fresh=fresh, confirm=confirm, bulk=step.bulk)
        if step.choose is not None:
            item = step.choose(items)
        elif len(items) > 1:
            return _ambiguous(step.index, key, items, step.ambiguous)
        else:
            item = items[0] if items else None
        ctx.found[step.save] = item
        return step.absent(ctx) if item is None and step.absent is not None else None

    async def _many(self, step: LookupMany, progress: Progress) -> Failure | None:
        ctx = progress.ctx
        found: dict[str, list[Item]] = {}
        ctx.found[step.save] = found
        for key in step.keys(ctx):
            confirm = step.absent is not None or step.confirm(key)
            found[key] = await self._items(step.index, step.scope(ctx), key, fresh=progress.fresh, confirm=confirm)
            if step.absent is None:
                continue
            if not found[key]:
                return step.absent(ctx, key)
            if len(found[key]) > 1:
                return _ambiguous(step.index, key, found[key], Reason.NON_RETRYABLE_EXTERNAL)
        return None

    async def _items(
        self, index: Index, scope: str, key: str, *, fresh: bool, confirm: bool, bulk: BulkCheck | None = None
    ) -> list[Item]:
        if fresh:
            return await self._lists.ask(index, scope, key)
        items = await self._lists.find(index, scope, key)
        return items or (await self._lists.confirm(index, scope, key, bulk) if confirm else [])

    async def _unless_lists_lag(self, step: Lookup, scope: str, key: str, *, fresh: bool) -> list[Item]:
        """Nothing only if lists say so when they show what earlier types of the run have done, or have set off."""
        items = [] if fresh else await self._lists.find(step.index, scope, key)
        if items:
            return items
        await self._control.lists_settle(step.name)
        return await self._lists.ask(step.index, scope, key)

    async def _read(self, step: Read, progress: Progress) -> Failure | None:
        ctx = progress.ctx
        if step.over is None:
            ctx.found[step.save] = None
            failure, ctx.found[step.save] = await self._read_one(step, progress)
            return failure
        found: dict[str, Any] = {}
        ctx.found[step.save] = found
        for item in items_of(step, ctx):
            with about(ctx, item):
                failure, found[item] = await self._read_one(step, progress)
            if failure is not None:
                return failure
        return None

    async def _read_one(self, step: Read, progress: Progress) -> tuple[Failure | None, Any]:
        """What one request gives to save; None when there is nothing to ask, or with the failure."""
        request = step.request(progress.ctx)
        if request is None:
            return None, None
        known = step.known(progress.ctx) if step.known is not None and not progress.fresh else None
        if known is not None:
            return None, known
        if step.items:
            pages = self._control.pages(request, items=step.items, start_honoured=True)
            return None, {step.items: [entry async for page in pages for entry in page.json[step.items]]}
        answer = await (self._once(request) if step.once else self._control.send(request))
        progress.http_status = answer.status
        if answer.status == 404 and step.advisory:
            return None, None
        if not answer.ok:
            return await self.explain(step.why, progress, answer) or failure_of(answer, step.failures), None
        failure = objection(step.expect, progress.ctx, answer)
        return failure, None if failure is not None else answer.json

    async def _once(self, request: ApiRequest) -> Answer:
        """The answer that a request got when it was first sent in this run: what is there, or that nothing is there."""
        async with self._asking:
            answer = self._shared.get(str(request))
            if answer is None:
                answer = await self._control.send(request)
                if answer.ok or answer.status == 404:
                    self._shared[str(request)] = answer
        return answer


def _ambiguous(index: Index, key: str, items: list[Item], reason: Reason) -> Failure:
    ids = ", ".join(str(item.get("id", "?")) for item in items[:5])
    return Failure(reason, f"ambiguous name: {len(items)} {index.name} answer to '{key}' ({ids}); rename all but one")
