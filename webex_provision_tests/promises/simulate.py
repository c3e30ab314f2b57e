"""Simulates lives of roll-outs by their seeds: `python -m webex_provision_tests.promises.simulate --seeds 1000`.

Prints every broken promise with its seed, and how often each kind of fault hit each type. `--seed N` replays one.
"""

import argparse
import json
import logging
import sys
import traceback
from collections.abc import Iterable
from functools import partial
from multiprocessing import get_context
from time import perf_counter

from webex_provision_tests.promises.coverage import aim_of, table
from webex_provision_tests.promises.environment import needs
from webex_provision_tests.promises.simulation import Hits, play


def _lived(seed: int, aim: str) -> tuple[int, Hits, str]:
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)  # of tasks that died with their process
    with needs():
        try:
            return seed, play(seed, aim_of(aim).plan() if aim else None), ""
        except (Exception, SystemExit) as error:
            return seed, Hits(), "".join(traceback.format_exception(error, limit=-4))


def main(arguments: list[str] | None = None) -> int:
    """Exit code 1 when a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, help="play this one")
    parser.add_argument("--aim", default="", help="and these faults, as a failure told them")
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first of them")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--minutes", type=float, default=24 * 60, help="at most; what has not begun then is left out")
    parser.add_argument("--first-broken", action="store_true", help="end at the first promise that is broken")
    told = parser.parse_args(arguments)
    seeds: Iterable[int] = range(told.first, told.first + told.seeds) if told.seed is None else [told.seed]
    began, hits, broken, played = perf_counter(), Hits(), 0, 0
    with get_context("spawn").Pool(told.jobs) as pool:
        for seed, found, said in pool.imap_unordered(partial(_lived, aim=told.aim), seeds):
            played, broken = played + 1, broken + bool(said)
            hits.update(found)
            if said:
                print(f"seed {seed}:\n{said}", flush=True)  # noqa: T201 - this is a command
            if (said and told.first_broken) or perf_counter() - began > told.minutes * 60:
                break
    print(table(hits))  # noqa: T201
    print(json.dumps({"played": played, "broken": broken, "seconds": round(perf_counter() - began, 1)}))  # noqa: T201
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
