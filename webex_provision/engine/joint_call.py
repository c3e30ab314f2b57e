"""One call for several rows: which rows go together, and where they wait for each other.

Only rows that write the same remote entities go together: they would have to run one after the other anyhow. Each
keeps its own look-ups, intent, judgement and record.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from webex_provision.actions.declaration import EntityType, RowContext, Together, Write
from webex_provision.actions.row import Row
from webex_provision.engine.progress import RowResult
from webex_provision.wire import Answer, ApiRequest

BeforeSend = Callable[[], Awaitable[None]] | None
Send = Callable[[ApiRequest, BeforeSend], Awaitable[Answer]]


@dataclass
class Party:
    """Rows that run together, mostly one; `touched` are the remote entities that each of them writes.

    `fault` is how the one row ends whose entities can't be told.
    """

    touched: list[str]
    rows: list[Row]
    fault: RowResult | None = None
    size: int = field(default=0, repr=False)


def together_of(entity_type: EntityType) -> Together | None:
    """How the type's rows share their last call; None: each has its own."""
    last = entity_type.steps[-1]
    return last.together if isinstance(last, Write) else None


def parties(
    entity_type: EntityType,
    rows: Sequence[Row],
    touches: Callable[[EntityType, Row], list[str] | RowResult],
    context: Callable[[Row], RowContext],
) -> list[Party]:
    """All rows, each in one party, in the order of the first row of each."""
    together, found = together_of(entity_type), list[Party]()
    open_parties: dict[tuple[str, ...], Party] = {}
    for row in rows:
        touched = touches(entity_type, row)
        if isinstance(touched, RowResult):
            found.append(Party([], [row], touched))
            continue
        party = Party(touched, [row])
        if together is not None and touched:
            party.size = together.size(context(row))
            joined = open_parties.get(tuple(sorted(touched)))
            if joined is not None and joined.size + party.size <= together.most:
                joined.rows.append(row)
                joined.size += party.size
                continue
            open_parties[tuple(sorted(touched))] = party
        found.append(party)
    return found


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
