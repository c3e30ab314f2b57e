"""webex_provision beside scripts on wxc-sdk and beside the bound: same rows, same tenant, same limits, in turns.

`python -m webex_provision_tests.benchmarks.side_by_side [--rows 600 --profile documented --out FOLDER]`, with the
extras `test` and, for the plots, `bench`. The sandbox is one process, each contestant another, between them a socket
of 127.0.0.1. All go by one clock that runs `--speed` times faster (latency, rates and Retry-After alike), so that
minutes under Webex's limits take seconds; only CPU does not shrink, so a speed too high measures this machine.
Times are ratios to a client that sends nothing but the writes, as fast as the limit allows. Ends with 1 when a
contestant fails, or leaves another tenant than the reference.
"""

import argparse
import logging
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from webex_provision.sandbox import Profile
from webex_provision_tests.benchmarks.contest import Circumstances, Contest, WrongResult, contest_rows, in_own_process
from webex_provision_tests.benchmarks.contest_report import doubt, table, write_json, write_plots
from webex_provision_tests.benchmarks.contestants import CONTESTANTS

# The slower the limit, the faster the clock: a contestant takes well under a minute.
SPEEDS = {Profile.NONE: 2, Profile.DOCUMENTED: 4, Profile.TIGHT: 10, Profile.HOSTILE: 30}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--latency-ms", type=float, default=100)
    parser.add_argument("--profile", choices=[profile.value for profile in Profile], default=Profile.DOCUMENTED.value)
    parser.add_argument("--speed", type=float, help="by default 2 to 30, by profile")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="folder for figures.json, throughput.png and calls.png")
    given = parser.parse_args()
    if given.rows < 1 or given.rounds < 1 or given.latency_ms < 0 or (given.speed is not None and given.speed <= 0):
        parser.error("rows, rounds and speed are positive, latency is not negative")
    if given.out is not None and find_spec("matplotlib") is None:
        parser.error("--out draws plots, which need matplotlib: pip install -e '.[test,bench]', or leave --out away")
    return given


def main() -> int:
    """Plays all rounds, prints the table; 0 when every result was right."""
    given = _arguments()
    profile = Profile(given.profile)
    circumstances = Circumstances(profile, given.latency_ms, given.speed or SPEEDS[profile], given.seed)
    logging.disable(logging.CRITICAL)
    outcomes = []
    try:
        with tempfile.TemporaryDirectory() as base:
            contest = Contest(contest_rows(given.rows, given.seed), circumstances, Path(base))
            for round_ in range(1, given.rounds + 1):
                for name in CONTESTANTS:
                    outcome = contest.play(name, round_, in_own_process)
                    outcomes.append(outcome)
                    minutes = outcome.measured.seconds / 60
                    told = f"round {round_}: {name}, {len(outcome.calls)} calls, {minutes:.1f} minutes of the tenant"
                    sys.stderr.write(told + "\n")
    except WrongResult as wrong:
        sys.stderr.write(f"WRONG: {wrong}\n")
        return 1
    sys.stdout.write("\n".join(table(outcomes)) + "\n")
    if doubtful := doubt(outcomes):
        sys.stderr.write(f"{doubtful}\n")
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        write_json(given.out / "figures.json", circumstances, outcomes)
        write_plots(given.out, outcomes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
