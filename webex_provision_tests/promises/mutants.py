"""Breaks the product on purpose, one place at a time, in scratch copies, and tells which test notices.

`python -m webex_provision_tests.promises.mutants [--only WORD] [--jobs 2]`. Each mutant meets the few tests that are
named with it; where those stay silent, the simulation and the tests of the rooms. First the same tests must pass on
the product as it is. Nothing here runs in CI but the check that every mutant still applies. A mutant that nobody
notices is a promise without a test.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from webex_provision_tests.promises.mutation import PRODUCT, ROOT, SEEDS, TESTS, Mutant, OutOfDate
from webex_provision_tests.promises.mutations_of_bounds import BOUNDS
from webex_provision_tests.promises.mutations_of_runs import RUNS
from webex_provision_tests.promises.mutations_of_writes import WRITES

MUTANTS: tuple[Mutant, ...] = (*WRITES, *RUNS, *BOUNDS)
# Asked where the tests named with a mutant stay silent: the rooms, without what kills processes or runs long.
ROOMS = ("engine", "ledger", "webex")
SEEDS_OF_CI = 200
SECONDS = 900
_TRIES = 3


@dataclass(frozen=True)
class Verdict:
    """Which test noticed a mutant ("" none), what it said, and how long that took; `expected`: one that is named."""

    test: str = ""
    said: str = ""
    seconds: float = 0.0
    expected: bool = True


def verdict_on(mutant: Mutant) -> Verdict:
    """The first test that fails with this mistake. Raises OutOfDate."""
    changed, began = mutant.source(), perf_counter()
    with _scratch() as copy:
        (copy / PRODUCT / mutant.file).write_text(changed, "utf-8")
        for expected, tests in ((True, mutant.tests), (False, (SEEDS, *ROOMS))):
            test, said = _first_failure(copy, tests)
            if test:
                return Verdict(test, said, perf_counter() - began, expected)
    return Verdict(seconds=perf_counter() - began)


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as base:
        copy = Path(base) / "copy"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".hypothesis", "__pycache__", ".dagster"))
        yield copy


def _first_failure(copy: Path, tests: Iterable[str]) -> tuple[str, str]:
    """The first of these tests that fails, and what it says; ("", "") when all pass."""
    named = [f"{TESTS}/{test}" for test in tests if test != SEEDS]
    for _ in range(_TRIES if named else 0):
        failed, said = _failed(copy, named)
        if not failed:
            break
        if _failed(copy, [failed])[0]:  # a second time: a busy machine is no proof
            return failed.removeprefix(f"{TESTS}/"), said
    if SEEDS in tests:
        ran = _run(copy, [f"{TESTS}.promises.simulate", "--seeds", str(SEEDS_OF_CI), "--first-broken"])
        broken = re.search(r"^(seed \d+):\n(?:.*\n)*?\S*?(\w+: .*)$", ran.stdout, re.MULTILINE)
        if ran.returncode != 0:
            return f"simulation, {broken[1]}" if broken else "simulation", broken[2] if broken else ran.stderr[-300:]
    return "", ""


def _failed(copy: Path, named: list[str]) -> tuple[str, str]:
    """The first of these tests that fails, and what it says."""
    ran = _run(copy, ["pytest", "-x", "-q", "-p", "no:cacheprovider", *named])
    failed = re.search(r"^(?:FAILED|ERROR) (.*?)(?: - (.*))?$", ran.stdout, re.MULTILINE)
    if failed:
        return failed[1], failed[2] or ""
    return (named[0], (ran.stdout + ran.stderr)[-300:]) if ran.returncode else ("", "")


def _run(copy: Path, module: list[str]) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"CI": "1", "PYTHONPATH": str(copy)}
    command = [sys.executable, "-m", *module]
    try:
        return subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, f"FAILED {module[-1]} - no end within {SECONDS} s", "")


def _without_mistake(chosen: Iterable[Mutant]) -> str:
    """Why the verdicts would prove nothing: a named test that fails on the product as it is."""
    tests = list(dict.fromkeys(test for mutant in chosen for test in mutant.tests))
    with _scratch() as copy:
        test, said = _first_failure(copy, tests)
    return f"{test} fails without any mutant: {said}" if test else ""


def _line(mutant: Mutant, verdict: Verdict) -> str:
    by = verdict.test or "NOBODY NOTICED"
    note = "" if verdict.expected else " (none of those named with it)"
    return f"{mutant.promise}  {mutant.name:<52} {verdict.seconds:>5.0f} s  {by}{note}: {verdict.said[:110]}".rstrip(
        ": "
    )


def main(arguments: list[str] | None = None) -> int:
    """Exit code 1 when a mutant was noticed by nobody, or could not be made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="those whose name holds this")
    parser.add_argument("--jobs", type=int, default=1, help="at the same time")
    told = parser.parse_args(arguments)
    chosen = [mutant for mutant in MUTANTS if told.only in mutant.name]
    try:
        for mutant in chosen:
            mutant.source()
    except OutOfDate as error:
        print(f"OUT OF DATE: {error}")  # noqa: T201 - this is a command
        return 1
    if wrong := _without_mistake(chosen):
        print(wrong)  # noqa: T201
        return 1
    with ThreadPoolExecutor(told.jobs) as pool:
        verdicts = []
        for mutant, verdict in zip(chosen, pool.map(verdict_on, chosen), strict=True):
            verdicts.append(verdict)
            print(_line(mutant, verdict), flush=True)  # noqa: T201
    unnoticed = sum(not verdict.test for verdict in verdicts)
    print(f"{len(chosen) - unnoticed} of {len(chosen)} mutants noticed")  # noqa: T201
    return int(unnoticed > 0)


if __name__ == "__main__":
    sys.exit(main())
