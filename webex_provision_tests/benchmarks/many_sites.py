"""How long 1, 2 and 4 sites take with 1, 2 and 4 tokens, and what PostgreSQL costs a run beside SQLite.

    python -m webex_provision_tests.benchmarks.many_sites [--users 60] [--per-minute 300] [--rounds 3]

Each site is a process of its own on one sandbox, as under the run queue: in turns with all tokens, or side by side, a
token each, in as many lanes as there are tokens. A run's time is what its runs.jsonl says, so that it is Webex's limit
that is measured (`--per-minute`, of each user and endpoint family) and not how fast Python starts; that of a lane is
the sum of its runs', and the slowest lane counts.
The second table launches one site of the tests with its history here and there, in turns.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from webex_provision.assets.home import POSTGRES_VARIABLE
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.runs import read_runs
from webex_provision.sandbox import SandboxConfig, SandboxServer
from webex_provision.sandbox.limiter import Limits
from webex_provision_tests.assets.site import site_in
from webex_provision_tests.postgres_server import PostgresServer, binaries
from webex_provision_tests.rehearsal import LOCATION, user, write_csv

COUNTS = (1, 2, 4)
DND = {"calling_settings_dnd_enabled": "true"}  # a second write for each user


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=60)
    parser.add_argument("--per-minute", type=float, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    print(f"{'sites':>5}{'tokens':>8}  {'how':<22}{'seconds':>9}{'ratio':>8}{'429':>6}")  # noqa: T201
    alone = 0.0
    for sites in COUNTS:
        for tokens in COUNTS:
            lanes = min(sites, tokens)
            for side_by_side in (False, True) if lanes > 1 else (False,):
                seconds, refused = _played(sites, tokens, chosen.users, chosen.per_minute, side_by_side=side_by_side)
                alone = alone or seconds
                how = f"{lanes} side by side" if side_by_side else "in turns, all tokens"
                print(f"{sites:>5}{tokens:>8}  {how:<22}{seconds:>9.1f}{seconds / alone:>8.2f}{refused:>6}", flush=True)  # noqa: T201
    _histories(chosen.rounds)


def _played(sites: int, tokens: int, users: int, per_minute: float, *, side_by_side: bool) -> tuple[float, int]:
    """Seconds that the slowest lane took, and how many requests the tenant has refused."""
    limits = Limits(per_minute, per_minute, burst=5, organisation=1e9, in_flight=40, write_cost=1)
    with tempfile.TemporaryDirectory(prefix="webex-provision-") as folder:
        base = Path(folder)
        rows = [_rows(number, users) for number in range(sites)]
        everything = write_csv(base / "everything.csv", [row for site in rows for row in site])
        paths = [write_csv(base / f"site{number}.csv", site) for number, site in enumerate(rows)]
        with SandboxServer(SandboxConfig(seed_csv=everything, latency_ms=100)) as server:
            server.sandbox.limiter.retune(limits)
            environment = os.environ | {
                "WEBEX_PROVISION_STATE_DIR": str(base / "state"),
                "WEBEX_BASE_URL": server.base_url,
                "WEBEX_TOKEN": "token-of-user-1",
                "WEBEX_TOKENS": ",".join(f"token-of-user-{number}" for number in range(2, tokens + 1)),
                "ENVIRONMENT": "lab",
                "OUTPUT_DIR": str(base / "out"),
                "LIST_LAG_SECONDS": "1",
                "LOCK_WAIT_SECONDS": "600",
                "TOKEN_SLOT": "any" if side_by_side else "",
            }
            lanes = min(sites, tokens) if side_by_side else 1
            with ThreadPoolExecutor(lanes) as pool:
                dealt = [paths[lane::lanes] for lane in range(lanes)]
                seconds = list(pool.map(lambda lane: sum(_run(path, environment) for path in lane), dealt))
            return max(seconds), server.sandbox.limiter.refused


def _rows(number: int, users: int) -> list[dict[str, str]]:
    here = {"location_key": f"S{number}"}
    people = [user(f"user{number}x{place}", str(2_000 + place), **here, **DND) for place in range(users)]
    return [LOCATION | here | {"location_name": f"Site {number}"}, *people]


def _run(path: Path, environment: dict[str, str]) -> float:
    """Seconds from the opening of the run to its end."""
    command = [sys.executable, "-m", "webex_provision.cli", "run", str(path)]
    ran = subprocess.run(command, env=environment, cwd=path.parent, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(ran.stdout + ran.stderr)
    (folder,) = Path(environment["OUTPUT_DIR"]).glob(f"{path.stem}-*")
    (record,) = read_runs(RollOutFolder(folder)).records
    return (datetime.fromisoformat(record.ended_at) - datetime.fromisoformat(record.started_at)).total_seconds()


def _histories(rounds: int) -> None:
    found = binaries()
    if found is None:
        print("no PostgreSQL server is installed: no second table")  # noqa: T201
        return
    taken: dict[str, list[float]] = {"SQLite": [], "PostgreSQL": []}
    with PostgresServer(found) as server:
        for round_ in range(rounds + 1):
            for name, url in (("SQLite", ""), ("PostgreSQL", server.database(f"round{round_}"))):
                seconds = _launched(url)
                if round_:  # the first one loads modules
                    taken[name].append(seconds)
    beside = statistics.median(taken["SQLite"])
    print(f"\n{'history in':<12}{'seconds':>9}{'ratio':>8}")  # noqa: T201
    for name, seconds in taken.items():
        print(f"{name:<12}{statistics.median(seconds):>9.2f}{statistics.median(seconds) / beside:>8.2f}", flush=True)  # noqa: T201


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
