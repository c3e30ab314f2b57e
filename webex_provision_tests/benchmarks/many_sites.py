"""How long 1, 2 and 4 files take with 1, 2 and 4 tokens, and what PostgreSQL costs a run beside SQLite.

    python -m webex_provision_tests.benchmarks.many_sites [--users 40] [--rounds 5]

First table: sites of so many users on one sandbox that lets each user make 300 calls a minute and endpoint family: in
turns with all tokens, or side by side as under the run queue, a process and a token each, in as many lanes as there are
tokens. Seconds are those of the runs, from their runs.jsonl, so that it is Webex's limit that is measured and not how
fast Python starts: a lane's are the sum of its runs', and the slowest lane counts. Some ten minutes.

Second table: launches of one small site through Dagster, its history here and there in turns, each server as it is
installed, fsync included.
"""

import argparse
import os
import statistics
import tempfile
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from multiprocessing import get_context
from pathlib import Path

from webex_provision.assets.home import POSTGRES_VARIABLE
from webex_provision.clock import Clock
from webex_provision.config import Environment, Settings
from webex_provision.engine.rollout import RollOut
from webex_provision.intake.roll_out import prepare
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.locks import STATE_DIR_VARIABLE
from webex_provision.ledger.runs import read_runs
from webex_provision.sandbox import SandboxConfig, SandboxServer
from webex_provision.sandbox.limiter import Limits
from webex_provision.vocabulary import RunState
from webex_provision_tests.assets.site import site_in
from webex_provision_tests.benchmarks.tenant_profiles import UNLIMITED
from webex_provision_tests.postgres_server import PostgresServer, binaries
from webex_provision_tests.rehearsal import LOCATION, drive, user, write_csv

COUNTS = (1, 2, 4)
DND = {"calling_settings_dnd_enabled": "true"}  # a second write for each user
LATENCY_MS = 300
LIMITS = Limits(family=300, people=300, burst=5, organisation=UNLIMITED, in_flight=40, write_cost=1)


@dataclass(frozen=True)
class Lane:
    """Sites that one process brings up, one after the other."""

    base: Path
    files: tuple[Path, ...]
    base_url: str
    tokens: tuple[str, ...]
    slot: str

    def play(self) -> float:
        """Seconds, from the opening of each run to its end."""
        os.environ[STATE_DIR_VARIABLE] = str(self.base / "state")
        first, *further = self.tokens
        settings = Settings(
            webex_token=first,
            webex_tokens=",".join(further),
            token_slot=self.slot,
            webex_base_url=self.base_url,
            environment=Environment.LAB,
        )
        clock, seconds = Clock(), 0.0
        for file in self.files:
            folder = self.base / file.stem
            prepare(file, settings, clock=clock, folder=folder)
            state = drive(RollOut(folder, settings, run_id="run", clock=clock))
            if state is not RunState.COMPLETED:
                raise RuntimeError(f"{folder}: {state}")
            (record,) = read_runs(RollOutFolder(folder)).records
            ended, started = (datetime.fromisoformat(at) for at in (record.ended_at, record.started_at))
            seconds += (ended - started).total_seconds()
        return seconds


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    print(f"{'files':>5}{'tokens':>8}  {'how':<22}{'seconds':>9}{'ratio':>8}{'calls':>8}{'429':>6}")  # noqa: T201
    alone = 0.0
    # Processes of their own, which take nothing of the sandbox's with them.
    with ProcessPoolExecutor(max(COUNTS), mp_context=get_context("spawn")) as pool:
        _played(pool, max(COUNTS), max(COUNTS), max(COUNTS), users=2)  # each process loads its modules
        for files, tokens in product(COUNTS, COUNTS):
            for lanes in sorted({1, min(files, tokens)}):
                seconds, calls, refused = _played(pool, files, tokens, lanes, chosen.users)
                alone = alone or seconds
                how = "in turns, all tokens" if lanes == 1 else f"{lanes} side by side"
                figures = f"{seconds:>9.1f}{seconds / alone:>8.2f}{calls:>8}{refused:>6}"
                print(f"{files:>5}{tokens:>8}  {how:<22}{figures}", flush=True)  # noqa: T201
    _histories(chosen.rounds)


def _played(pool: Executor, files: int, tokens: int, lanes: int, users: int) -> tuple[float, int, int]:
    """Seconds that the slowest lane took, requests, and how many of them the tenant has refused."""
    with tempfile.TemporaryDirectory(prefix="webex-provision-") as folder:
        base = Path(folder)
        rows = [_rows(number, users) for number in range(files)]
        everything = write_csv(base / "everything.csv", [row for site in rows for row in site])
        paths = [write_csv(base / f"site{number}.csv", site) for number, site in enumerate(rows)]
        config = SandboxConfig(seed_csv=everything, latency_ms=LATENCY_MS)
        with SandboxServer(config) as server:
            server.sandbox.limiter.retune(LIMITS)
            given = tuple(f"token-of-user-{number}" for number in range(1, tokens + 1))
            played = [
                Lane(
                    base,
                    tuple(paths[lane::lanes]),
                    server.base_url,
                    given,
                    slot=str(lane + 1) if lanes > 1 else "",
                )
                for lane in range(lanes)
            ]
            seconds = max(pool.map(Lane.play, played))
            return seconds, len(server.log.entries), server.sandbox.limiter.refused


def _rows(number: int, users: int) -> list[dict[str, str]]:
    here = {"location_key": f"S{number}"}
    people = [user(f"user{number}x{place}", str(20_000 + place), **here, **DND) for place in range(users)]
    return [LOCATION | here | {"location_name": f"Site {number}"}, *people]


def _histories(rounds: int) -> None:
    found = binaries()
    if found is None:
        print("no PostgreSQL server is installed: no second table")  # noqa: T201
        return
    taken: dict[str, list[float]] = {"SQLite": [], "PostgreSQL": []}
    with PostgresServer(found, durable=True) as server:
        for round_ in range(rounds + 1):
            for name, url in (("SQLite", ""), ("PostgreSQL", server.database(f"round{round_}"))):
                seconds = _launched(url)
                if round_:  # the first one loads modules
                    taken[name].append(seconds)
    beside = statistics.median(taken["SQLite"])
    print(f"\n{'history in':<12}{'seconds':>9}{'more':>8}")  # noqa: T201
    for name, seconds in taken.items():
        median = statistics.median(seconds)
        print(f"{name:<12}{median:>9.2f}{median - beside:>8.2f}", flush=True)  # noqa: T201


def _launched(url: str) -> float:
    """Seconds of one launch of eight rows in five batches; the history is set up before."""
    with tempfile.TemporaryDirectory(prefix="webex-provision-") as folder, site_in(Path(folder)) as site:
        os.environ[POSTGRES_VARIABLE] = url
        site.launch(phases=[1])
        began = time.perf_counter()
        site.launch()
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
