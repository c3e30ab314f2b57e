"""A roll-out and its tenant in one process and one event loop, on a clock whose hours pass at once.

Nothing goes over a socket, no fsync reaches a disk: hundreds of whole runs take seconds. `exchanges` keeps what was
asked and answered.
"""

import asyncio
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import httpx

from webex_provision.config import Settings
from webex_provision.engine.observer import Observer
from webex_provision.engine.rollout import RollOut
from webex_provision.intake.roll_out import prepare
from webex_provision.ledger.locks import STATE_DIR_VARIABLE
from webex_provision.ledger.manifest import Selection
from webex_provision.sandbox import Sandbox, SandboxConfig
from webex_provision.sandbox.faults import Faults
from webex_provision.sandbox.routing import RouteTree
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests import checker
from webex_provision_tests.rehearsal import TOKEN, drive, settings_for, write_csv
from webex_provision_tests.sandbox.in_process import SandboxTransport
from webex_provision_tests.virtual_clock import VirtualClock

BASE_URL = "http://127.0.0.1:1/v1"
FORM = "multipart/form-data"


class Exchange(NamedTuple):
    """A request and its answer; `url` is path and query, a body is None when there is none, FORM for a form."""

    method: str
    url: str
    sent: Any
    status: int
    answered: Any


class _Recorded(SandboxTransport):
    """Keeps every exchange that came to an end."""

    def __init__(self, sandbox: Sandbox, exchanges: list[Exchange]) -> None:
        super().__init__(sandbox)
        self._exchanges = exchanges

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        content = await response.aread()
        form = request.headers.get("content-type", "").startswith(FORM)
        sent, url = FORM if form else _json(await request.aread()), request.url.raw_path.decode()
        self._exchanges.append(Exchange(request.method, url, sent, response.status_code, _json(content, lenient=True)))
        return httpx.Response(response.status_code, headers=response.headers, content=content)


def recorded(sandbox: Sandbox, exchanges: list[Exchange]) -> httpx.AsyncBaseTransport:
    """A way into a sandbox that keeps in `exchanges` what goes through."""
    return _Recorded(sandbox, exchanges)


def _json(content: bytes, *, lenient: bool = False) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        if lenient:
            return None
        raise


async def _at_once(work: Callable[..., Any], *arguments: Any) -> Any:
    """Instead of a thread: a clock that moves whenever the loop is idle would run away while the thread works."""
    return work(*arguments)


class InProcessSite:
    """One CSV, one tenant, one output folder. `seeded` are the rows whose people and numbers are there."""

    def __init__(
        self,
        base: Path,
        rows: Sequence[Mapping[str, str]],
        *,
        seeded: Sequence[Mapping[str, str]] | None = None,
        clock_seed: int = 0,
        routes: RouteTree | None = None,
        clock: VirtualClock | None = None,
        **settings: Any,
    ) -> None:
        self.base = base
        self.folder = base / "out"
        self.csv = write_csv(base / "site.csv", rows)
        self.clock = clock or VirtualClock(clock_seed)
        seed_csv = self.csv if seeded is None else write_csv(base / "directory.csv", seeded)
        self.sandbox = Sandbox(SandboxConfig(seed_csv=seed_csv), clock=self.clock, routes=routes)
        self.clock.advance(3600)  # what is seeded is an hour old, so that no list hides it
        self.exchanges: list[Exchange] = []
        self.observer: Observer | None = None
        quick = {"list_lag_seconds": 10, "request_timeout_seconds": 20, "batch_size": 20}
        self.settings: Settings = settings_for(BASE_URL, **(quick | settings))
        self.names = {
            person_id: str(person["displayName"])
            for person_id, person in self.sandbox.tenant.table("people").rows.items()
        }

    def prepare(self) -> None:
        """Intake; a folder that holds the same rows already stays as it is."""
        with self.nothing_waits():
            prepare(self.csv, self.settings, clock=self.clock, folder=self.folder)

    def run(self, mode: RunMode = RunMode.RESUME, selection: Selection | None = None) -> RunState:
        """Intake and all phases; a clean stop or a failed preflight is told by the state."""
        self.prepare()
        return self.drive(mode, selection)

    def drive(self, mode: RunMode = RunMode.RESUME, selection: Selection | None = None) -> RunState:
        """All phases, over what intake has left."""
        with self.nothing_waits():
            return drive(
                RollOut(
                    self.folder,
                    self.settings,
                    run_id="in-process",
                    mode=mode,
                    selection=selection,
                    clock=self.clock,
                    transport=self.transport(),
                    observer=self.observer,
                )
            )

    def transport(self) -> httpx.AsyncBaseTransport:
        """What leads to the tenant."""
        return _Recorded(self.sandbox, self.exchanges)

    @contextmanager
    def nothing_waits(self) -> Iterator[None]:
        """Inside it, the product runs in one thread, and no fsync reaches a disk."""
        with (
            patch.object(asyncio, "to_thread", _at_once),
            patch.object(os, "fsync", lambda _: None),
            patch.dict(os.environ, {STATE_DIR_VARIABLE: str(self.base / "state")}),
        ):
            yield

    def faults(self, faults: Faults) -> None:
        """What goes wrong from now on."""
        self.sandbox.set_faults(faults)

    def check(self, *, complete: bool = True) -> None:
        """All promises hold."""
        checker.check(
            self.folder,
            list(self.sandbox.log.entries),
            token=TOKEN,
            names=self.names,
            state=self.sandbox.tenant.normalised(),
            complete=complete,
        )

    def last_states(self) -> dict[str, dict[str, str]]:
        """The last record of every row."""
        return {record["row_id"]: record for _, record in checker.read_records(self.folder / "results.csv")}
