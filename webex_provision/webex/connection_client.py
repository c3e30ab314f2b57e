"""Sends requests to Webex: the one module that imports the HTTP library.

What one call goes through: the gate of its endpoint family (`pacing`), one send with a wall of
REQUEST_TIMEOUT_SECONDS around the whole answer, then one of

- a final answer, returned: every 2xx with a readable body, every 4xx, a 502 that carries a business code
- another send (`retry_policy`): after 429 (and 423 with Retry-After) through the gate, after 5xx, timeouts and
  network faults with a backoff
- an exception of `errors`, when sending again is over or would be wrong

With several tokens each send takes the one that may leave soonest. A 401 proves that nothing was applied: a token that
is confirmed to be dead is out, and the request is sent again with another one.

A token is set on each request, goes to WEBEX_BASE_URL and nowhere else, and is taken out of every text made here, as is
every other secret that `hiding` is told. Request bodies stand in no text at all.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx

from webex_provision import __version__
from webex_provision.clock import Clock
from webex_provision.config import LOOPBACK_HOSTS, Settings
from webex_provision.core_files import forbid_core_files
from webex_provision.webex.call_stats import CallRecord, CallStats
from webex_provision.webex.credentials import PEOPLE_ME, Credential, Credentials
from webex_provision.webex.error_bodies import decode_json, header_codes, read_error, tracking_id
from webex_provision.webex.errors import CallFailed, HostRefused, RateLimitedTooLong
from webex_provision.webex.hiding import Hiding
from webex_provision.webex.pacing import Pacer, Slot
from webex_provision.webex.page_links import stays_inside
from webex_provision.webex.page_walk import PageWalk
from webex_provision.webex.retry_after import retry_after_seconds
from webex_provision.webex.retry_policy import Call, Fault, FaultKind, RetryPolicy
from webex_provision.wire import Answer, ApiRequest, ErrorBody

logger = logging.getLogger("webex_provision.webex")
# Shorter than a server's own patience (5 s is common), so that a request is rarely written to a connection that
# the server is just closing.
KEEP_ALIVE_SECONDS = 4.0
ERROR_BODY_BYTES = 256 * 1024
ERROR_BODY_SECONDS = 5.0
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
# One layer of these at most: layers of compression are how a small answer becomes an endless one.
_DECODABLE = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
# At DEBUG they log headers as they come, whoever has set the root logger to it; nothing there is redacted.
for _library in ("httpx", "httpcore"):
    logging.getLogger(_library).setLevel(logging.WARNING)


class WebexClient:
    """The client of one tenant, for one event loop: `async with WebexClient(settings, clock) as client`.

    `transport` replaces the network in tests. `on_call` hears of every finished call, `on_token_out` of every token
    that is out, in a line for people, `on_hold` of every pause that Webex asks for and that no other token spares us:
    which endpoint family waits, and for how many seconds; none of them may raise. `stats` counts what the calls have
    cost, `credentials` knows the tokens, `hiding` keeps secrets out of texts.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
        on_token_out: Callable[[str], None] | None = None,
        on_hold: Callable[[str, float], None] | None = None,
    ) -> None:
        self.stats = CallStats()
        self.pacer = Pacer(
            clock,
            rate=settings.requests_per_second,
            fastest=settings.max_requests_per_second,
            max_in_flight=settings.max_in_flight,
            longest_hold=settings.max_retry_after_seconds,
            lanes=len(settings.tokens),
        )
        first_slot = int(settings.token_slot) if settings.token_slot.isdigit() else 1
        self.credentials = Credentials(settings.tokens, self.pacer, on_token_out, first_slot=first_slot)
        self.hiding = Hiding(credential.secret for credential in self.credentials.all)
        self._settings, self._clock, self._on_call, self._on_hold = settings, clock, on_call, on_hold
        self._base_url = settings.webex_base_url
        forbid_core_files()
        self._asking = asyncio.Lock()
        self._policy = RetryPolicy(settings, clock, self.stats)
        self._http = _http_client(settings, transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def request(
        self,
        request: ApiRequest,
        *,
        repeatable: bool = True,
        before_send: Callable[[], Awaitable[None]] | None = None,
        credential: Credential | None = None,
    ) -> Answer:
        """Send one request, again where that is right, and return the final answer, whatever its status.

        `repeatable=False` for a request that must not be applied twice: as soon as the outcome of a send is
        unknown (timeout, reset, 5xx, unreadable success), AnswerLost is raised and nothing is sent again. Raises
        otherwise RetriesExhausted or UnusableAnswer; RateLimitedTooLong, RetryBudgetSpent or HostRefused where
        the run has to stop; ValueError for a request that could not be built. A body given as bytes is sent as
        it is, with the Content-Type of the request's own headers. `before_send` is awaited once, when the gate has
        let the request through and before its first byte leaves. With a `credential` it is sent with that one only,
        dead or not.
        """
        _check_path(request)
        call = Call(request, repeatable, request.family, self.pacer.ticket(), before_send, credential)
        return await self._recorded(call, self._with_living_token(call))

    async def _recorded(self, call: Call, answering: Awaitable[Answer]) -> Answer:
        """The outcome of a call, counted."""
        began = self._clock.monotonic()
        answer: Answer | None = None
        error: CallFailed | None = None
        try:
            answer = await answering
        except CallFailed as failure:
            error = failure
            raise
        finally:
            self._record(call, answer, error, self._clock.monotonic() - began)
        return answer

    async def _with_living_token(self, call: Call) -> Answer:
        """The final answer; a 401 is one only if its token lives, is the only one left, or was asked for by name."""
        answer = await self._policy.until_final(call, self._send)
        for _ in self.credentials.all[1:]:
            if answer.status != 401 or call.credential or call.sent_with is None or await self._lives(call.sent_with):
                break
            answer = await self._policy.until_final(call, self._send)
        return answer

    async def _lives(self, refused: Credential) -> bool:
        """Whether a token that met a 401 is to be kept: asked once for each, by GET /people/me with it.

        True for the last one, of which the run asks itself. Anything but a second 401 proves nothing against a token;
        one that may not even ask before a long Retry-After ends is of no use while others live.
        """
        async with self._asking:  # one at a time: two that ask at once could both be the last but one
            if refused.alive and len(self.credentials.living) > 1:
                ask = Call(
                    PEOPLE_ME.at(), repeatable=True, family="people", ticket=self.pacer.ticket(), credential=refused
                )
                try:
                    answer = await self._recorded(ask, self._policy.until_final(ask, self._send))
                    if answer.status == 401:
                        self.credentials.take_out(refused, "Webex no longer accepts it")
                except RateLimitedTooLong:
                    self.credentials.take_out(refused, "Webex refused it and lets it ask nothing for a long time")
                except CallFailed as error:
                    logger.warning("token_not_confirmed", extra={"token": refused.name, "cause": str(error)})
        return refused.alive

    def pages(self, request: ApiRequest, *, items: str, start_honoured: bool = False) -> AsyncIterator[Answer]:
        """The pages of a list, one answer each; rules and errors are those of `page_walk.PageWalk`."""
        walk = PageWalk(
            request,
            items=items,
            base_url=self._base_url,
            max_pages=self._settings.max_pages,
            start_honoured=start_honoured,
        )
        return walk.answers(self.request)

    def _record(self, call: Call, answer: Answer | None, error: CallFailed | None, seconds: float) -> None:
        stats = self.stats.families[call.family]
        stats.calls += 1
        stats.failed += answer is None
        if self._on_call is None:
            return
        last = answer or error
        status, trace = (last.status, last.tracking_id) if last else (None, "")
        request = call.request
        self._on_call(CallRecord(request.method, request.path, call.family, status, call.sends, seconds, trace))

    async def _send(self, call: Call) -> Answer:
        """One send. Raises Fault for everything that is not a final answer."""
        outgoing = self._build(call.request)
        stats = self.stats.families[call.family]
        lane = call.credential.lane if call.credential else None
        async with self.pacer.slot(call.family, call.ticket, lane) as slot:
            if call.before_send is not None and call.sends == 0:
                await call.before_send()
            call.sent_with = call.credential or self.credentials.in_lane(slot.lane)
            call.sent_with.authorize(outgoing.headers)
            call.sends += 1
            stats.sends += 1
            stats.seconds_waited += slot.waited
            try:
                async with asyncio.timeout(self._settings.request_timeout_seconds):
                    response = await self._http.send(outgoing, stream=True)
                    try:
                        return await self._receive(call, slot, response)
                    finally:
                        await response.aclose()
            except TimeoutError:
                wall = f"no complete answer within {self._settings.request_timeout_seconds:g} s"
                raise Fault(FaultKind.UNKNOWN, wall) from None
            except _NEVER_LEFT as error:
                raise Fault(FaultKind.NEVER_LEFT, self._describe(error)) from None
            except (httpx.HTTPError, OSError) as error:
                raise Fault(FaultKind.UNKNOWN, self._describe(error)) from None

    def _build(self, request: ApiRequest) -> httpx.Request:
        raw = request.json if isinstance(request.json, bytes) else None
        try:
            return self._http.build_request(
                request.method,
                self._base_url + request.path,
                params=dict(request.params) or None,
                json=request.json if raw is None else None,
                content=raw,
                headers=dict(request.headers),
            )
        except httpx.InvalidURL as error:
            raise ValueError(f"{request}: not a valid path: {self.hiding.line(str(error))}") from None

    async def _receive(self, call: Call, slot: Slot, response: httpx.Response) -> Answer:
        """Judge an answer whose headers have come in: return it if it is final, else raise."""
        status = response.status_code
        headers = {name: self.hiding.header(value) for name, value in response.headers.items()}
        if status < 300:
            answer = await self._receive_success(call, response, headers)
        elif status < 400:
            raise HostRefused(self._redirect_text(call, status, headers))
        elif status == 429 or (status == 423 and "retry-after" in headers):
            raise await self._refusal(call, slot, response, headers)
        else:
            wait = self._asked_wait(headers) if status >= 500 else None
            if wait:
                slot.hold(wait)
                self._tell_hold(call, slot)
            answer = await self._read_error_answer(call, response, headers)
            if status >= 500 and not (status == 502 and header_codes(headers)):
                raise _fault_of(FaultKind.UNKNOWN, answer, held=bool(wait))
        slot.answered()
        return answer

    async def _refusal(self, call: Call, slot: Slot, response: httpx.Response, headers: Mapping[str, str]) -> Fault:
        """Hold the family at once, before the body is read: no other call may leave in the meantime."""
        self.stats.families[call.family].rate_limited += 1
        wait = self._asked_wait(headers) or self._policy.wait_after_refusal(call)
        slot.limited(wait)
        self._tell_hold(call, slot)
        answer = await self._read_error_answer(call, response, headers)
        longest, shortest = self._settings.max_retry_after_seconds, slot.shortest_hold
        if wait > longest and shortest > longest:
            raise RateLimitedTooLong(call.family, shortest)
        return _fault_of(FaultKind.REFUSED, answer, held=True)

    def _tell_hold(self, call: Call, slot: Slot) -> None:
        if self._on_hold is not None and slot.shortest_hold > 0:
            self._on_hold(call.family, slot.shortest_hold)

    async def _receive_success(self, call: Call, response: httpx.Response, headers: Mapping[str, str]) -> Answer:
        status, limit = response.status_code, self._settings.max_response_bytes
        trace = self.hiding.line(tracking_id(None, headers))
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding not in _DECODABLE:
            cause = self.hiding.line(f"HTTP {status} with an unknown content encoding {encoding!r}")
            raise Fault(FaultKind.UNUSABLE, cause, status=status, trace=trace)
        content, whole = await _read_body(response, limit)
        if not whole:
            cause = f"HTTP {status} with more than {limit} bytes (MAX_RESPONSE_BYTES)"
            raise Fault(FaultKind.UNUSABLE, cause, status=status, trace=trace)
        try:
            body = decode_json(self.hiding.body(content))
        except ValueError as error:
            kind = headers.get("content-type", "no content type")
            cause = self.hiding.line(f"HTTP {status} ({kind}) whose body is not JSON: {error}")
            raise Fault(FaultKind.GARBLED, cause, status=status, trace=trace) from None
        trace = self.hiding.line(tracking_id(body, headers))
        return Answer(status, body, headers, tracking_id=trace, sends=call.sends)

    async def _read_error_answer(self, call: Call, response: httpx.Response, headers: Mapping[str, str]) -> Answer:
        """The answer of a 4xx or 5xx with as much of its body as can be had; the status stands without it."""
        content, body = bytearray(), None
        try:
            async with asyncio.timeout(min(ERROR_BODY_SECONDS, self._settings.request_timeout_seconds)):
                if headers.get("content-encoding", "").strip().lower() in _DECODABLE:
                    await _read_body(response, ERROR_BODY_BYTES, into=content)
            body = decode_json(self.hiding.error_body(content))
        except (TimeoutError, httpx.HTTPError, OSError, ValueError):
            body = None
        error = read_error(body, self.hiding.error_body(content), headers)
        codes = tuple(self.hiding.line(code) for code in error.codes)
        trace = self.hiding.line(tracking_id(body, headers))
        return Answer(
            response.status_code, body, headers, ErrorBody(codes, self.hiding.line(error.message)), trace, call.sends
        )

    def _asked_wait(self, headers: Mapping[str, str]) -> float | None:
        """Seconds of Retry-After; None where it is missing, nonsense, or 0, which says no more than that."""
        value = headers.get("retry-after")
        if value is None:
            return None
        return retry_after_seconds(value, now=self._clock.now(), answered_at=headers.get("date")) or None

    def _redirect_text(self, call: Call, status: int, headers: Mapping[str, str]) -> str:
        location = headers.get("location", "").split("?", 1)[0]
        said = f"{call.request}: HTTP {status} redirects to {location or 'nowhere'!r}: not followed, because "
        if location and stays_inside(self._base_url, call.request.path, location):
            why = "the Webex API redirects nothing. Look for what stands between it and us (a proxy, a login page)"
        else:
            why = f"the token would go there. Set WEBEX_BASE_URL to the API itself ({self._base_url} is not it)"
        return self.hiding.line(said + why)

    def _describe(self, error: Exception) -> str:
        return self.hiding.line(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def _fault_of(kind: FaultKind, answer: Answer, *, held: bool) -> Fault:
    said = f": {answer.error.message}" if answer.error.message else ""
    cause = f"HTTP {answer.status}{said}"
    return Fault(kind, cause, status=answer.status, trace=answer.tracking_id, held=held)


async def _read_body(response: httpx.Response, limit: int, into: bytearray | None = None) -> tuple[bytes, bool]:
    """The decoded body up to `limit` bytes, and whether that is all of it; `into` keeps what an error leaves."""
    content = bytearray() if into is None else into
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > limit:
            del content[limit:]
            return bytes(content), False
    return bytes(content), True


def _check_path(request: ApiRequest) -> None:
    path = request.path
    if not path.startswith("/") or path.startswith("//") or "#" in path or "\\" in path:
        raise ValueError(f"{request}: a path starts with one slash and lies below WEBEX_BASE_URL")
    if "/." in path and {".", ".."} & set(path.split("?", 1)[0].split("/")):
        raise ValueError(f"{request}: a path must not climb with dots")
    if "?" in path and request.params:
        raise ValueError(f"{request}: the query belongs into params")


def _http_client(settings: Settings, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    try:
        return httpx.AsyncClient(
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "gzip, deflate",
                "User-Agent": f"webex-provision/{__version__}",
            },
            timeout=httpx.Timeout(settings.request_timeout_seconds, connect=settings.connect_timeout_seconds),
            limits=httpx.Limits(
                max_connections=settings.max_in_flight * len(settings.tokens),
                max_keepalive_connections=settings.max_in_flight * len(settings.tokens),
                keepalive_expiry=KEEP_ALIVE_SECONDS,
            ),
            follow_redirects=False,
            # HTTPS_PROXY and SSL_CERT_FILE are an operator's to set, and https through a proxy is a tunnel that it
            # can't read; loopback, the one place for plain http, never goes through a proxy.
            trust_env=urlsplit(settings.webex_base_url).hostname not in LOOPBACK_HOSTS,
            transport=transport,
        )
    except (ValueError, ImportError, httpx.InvalidURL):
        # What is wrong with it may hold the proxy's own password.
        raise ValueError("HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names no http:// or https:// proxy") from None
