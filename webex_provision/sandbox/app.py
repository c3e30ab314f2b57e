"""The simulated service: who asks, may they now, what goes wrong, what the tenant answers, what the log keeps."""

import contextlib
import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import Receive, Scope, Send

from webex_provision.clock import Clock
from webex_provision.sandbox.answers import Record, Reply, WebexError
from webex_provision.sandbox.config import SandboxConfig
from webex_provision.sandbox.connection import Connection, TooLarge
from webex_provision.sandbox.control import control_routes
from webex_provision.sandbox.domains import DOMAINS
from webex_provision.sandbox.faults import ELSEWHERE, Effect, FaultRule, Faults, Shape, without
from webex_provision.sandbox.forms import is_form, parse_form
from webex_provision.sandbox.limiter import Limiter
from webex_provision.sandbox.request_log import RequestLog
from webex_provision.sandbox.routing import Call, RouteTree
from webex_provision.sandbox.seeding import seed_from_csv
from webex_provision.sandbox.storage import TenantFile
from webex_provision.sandbox.tenant import Tenant

PREFIX = "/v1"
NO_TOKEN = "The request requires a valid access token set in the Authorization request header."  # noqa: S105 - no secret


@dataclass(slots=True)
class Exchange:
    """A request as it came in, and what became of it."""

    seq: int
    method: str
    path: str
    query: dict[str, str]
    raw: bytes
    base_url: str
    content_type: str = ""
    token: str = ""
    body: Any = None
    applied: bool = False
    created: str | None = None
    fault: str | None = None
    status: int | None = None

    @property
    def tracking_id(self) -> str:
        """The id that answer and log share."""
        return f"SANDBOX_{self.seq:08d}"

    @property
    def below(self) -> str:
        """The path below /v1."""
        return self.path.removeprefix(PREFIX)


