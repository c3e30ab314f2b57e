"""One exchange at the level of bytes: sending an answer, or ending the connection without one."""

import asyncio
import contextlib
import socket
import struct

from starlette.types import Receive, Scope, Send

from webex_provision.clock import Clock
from webex_provision.sandbox.answers import Reply, dumps

TRANSPORT = "webex_provision.sandbox.transport"
JSON = "application/json;charset=UTF-8"
LARGEST_REQUEST = 8 * 2**20
PIECE = 2**20


class TooLarge(Exception):
    """A request body beyond what the sandbox reads."""


class Connection:
    """The client's side of a request.

    Served by `server`, the transport is at hand and is really torn down. In-process there is none: ending the
    connection raises ConnectionResetError, holding on too long TimeoutError, for the caller to translate.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._transport: asyncio.Transport | None = scope.get("extensions", {}).get(TRANSPORT)

    async def read(self) -> bytes:
        """The whole request body; TooLarge beyond the bound."""
        message = await self._receive()
        body: bytes = message.get("body", b"")
        while message.get("more_body"):
            if len(body) > LARGEST_REQUEST:
                raise TooLarge
            message = await self._receive()
            body += message.get("body", b"")
        return body

    async def answer(self, reply: Reply, tracking_id: str) -> None:
        """Send a whole answer."""
        body = _encoded(reply)
        await self._send(_start(reply, tracking_id, len(body)))
        await self._send({"type": "http.response.body", "body": body})

    async def answer_oversized(self, reply: Reply, tracking_id: str, size: int) -> None:
        """Send an answer whose body is `size` spaces, until the client has had enough."""
        await self._send(_start(reply, tracking_id, size))
        for _ in range(0, size, PIECE):
            piece = min(PIECE, size)
            size -= piece
            await self._send({"type": "http.response.body", "body": b" " * piece, "more_body": size > 0})

    async def cut(self, reply: Reply, tracking_id: str) -> None:
        """Send the head and half of the body, then close."""
        body = _encoded(reply) or b"{}"
        if self._transport is not None:
            await self._send(_start(reply, tracking_id, len(body)))
            await self._send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await self.close()

    async def close(self, *, abruptly: bool = False) -> None:
        """End the connection without an answer: closed, or `abruptly` reset."""
        if self._transport is None:
            raise ConnectionResetError("the sandbox closed the connection")
        if abruptly:
            raw = self._transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        else:
            self._transport.close()
        await self._receive()

    async def hold(self, clock: Clock, seconds: float) -> None:
        """Give no answer until the client leaves, for at most `seconds`; then close."""
        if self._transport is None:
            await clock.sleep(seconds)
            raise TimeoutError("the sandbox gave no answer")
        left = asyncio.ensure_future(self._receive())
        waited = asyncio.ensure_future(clock.sleep(seconds))
        try:
            await asyncio.wait({left, waited}, return_when=asyncio.FIRST_COMPLETED)
            gone = left.done()
        finally:
            for task in (left, waited):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        if not gone:
            await self.close()


def _encoded(reply: Reply) -> bytes:
    if reply.body is None:
        return b""
    return reply.body.encode() if isinstance(reply.body, str) else dumps(reply.body)


def _start(reply: Reply, tracking_id: str, length: int) -> dict[str, object]:
    headers = {"Trackingid": tracking_id, **reply.headers}
    if reply.body is not None or length:
        headers.setdefault("Content-Type", JSON)
    if reply.status != 204:
        headers["Content-Length"] = str(length)
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": reply.status, "headers": pairs}
