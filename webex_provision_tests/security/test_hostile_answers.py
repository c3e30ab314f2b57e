"""No answer, however it is made, takes more memory or time than was allowed, and none is a crash.

Drips, resets, cut and endless bodies: webex/test_real_sockets.py; layers of compression, lists without an end:
webex/test_connection_client.py and test_page_walk.py.
"""

import gzip
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest

from webex_provision.webex.errors import RetriesExhausted, UnusableAnswer, WebexError
from webex_provision.wire import Answer
from webex_provision_tests.webex.tenant_double import ok, run, stage
from webex_provision_tests.webex.test_connection_client import GET
from webex_provision_tests.webex.test_real_sockets import Act, Writer, ask, writing

MEBIBYTE = 2**20


def ok_with(body: bytes, *, status: int = 200, headers: str = "") -> Act:
    return writing(f"HTTP/1.1 {status} X\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)


async def endless_headers(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    with suppress(ConnectionError):
        for number in range(10_000):
            writer.write(b"X-%d: %s\r\n" % (number, b"y" * 1_000))
            await writer.drain()


async def endless_promises(writer: Writer) -> None:
    with suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
            await writer.drain()


async def one_endless_header(writer: Writer) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    with suppress(ConnectionError):
        for _ in range(10_000):
            writer.write(b"y" * 10_000)
            await writer.drain()


@pytest.mark.parametrize(
    "act",
    [
        endless_headers,
        one_endless_header,
        endless_promises,
        writing(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
        writing(b"hello\r\n\r\n"),
        writing(b"HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n"),
        writing(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}"),
        writing(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 5\r\n\r\n{}"),
        writing(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"),
    ],
    ids=lambda act: getattr(act, "__name__", "head"),
)
def test_a_head_that_is_no_head_or_has_no_end_is_a_failed_call(act: Act) -> None:
    ended, arrived = ask(GET, act, max_retries=0, request_timeout_seconds=0.5)
    assert isinstance(ended, RetriesExhausted)
    assert arrived == 1


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b"[" * 20_000 + b"]" * 20_000,
        b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
        b'{"a":' + b"1" * 5_000 + b"}",
        b'{"a":NaN}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"id":"\xff"}',
        b'{"id":"\xed\xa0\x80"}',
        b'\x00{"id":"a"}',
        b'{"id":"a"}{"id":"b"}',
        '{"id":"a"}'.encode("utf-16"),
    ],
    ids=lambda body: repr(body[:12]),
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_body_that_is_not_strict_json_proves_nothing_and_breaks_nothing(status: int, body: bytes) -> None:
    ended, arrived = ask(GET, ok_with(body, status=status), max_retries=0)
    if status == 200:
        assert isinstance(ended, UnusableAnswer)
    else:
        assert isinstance(ended, Answer)
        assert (ended.status, ended.json) == (400, None)
    assert arrived == 1


def test_of_a_key_that_stands_twice_everybody_reads_the_same_one() -> None:
    ended, _ = ask(GET, ok_with(b'{"id":"a","id":"b"}'))
    assert isinstance(ended, Answer)
    assert ended.json == {"id": "b"}


@pytest.mark.parametrize("entry", [b'{"a":' * 940 + b"1" + b"}" * 940, b'{"a":' * 700 + b"1" + b"}" * 700])
def test_a_list_of_deep_entries_is_walked_or_refused(entry: bytes) -> None:
    """Deep enough to be decoded, and perhaps too deep to be written again where entries are compared."""

    async def scenario() -> int:
        body = b'{"items":[' + entry + b"]}"
        async with stage(lambda _: _raw(body)) as on:
            return len([page async for page in on.client.pages(GET, items="items")])

    with suppress(WebexError):
        assert run(scenario()) == 1


def _raw(body: bytes) -> object:
    answer = ok()
    return type(answer)(200, content=body)


def bomb(pack: Callable[[bytes], bytes]) -> bytes:
    return pack(b"0" * (150 * MEBIBYTE))


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(("coding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_what_unpacks_to_gigabytes_is_not_unpacked_beyond_its_limit(
    status: int, coding: str, pack: Callable[..., bytes]
) -> None:
    """At most one piece of what came from the network is unpacked past the limit: 64 KiB, a thousandfold."""
    packed = bomb(lambda content: pack(content, 1))
    tracemalloc.start()
    try:
        ended, arrived = ask(
            GET,
            ok_with(packed, status=status, headers=f"Content-Encoding: {coding}\r\n"),
            max_response_bytes=MEBIBYTE,
            max_retries=0,
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(ended, UnusableAnswer if status == 200 else Answer)
    assert arrived == 1
    assert peak < 100 * MEBIBYTE


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "nonsense"])
@pytest.mark.parametrize("status", [200, 400])
def test_no_other_coding_is_unpacked(status: int, coding: str) -> None:
    ended, _ = ask(GET, ok_with(b"x" * 100, status=status, headers=f"Content-Encoding: {coding}\r\n"), max_retries=0)
    assert isinstance(ended, UnusableAnswer if status == 200 else Answer)
