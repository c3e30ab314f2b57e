"""The faults that only a real connection has: resets, slow drips, answers cut off in the middle."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from webex_provision.clock import Clock
from webex_provision.webex.connection_client import WebexClient
from webex_provision.webex.errors import AnswerLost, RetriesExhausted, UnusableAnswer, WebexError
from webex_provision.wire import Answer, ApiRequest
from webex_provision_tests.webex.tenant_double import run, settings

GET = ApiRequest("GET", "/people")
POST = ApiRequest("POST", "/locations", json={"name": "x"})
Writer = asyncio.StreamWriter
Act = Callable[[Writer], Awaitable[None]]


class Service:
    """A bare socket server: `act` answers each request, after it has been read."""

    def __init__(self, *acts: Act) -> None:
        self.acts = list(acts)
        self.heads: list[bytes] = []
        self.handlers: set[Any] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: Writer) -> None:
        self.handlers.add(asyncio.current_task())
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                length = re.search(rb"content-length: (\d+)", head.lower())
                await reader.readexactly(int(length[1]) if length else 0)  # unread, it would make our close a reset
                await (self.acts.pop(0) if len(self.acts) > 1 else self.acts[0])(writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def ended(self) -> None:
        """Wait until no connection is left."""
        for handler in self.handlers:
            handler.cancel()
        await asyncio.gather(*self.handlers, return_exceptions=True)


@asynccontextmanager
async def served(*acts: Act, **changes: Any) -> AsyncIterator[tuple[WebexClient, Service]]:
    service = Service(*acts)
    server = await asyncio.start_server(service, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    made = settings(
        webex_base_url=f"http://127.0.0.1:{port}/v1",
        **{"backoff_base_seconds": 0.001, "max_retries": 2, "request_timeout_seconds": 5, **changes},
    )
    async with WebexClient(made, Clock()) as client:
        yield client, service
    server.close()
    await server.wait_closed()
    await service.ended()


def ask(request: ApiRequest, *acts: Act, repeatable: bool = True, **changes: Any) -> tuple[Answer | WebexError, int]:
    """What one request ends with, and how many requests arrived."""

    async def scenario() -> tuple[Answer | WebexError, int]:
        async with served(*acts, **changes) as (client, service):
            try:
                return await client.request(request, repeatable=repeatable), len(service.heads)
            except WebexError as error:
                return error, len(service.heads)

    return run(scenario())


def writing(content: bytes) -> Act:
    async def act(writer: Writer) -> None:
        writer.write(content)
        await writer.drain()

    return act


async def reset(writer: Writer) -> None:
    writer.transport.abort()


async def drip(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n[")
    for _ in range(2_000):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


GOOD = writing(b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\nTrackingid: T\r\n\r\n{"a": 1}')
CUT = writing(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a": 1}')
CUT_CHUNK = writing(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"a": 1}\r\n')
NOT_HTTP = writing(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
BAD_GZIP = writing(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")


@pytest.mark.parametrize("fault", [reset, CUT, CUT_CHUNK, NOT_HTTP, BAD_GZIP])
def test_a_broken_answer_is_asked_for_again_and_bounded(fault: Act) -> None:
    answer, arrived = ask(GET, fault, GOOD)
    assert isinstance(answer, Answer)
    assert (answer.json, answer.tracking_id, arrived) == ({"a": 1}, "T", 2)
    error, arrived = ask(GET, fault)
    assert isinstance(error, RetriesExhausted)
    assert arrived == error.sends == 3


@pytest.mark.parametrize("fault", [reset, CUT, CUT_CHUNK, NOT_HTTP, BAD_GZIP])
def test_a_broken_answer_to_a_create_is_lost_and_not_asked_for_again(fault: Act) -> None:
    error, arrived = ask(POST, fault, GOOD, repeatable=False)
    assert isinstance(error, AnswerLost)
    assert arrived == 1


def test_an_answer_that_drips_is_cut_off_by_the_wall() -> None:
    """Each byte comes in time, the whole answer does not: without the wall this call would hang for hours."""
    error, arrived = ask(POST, drip, repeatable=False, request_timeout_seconds=0.15)
    assert isinstance(error, AnswerLost)
    assert "0.15 s" in error.cause
    assert arrived == 1


@pytest.mark.parametrize("code", [400, 404, 409])
def test_a_4xx_stands_even_when_its_body_is_cut_off(code: int) -> None:
    answer, arrived = ask(
        POST,
        writing(b"HTTP/1.1 %d X\r\nContent-Length: 900\r\n\r\n[Error 4410] Service" % code),
        repeatable=False,
    )
    assert isinstance(answer, Answer)
    assert (answer.status, answer.error.codes, arrived) == (code, ("4410",), 1)


def test_an_endless_body_is_refused_at_its_limit() -> None:
    async def endless(writer: Writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(10_000):
            writer.write(b" " * 10_000)
            await writer.drain()

    error, arrived = ask(GET, endless, max_response_bytes=100_000)
    assert isinstance(error, UnusableAnswer)
    assert arrived == 1


def test_an_answer_that_is_not_read_to_its_end_gives_its_connection_back() -> None:
    async def scenario() -> Answer:
        big = writing(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b" " * 5_000)
        async with served(big, GOOD, max_in_flight=1, max_response_bytes=1_000) as (client, _):
            with pytest.raises(UnusableAnswer):
                await client.request(GET)
            return await client.request(GET)

    assert run(scenario()).sends == 1


def test_a_refused_connection_is_retried_also_for_a_create_and_named() -> None:
    async def scenario() -> WebexError:
        async with served(GOOD) as (client, _):
            base = client._base_url
        made = settings(webex_base_url=base, backoff_base_seconds=0.001, max_retries=2)
        async with WebexClient(made, Clock()) as client:
            with pytest.raises(RetriesExhausted) as caught:
                await client.request(POST, repeatable=False)
            return caught.value

    error = run(scenario())
    assert "ConnectError" in str(error)
    assert "3 sends" in str(error)
