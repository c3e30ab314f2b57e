"""What the program itself costs where neither latency nor a limit is waited for, each figure beside its target.

    python -m webex_provision_tests.benchmarks.own_cost [--rows 21000] [--rounds 3]

A call of our client against bare httpx; a record of the ledger; intake of so many rows and of ten times as many; a
whole run of a seventh of the rows and of all, against a sandbox in a process of its own, without Dagster and with it;
the start of the command. CPU and memory are those of processes that do nothing else; ratios are of this one run, so
they hold on any machine. The command takes some minutes. Ends with 1 where a target is missed.
"""

import argparse
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import yaml

from webex_provision.generator import NEEDS, write_csv
from webex_provision_tests.benchmarks import client_cost
from webex_provision_tests.benchmarks.own_work import TOKEN, intended, recorded
from webex_provision_tests.benchmarks.processes import Spent, python, sandbox

SMALLER = 7  # the smaller run has this part of the rows
LARGER = 10  # the larger intake has so many times the rows
STARTS = 5
RECORDS = 20_000


@dataclass(frozen=True)
class Figure:
    """One line: what is measured, how it came out, and whether that is what we want (None: no target)."""

    what: str
    found: str
    target: str = ""
    met: bool | None = None


def main() -> int:
    """Measures and prints, line by line; 0 where every target is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=21_000)
    parser.add_argument("--rounds", type=int, default=3, help="of what takes seconds; the median counts")
    chosen = parser.parse_args()
    logging.disable(logging.CRITICAL)
    missed = []
    with tempfile.TemporaryDirectory(prefix="webex-provision-") as folder:
        for figure in _figures(Path(folder), chosen.rows, chosen.rounds):
            mark = {None: "", True: "met", False: "MISSED"}[figure.met]
            print(f"{figure.what:<58}{figure.found:>34}  {figure.target:<10}{mark}", flush=True)  # noqa: T201
            missed += [figure.what] if figure.met is False else []
    return 1 if missed else 0


def _figures(base: Path, rows: int, rounds: int) -> Iterator[Figure]:
    yield _start(base)
    bare, ours, ratio = client_cost.measured(calls=2_000, rounds=rounds)
    yield _at_most(
        "CPU of a call, ours to bare httpx", ratio, 1.3, f"{ratio:.2f} ({ours * 1e3:.2f} to {bare * 1e3:.2f} ms)"
    )
    yield from _ledger(base, bare)
    yield from _intake(base, rows)
    yield from _runs(base, rows)


def _at_most(what: str, value: float, most: float, found: str) -> Figure:
    return Figure(what, found, f"<= {most:g}", value <= most)


def _start(base: Path) -> Figure:
    seconds = median(python(base, "-m", "webex_provision.cli", "--help").seconds for _ in range(STARTS))
    empty = median(python(base, "-c", "pass").seconds for _ in range(STARTS))
    found = f"{seconds:.2f} s (Python alone {empty:.2f} s)"
    return _at_most("start of webex-provision --help, seconds", seconds, 0.5, found)


def _ledger(base: Path, bare: float) -> Iterator[Figure]:
    """A record is written by the same thread that sends: what it takes is taken from the calls."""
    record, intent = recorded(base / "records", RECORDS), intended(base / "intents", RECORDS // 10)
    found = f"{record / bare:.2f} ({record * 1e6:.0f} us)"
    yield _at_most("CPU of a ledger record, to a call of bare httpx", record / bare, 0.2, found)
    found = f"{intent / bare:.2f} ({intent * 1e6:.0f} us)"
    yield Figure("time of an intent with its fsync, 8 at a time, to such a call", found)


def _intake(base: Path, rows: int) -> Iterator[Figure]:
    """One pass: ten times the rows, ten times the time."""
    seconds, peaks, sizes = [], [], []
    for count in (rows, rows * LARGER):
        path = base / f"intake-{count}.csv"
        write_csv(path, count)
        spent = _own_work(base, "intake", str(path), str(base / f"intake-{count}"))
        seconds.append(float(spent.told))
        peaks.append(spent.peak)
        sizes.append(path.stat().st_size)
        found = f"{seconds[-1]:.2f} s, {seconds[-1] / count * 1e6:.0f} us a row, {spent.peak / 1e6:.0f} MB"
        yield Figure(f"intake of {count} rows", found)
    growth = seconds[1] / seconds[0]
    yield _at_most(f"time of intake for {LARGER} times the rows", growth, 1.1 * LARGER, f"{growth:.1f} times")
    extra = (peaks[1] - peaks[0]) / (sizes[1] - sizes[0])
    yield Figure("memory of intake, for each byte more of the CSV", f"{extra:.1f} bytes")


def _runs(base: Path, rows: int) -> Iterator[Figure]:
    """Memory is that of runs whose intake was another process: what they hold beyond the input."""
    few = rows // SMALLER
    smaller, all_rows = _after_intake(base, few), _after_intake(base, rows)
    for count, spent in ((few, smaller), (rows, all_rows)):
        found = f"{count / spent.seconds:.0f} rows a second, CPU {spent.cpu / count * 1e3:.2f} ms a row"
        yield Figure(f"run of {count} rows, without Dagster", found)
    growth = all_rows.cpu / smaller.cpu
    yield _at_most(f"CPU of a run for {SMALLER} times the rows", growth, 1.1 * SMALLER, f"{growth:.1f} times")
    memory, a_row = all_rows.peak / smaller.peak, (all_rows.peak - smaller.peak) / (rows - few)
    found = f"{memory:.2f} ({all_rows.peak / 1e6:.0f} to {smaller.peak / 1e6:.0f} MB)"
    yield _at_most(f"peak memory of a run for {SMALLER} times the rows", memory, 1.5, found)
    yield Figure("the same, for each row more", f"{a_row / 1e3:.1f} kB")
    yield from _dagster(base, few)


def _dagster(base: Path, rows: int) -> Iterator[Figure]:
    """What Dagster adds to intake and run, processes and their start included."""
    alone, all_of_it = _in_one(base, rows), _with_dagster(base, rows)
    seconds, at_limit = all_of_it.cpu - alone.cpu, int(alone.told) / 300 * 60
    found = f"{seconds:.1f} s of {all_of_it.cpu:.1f} s, {(all_of_it.peak - alone.peak) / 1e6:.0f} MB"
    yield Figure(f"Dagster's share of the CPU of a run of {rows} rows", found)
    found = f"{seconds / at_limit:.1%} of {at_limit / 60:.0f} minutes"
    yield _at_most("the same, to the time of that run at 300 calls a minute", seconds / at_limit, 0.02, found)


def _own_work(base: Path, *arguments: str, **environment: str) -> Spent:
    return python(base, "-m", "webex_provision_tests.benchmarks.own_work", *arguments, **environment)


@contextmanager
def _tenant(base: Path, rows: int) -> Iterator[tuple[Path, Path, dict[str, str]]]:
    """A CSV, an empty folder, and the environment of a tenant that holds its people."""
    folder = Path(tempfile.mkdtemp(dir=base))
    path = folder / "site.csv"
    write_csv(path, rows)
    with sandbox(path) as url:
        yield path, folder, {"WEBEX_TOKEN": TOKEN, "WEBEX_BASE_URL": url, "ENVIRONMENT": "lab", **NEEDS}


def _after_intake(base: Path, rows: int) -> Spent:
    with _tenant(base, rows) as (path, folder, environment):
        _own_work(base, "intake", str(path), str(folder / "out"))
        return _own_work(base, "run", str(path), str(folder / "out"), **environment)


def _in_one(base: Path, rows: int) -> Spent:
    with _tenant(base, rows) as (path, folder, environment):
        return _own_work(base, "both", str(path), str(folder / "out"), **environment)


def _with_dagster(base: Path, rows: int) -> Spent:
    with _tenant(base, rows) as (path, folder, environment):
        (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        config = {"csv_path": str(path), "output_dir": str(folder / "out")}
        (folder / "run.yaml").write_text(yaml.safe_dump({"ops": {"roll_out": {"config": config}}}))
        job = ("dagster", "job", "execute", "-m", "webex_provision.definitions", "-j", "provision")
        home = {"DAGSTER_HOME": str(folder)}
        return python(base, "-m", *job, "-c", str(folder / "run.yaml"), **environment, **home)


if __name__ == "__main__":
    sys.exit(main())