class Sandbox:
    """A tenant behind an ASGI application, `app`; `api` is the part under /v1.

    Without a `tenant` one is made as the config says: from the state file, else from the CSV, else empty. `routes`
    are handlers other than those of `DOMAINS`.
    """

    def __init__(
        self,
        config: SandboxConfig | None = None,
        *,
        tenant: Tenant | None = None,
        clock: Clock | None = None,
        routes: RouteTree | None = None,
    ) -> None:
        self.config = config or SandboxConfig()
        self.clock = clock or (tenant.clock if tenant else Clock())
        self.tenant = tenant or Tenant(seed=self.config.seed, clock=self.clock, license_units=self.config.license_units)
        self.file = TenantFile(self.config.state, self.tenant)
        if tenant is None and not self.file.load() and self.config.seed_csv is not None:
            seed_from_csv(
                self.tenant,
                self.config.seed_csv,
                missing_users=self.config.missing_users,
                seed=self.config.seed,
            )
        self.log = RequestLog(self.config.log_limit, self.config.log)
        self.limiter = Limiter(self.config.profile, self.clock, self.config.seed)
        self.faults = self.config.faults
        self.base_url = ""
        self._random = Random(f"latency:{self.config.seed}")  # noqa: S311 - repeatable chance, not cryptography
        self._tree = routes or RouteTree(DOMAINS)
        self._tokens = _names(self.config.tokens) if self.config.tokens is not None else None
        self._revoked = _names(self.config.expired_tokens)
        self.set_faults(self.faults)
        self.app = Starlette(routes=[Mount(PREFIX, app=self.api), *control_routes(self)], lifespan=self._lifespan)

    def set_faults(self, faults: Faults) -> None:
        """From now on things go wrong like this; all counts start anew, expired tokens are valid again."""
        faults.arm()
        self.faults = faults
        self.tenant.quirks = faults.quirks
        self._requests = 0
        self._seen: dict[str, int] = {}  # requests of each token, in the order in which they were first seen
        self._expired: set[str] | None = None

    def close(self) -> None:
        """Save what is to be saved, close what is open."""
        self.file.save()
        self.log.close()

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        del app
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(self.close)
            await stack.enter_async_context(self.file.saving())
            yield

    async def api(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request below /v1."""
        if scope["type"] != "http":
            return
        headers = dict(scope["headers"])
        connection = Connection(scope, receive, send)
        exchange = Exchange(
            self.log.next_seq(),
            scope["method"],
            scope["path"],
            dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            b"",
            f"{scope.get('scheme', 'http')}://{headers.get(b'host', b'').decode('latin-1')}",
            headers.get(b"content-type", b"").decode("latin-1"),
        )
        try:
            exchange.raw = await connection.read()
        except TooLarge:
            await self._finish(connection, exchange, Reply(413))
            return
        refusal = self._authenticate(exchange, headers.get(b"authorization", b""))
        refusal = refusal or self.limiter.enter(exchange.token, exchange.method, exchange.below, exchange.tracking_id)
        if refusal is not None:
            await self._finish(connection, exchange, refusal)
            return
        try:
            await self._admitted(connection, exchange)
        finally:
            self.limiter.leave(exchange.token)

    def _authenticate(self, exchange: Exchange, header: bytes) -> Reply | None:
        scheme, _, token = header.partition(b" ")
        exchange.token = token_name(token.strip()) if token else ""
        known = self._tokens is None or exchange.token in self._tokens
        if scheme.lower() != b"bearer" or not exchange.token or not known:
            return WebexError(401, NO_TOKEN).reply(exchange.tracking_id)
        self._requests += 1
        self._seen[exchange.token] = self._seen.get(exchange.token, 0) + 1
        limit = self.faults.token_expires_after
        if limit is not None and self._requests > limit and self._expired is None:
            self._expired = set(self._seen)
        if exchange.token in self._revoked or exchange.token in (self._expired or ()) or self._used_up(exchange.token):
            exchange.fault = "token expired"
            return WebexError(401, NO_TOKEN).reply(exchange.tracking_id)
        return None

    def _used_up(self, token: str) -> bool:
        limits = dict(zip(self._seen, self.faults.tokens_expire_after, strict=False))
        limit = limits.get(token)
        return limit is not None and self._seen[token] > limit

    async def _admitted(self, connection: Connection, exchange: Exchange) -> None:
        latency = self.config.latency_ms + self._random.random() * self.config.latency_jitter_ms
        if latency:
            await self.clock.sleep(latency / 1000)
        rule = self.faults.strike(exchange.method, exchange.below) if self.faults.rules else None
        if rule is None:
            await self._finish(connection, exchange, self._carry_out(exchange))
            return
        exchange.fault = rule.label
        await self._misbehave(connection, exchange, rule)

    async def _finish(self, connection: Connection, exchange: Exchange, reply: Reply) -> None:
        self._write(exchange, reply.status)
        await connection.answer(reply, exchange.tracking_id)

    def _carry_out(self, exchange: Exchange, *, withhold: bool = False) -> Reply:
        """Let the tenant do what was asked."""
        try:
            handler, ids = self._tree.find(exchange.method, exchange.below)
            exchange.body = _parsed(exchange)
            call = Call(
                self.tenant,
                exchange.method,
                exchange.path,
                exchange.query,
                exchange.body,
                ids,
                exchange.base_url,
                exchange.token,
                withhold,
            )
            reply = handler(call)
        except WebexError as refusal:
            return refusal.reply(exchange.tracking_id)
        if exchange.method != "GET":
            self.tenant.changes += 1
            exchange.applied = True
            if exchange.method == "POST" and isinstance(reply.body, dict):
                exchange.created = reply.body.get("id")
        return reply

    async def _misbehave(self, connection: Connection, exchange: Exchange, rule: FaultRule) -> None:
        """Go wrong as the rule says; see `Effect`."""
        effect = rule.effect
        if effect in {Effect.TIMEOUT, Effect.RESET, Effect.DROP_BEFORE}:
            self._write(exchange, None)
            if effect is Effect.TIMEOUT:
                await connection.hold(self.clock, 120 if rule.seconds is None else rule.seconds)
            else:
                await connection.close(abruptly=effect is Effect.RESET)
            return
        if effect in {Effect.STATUS, Effect.REDIRECT}:
            await self._instead(connection, exchange, rule)
            return
        if effect is Effect.DELAY:
            await self.clock.sleep(1 if rule.seconds is None else rule.seconds)
        reply = self._carry_out(exchange, withhold=effect is Effect.PARTIAL)
        if effect is Effect.GHOST and rule.status is not None:
            await self._instead(connection, exchange, rule)
        elif effect in {Effect.GHOST, Effect.CUT}:
            self._write(exchange, None)
            await (connection.cut(reply, exchange.tracking_id) if effect is Effect.CUT else connection.close())
        else:
            await self._finish(connection, exchange, _bent(reply, exchange, rule))

    async def _instead(self, connection: Connection, exchange: Exchange, rule: FaultRule) -> None:
        reply = rule.answer(exchange.tracking_id, self.clock.now())
        if rule.effect is Effect.REDIRECT:
            reply.status = rule.status or 302
            reply.headers["Location"] = ELSEWHERE + exchange.path
        if rule.shape is Shape.OVERSIZED:
            self._write(exchange, reply.status)
            await connection.answer_oversized(reply, exchange.tracking_id, rule.size)
        else:
            await self._finish(connection, exchange, reply)

    def _write(self, exchange: Exchange, status: int | None) -> None:
        body = exchange.body
        if body is None and exchange.raw:
            with contextlib.suppress(WebexError):
                body = _parsed(exchange)
        entry: Record = {
            "seq": exchange.seq,
            "time": self.clock.timestamp(),
            "token": exchange.token,
            "method": exchange.method,
            "path": exchange.path,
            "query": exchange.query,
            "body": body,
            "status": status,
            "fault": exchange.fault,
            "applied": exchange.applied,
            "created": exchange.created,
            "tracking_id": exchange.tracking_id,
        }
        self.log.write(entry)


def token_name(token: bytes) -> str:
    """A short name for a token that does not give it away."""
    return hashlib.sha256(token).hexdigest()[:12]


def _names(tokens: Iterable[Any]) -> frozenset[str]:
    return frozenset(token_name(token.get_secret_value().encode()) for token in tokens)


def _parsed(exchange: Exchange) -> Any:
    if not exchange.raw:
        return None
    if is_form(exchange.content_type):
        return parse_form(exchange.raw, exchange.content_type)
    try:
        return json.loads(exchange.raw)
    except ValueError as broken:
        raise WebexError(400, "The request body is not valid JSON") from broken


def _bent(reply: Reply, exchange: Exchange, rule: FaultRule) -> Reply:
    """The real answer, spoilt as the rule says."""
    if rule.effect is Effect.MISSING_FIELDS and reply.status < 300:
        reply.body = without(reply.body, rule.fields)
    elif rule.effect is Effect.PARTIAL and reply.status == 200:
        reply.status = 206
    elif rule.effect is Effect.LINK_OTHER_HOST:
        reply.headers["Link"] = f'<{ELSEWHERE}{exchange.path}?cursor=1>; rel="next"'
    return reply
