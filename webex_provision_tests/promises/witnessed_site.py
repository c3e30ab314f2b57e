"""A site whose tenant notes on whose behalf each request came and whether its answer got through; it can be killed.

An entry of the request log gains `row`, `type` and `attempt` (whose request it was; "" and 0 when it was nobody's),
`launch` (counted from 1), `answered` (the client has read an answer), `garbled` (a success that is no JSON), `lagging`
and `hidden` (it was asked while lists lag, while they hid something), `retry_after` (as it was answered), and when it
was sent, carried out and answered: `sent_at`, `at` and `ended_at`, in seconds since 1970.
"""

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from unittest.mock import patch

import httpx
from pydantic import SecretStr

from webex_provision.actions.declaration import EntityType
from webex_provision.actions.row import Row
from webex_provision.engine.batch_report import BatchReport
from webex_provision.engine.errors import NotYetDue
from webex_provision.engine.executor import Executor
from webex_provision.engine.joint_call import JointCall
from webex_provision.engine.progress import RowResult
from webex_provision.engine.row_runner import RowRunner
from webex_provision.ledger.errors import GenerationOpen
from webex_provision.sandbox import Sandbox
from webex_provision.sandbox.faults import Faults
from webex_provision.sandbox.request_log import RequestLog
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests import request_checks as checks
from webex_provision_tests.broken_promise import require
from webex_provision_tests.checker import FolderCheck, Line, quoted_records, read_records
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.promises.dying import Disk, Killed, Reaper
from webex_provision_tests.promises.fault_kinds import AFTER, BEFORE, CALLER, LOOKING, TOKEN_DIES, Caller, Death
from webex_provision_tests.rehearsal import TOKEN
from webex_provision_tests.sandbox.in_process import SandboxTransport
from webex_provision_tests.virtual_clock import VirtualClock

MOST_REQUESTS = 4_000  # of one launch: a hundred and more a row
MOST_SECONDS = 3 * 7_200.0  # of one launch: the time budget of its three batches
_SENT: ContextVar[list[dict[str, Any]]] = ContextVar("sent")
_SENT_AT: ContextVar[float] = ContextVar("sent_at")


class OutOfBounds(SystemExit):
    """A launch takes more requests or more time than any bound allows."""


