"""One call for several rows: where they wait for each other."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from webex_provision.actions.declaration import Together
from webex_provision.wire import Answer, ApiRequest

BeforeSend = Callable[[], Awaitable[None]] | None
Send = Callable[[ApiRequest, BeforeSend], Awaitable[Answer]]


class JointCall:
    """Where the rows of one party meet: the call leaves when each has brought its request or has ended without one.

    Whatever a row sends after that, it sends for itself, one row at a time.
    """

    def __init__(self, together: Together, row_ids: Sequence[str]) -> None:
        self._together = together
        self._awaited = set(row_ids)
        self._complete = asyncio.Event()
        self._aboard: list[tuple[ApiRequest, BeforeSend]] = []
        self._answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._alone = asyncio.Lock()

    def passes(self, row_id: str) -> None:
        """The row has ended, or has come to the call: it is not waited for any longer."""
        self._awaited.discard(row_id)
        if not self._awaited:
            self._complete.set()

    async def send(self, row_id: str, request: ApiRequest, before_send: BeforeSend, send: Send) -> tuple[Answer, bool]:
        """The answer, and whether other rows' requests were in the call. Raises what `send` raises, to each row."""
        if row_id not in self._awaited:
            async with self._alone:
                return await send(request, before_send), False
        self._aboard.append((request, before_send))
        leads = len(self._aboard) == 1
        self.passes(row_id)
        await self._complete.wait()
        if leads:
            await self._leave(send)
        return await asyncio.shield(self._answer), len(self._aboard) > 1

    async def _leave(self, send: Send) -> None:
        requests = [request for request, _ in self._aboard]
        request = self._together.merge(requests) if len(requests) > 1 else requests[0]
        try:
            self._answer.set_result(await send(request, self._before))
        except Exception as error:
            self._answer.set_exception(error)

    async def _before(self) -> None:
        """The intent of every row is on disk."""
        await asyncio.gather(*(before() for _, before in self._aboard if before is not None))
