"""Runs the steps that only look: lookups in remote lists, and reads of one object."""

import asyncio

from webex_provision.actions.declaration import Failure, Index, Item, Lookup, LookupMany, Read
from webex_provision.engine.error_handling import failure_of, objection
from webex_provision.engine.progress import Progress
from webex_provision.engine.remote_lists import RemoteLists
from webex_provision.engine.run_control import RunControl
from webex_provision.vocabulary import Reason
from webex_provision.wire import Answer, ApiRequest


class Finder:
    """Saves what it finds into the row's context; a Failure stops the row. Raises what the client raises."""

    def __init__(self, control: RunControl, lists: RemoteLists) -> None:
        self._control = control
        self._lists = lists
        self._shared: dict[str, Answer] = {}
        self._asking = asyncio.Lock()

    async def look(self, step: Lookup | LookupMany | Read, progress: Progress) -> Failure | None:
        """Runs one looking step."""
        if isinstance(step, Lookup):
            return await self._one(step, progress)
        if isinstance(step, LookupMany):
            return await self._many(step, progress)
        return await self._read(step, progress)

    async def _one(self, step: Lookup, progress: Progress) -> Failure | None:
        ctx = progress.ctx
        ctx.found[step.save] = None
        key = step.key(ctx)
        if key is None:
            return None
        items = await self._items(step.index, step.scope(ctx), key, fresh=progress.fresh, confirm=step.confirm)
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

    async def _items(self, index: Index, scope: str, key: str, *, fresh: bool, confirm: bool) -> list[Item]:
        if fresh:
            return await self._lists.ask(index, scope, key)
        items = await self._lists.find(index, scope, key)
        return items or (await self._lists.confirm(index, scope, key) if confirm else [])

    async def _read(self, step: Read, progress: Progress) -> Failure | None:
        ctx = progress.ctx
        ctx.found[step.save] = None
        request = step.request(ctx)
        if request is None:
            return None
        if step.items:
            pages = self._control.pages(request, items=step.items, start_honoured=True)
            ctx.found[step.save] = {step.items: [entry async for page in pages for entry in page.json[step.items]]}
            return None
        answer = await (self._once(request) if step.once else self._control.send(request))
        progress.http_status = answer.status
        if not answer.ok:
            return failure_of(answer, step.failures)
        failure = objection(step.expect, ctx, answer)
        if failure is None:
            ctx.found[step.save] = answer.json
        return failure

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