class WitnessedLog(RequestLog):
    """The request log, with what the client's side of an exchange adds."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(limit=100_000)
        self._sandbox = sandbox
        self.launch, self._requests = 0, 0

    def begin(self) -> None:
        """Another launch."""
        self.launch += 1
        self._requests = 0

    def write(self, entry: dict[str, Any]) -> None:
        caller, now = CALLER.get(), self._sandbox.clock.now().timestamp()
        entry |= {
            "row": caller.row_id if caller else "",
            "type": caller.entity_type if caller else "",
            "attempt": caller.attempt if caller else 0,
            "launch": self.launch,
            "answered": False,
            "garbled": False,
            "at": now,
            "sent_at": _SENT_AT.get(now),
            "retry_after": None,
            "ended_at": None,
            "lagging": entry["method"] == "GET" and self._sandbox.tenant.quirks.list_lag_seconds > 0,
            "hidden": entry["method"] == "GET" and self._lagging(),
        }
        if entry["fault"] == TOKEN_DIES:
            self._sandbox.faults.token_expires_after = 0
        super().write(entry)
        _SENT.get([]).append(entry)
        self._requests += 1
        if self._requests > MOST_REQUESTS:
            raise OutOfBounds(f"more than {MOST_REQUESTS} requests in a launch")

    def _lagging(self) -> bool:
        tenant = self._sandbox.tenant
        if not tenant.quirks.list_lag_seconds:
            return False
        return any(tenant.lagging(max(table.born.values(), default=0)) for table in tenant.tables.values())


class BoundedClock(VirtualClock):
    """A clock on which no launch goes on for ever."""

    until = float("inf")

    async def sleep(self, seconds: float) -> None:
        if self.elapsed > self.until:
            raise OutOfBounds(f"more than {MOST_SECONDS:g} s in a launch")
        await super().sleep(seconds)


class _Wire(SandboxTransport):
    """The tenant carries out what it was sent, also when the client has gone in the meantime."""

    def __init__(self, sandbox: Sandbox, reaper: Reaper) -> None:
        super().__init__(sandbox)
        self._reaper, self._clock = reaper, sandbox.clock
        self._losing: set[Caller | None] = set()  # whose last write has no answer that tells

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._reaper.dead:
            await asyncio.get_running_loop().create_future()  # nobody is left who could send it
        caller = CALLER.get()
        self._reaper.at_request(BEFORE, request.method)
        if caller in self._losing and request.method == "GET":
            self._reaper.at_request(LOOKING, request.method)
        sent: list[dict[str, Any]] = []
        _SENT.set(sent)
        _SENT_AT.set(self._clock.now().timestamp())
        carried_out = asyncio.ensure_future(super().handle_async_request(request))
        carried_out.add_done_callback(lambda done: done.cancelled() or done.exception())
        if request.method != "GET":
            self._losing.add(caller)
        response = await asyncio.shield(carried_out)
        content = await response.aread()
        self._reaper.at_request(AFTER, request.method)
        for entry in sent:
            entry["answered"], entry["garbled"] = True, response.is_success and not _is_json(content)
            entry["retry_after"] = response.headers.get("retry-after")
            if not checks.lost(entry):
                self._losing.discard(caller)
            entry["ended_at"] = self._clock.now().timestamp()
        return httpx.Response(response.status_code, headers=response.headers, content=content)


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content or b"null")
    except ValueError:
        return False
    return True


class _Ear(logging.Handler):
    """Hears everything that the product logs, before any redaction; keeps what holds the token."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.leaks: list[str] = []
        self.setFormatter(logging.Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{self.format(record)} {record.__dict__}"
        if TOKEN in text:
            self.leaks.append(text)


class WitnessedSite(InProcessSite):
    """One CSV, one tenant, one folder, launched and killed again and again."""

    clock: BoundedClock
    log: WitnessedLog

    def __init__(self, *arguments: Any, clock_seed: int = 0, **settings: Any) -> None:
        super().__init__(*arguments, clock=BoundedClock(clock_seed), **settings)
        self.log = self.sandbox.log = WitnessedLog(self.sandbox)
        self.ear = _Ear()
        self._disk = Disk(self.folder)
        self._reaper = Reaper(None, self._disk, self.clock)

    def goes_wrong(self, faults: Faults) -> None:
        """From now on; where an error message repeats the token, it is the one that was sent."""
        for rule in faults.rules:
            rule.message = rule.message.replace("{token}", self.settings.webex_token.get_secret_value())
        self.faults(faults)

    def new_token(self) -> None:
        """Another token of the same administrator."""
        self.settings = self.settings.model_copy(update={"webex_token": SecretStr(f"{TOKEN}-{self.log.launch}")})

    def launch(self, mode: RunMode = RunMode.RESUME, death: Death | None = None) -> RunState | None:
        """One run of the product; None when it was killed, or refused because something else is unfinished."""
        self.log.begin()
        self.clock.until = self.clock.elapsed + MOST_SECONDS
        self._reaper = Reaper(death, self._disk, self.clock)
        CALLER.set(None)
        try:
            return self.run(mode)
        except (Killed, RuntimeError):
            if not self._reaper.dead:
                raise
            return None
        except (GenerationOpen, NotYetDue):
            return None
        finally:
            if self._reaper.dead:
                self._disk.restore()
                self.clock.elapsed = self._reaper.died_at

    def results(self) -> list[Line]:
        """The records of results.csv, none before the first launch."""
        path = self.folder / "results.csv"
        return read_records(path) if path.exists() else []

    def check_launch(self, *, complete: bool, earlier: Sequence[Line]) -> None:
        """What must hold after every launch: the folder's promises, and that nothing recorded before is lost."""
        if not (self.folder / "results.csv").exists():
            return
        folder = FolderCheck(self.folder, complete=complete)
        folder.all(TOKEN)
        checks.check_history(earlier, self.results())
        for _, record in self.results():
            require(record["reason_code"] != "unhandled_exception", f"a fault of the program: {record}")
        require(not self.ear.leaks, f"the token was logged: {self.ear.leaks[:1]}")

    def check_life(self, expected: checks.Footprint) -> None:
        """What must hold of all that the tenant was asked."""
        log, lag = list(self.log.entries), self.settings.list_lag_seconds
        commits = [record for _, record in self.results()]
        ready = {row["row_id"]: row for row in quoted_records(self.folder / "ready_to_load.csv")}
        checks.check_resends(log, lag)
        checks.check_given_up(log, commits, lag)
        checks.check_proof(log, commits, expected)
        checks.check_lists(log, ready)
        checks.check_bounds(log)
        checks.check_waits(log)
        checks.check_secret(log, TOKEN)
        checks.check_ranks(log)
        checks.check_apart(log)

    @property
    def struck(self) -> str | None:
        """The type of the row that the last launch died at ("": none), None when it lived."""
        return self._reaper.struck if self._reaper.dead else None

    def transport(self) -> httpx.AsyncBaseTransport:
        """The wire to the tenant, on which the process may die."""
        return _Wire(self.sandbox, self._reaper)

    @contextmanager
    def nothing_waits(self) -> Iterator[None]:
        """As ever; and here it may die, is heard, and tells for which row it asks."""
        product, loops = logging.getLogger("webex_provision"), logging.getLogger("asyncio")
        level = product.level
        product.addHandler(self.ear)
        product.setLevel(logging.DEBUG)
        loops.setLevel(logging.CRITICAL + 1)  # a loop that died speaks of the tasks that died with it
        try:
            with (
                super().nothing_waits(),
                self._disk.watched(),
                self._reaper.in_the_ledger(),
                patch.object(RowRunner, "run", _named(RowRunner.run)),
                patch.object(Executor, "_record", _recorded(Executor._record)),
            ):
                yield
        finally:
            product.removeHandler(self.ear)
            product.setLevel(level)
            loops.setLevel(logging.NOTSET)


def _named(run: Any) -> Any:
    """The row of a request is told by the context in which it is sent."""

    async def named(self: RowRunner, entity_type: EntityType, row: Row, joint: JointCall | None = None) -> RowResult:
        attempt = getattr(self._intents, "attempt", 0)
        CALLER.set(Caller(row.row_id, row.entity_type, attempt))
        result: RowResult = await run(self, entity_type, row, joint)
        return result

    return named


def _recorded(record: Any) -> Any:
    """So is the row that is recorded."""

    def recorded(self: Executor, row: Row, result: RowResult, report: BatchReport) -> None:
        CALLER.set(Caller(row.row_id, row.entity_type, 0))
        record(self, row, result, report)

    return recorded
