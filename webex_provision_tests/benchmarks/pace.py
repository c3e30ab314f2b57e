"""How much of a tenant's limit we use without knowing it, and what that costs in 429s.

    python -m webex_provision_tests.benchmarks.pace [--minutes 30] [--seeds 3] [--latency 0.02 --latency 0.3]
        [--tenant documented] [--plot pace.png]

Deterministic: virtual time, seeded chance. A slow tenant is measured until it could have served a site of 3,000 rows:
learning costs the same few 429s in a long run as in a short one. A line is over all calls of all seeds, so that a run
that a Retry-After beyond the bound ends after seconds counts for no more than these; the last columns are the worst.
Where chance draws a Retry-After of a minute or two, a line is over more seeds: a few runs would measure luck.
"""

import argparse
from itertools import product
from pathlib import Path
from statistics import fmean

from webex_provision_tests.benchmarks.pace_simulation import Measured, possible, reached
from webex_provision_tests.benchmarks.tenant_profiles import TENANTS, UNLIMITED, Tenant

LATENCIES = (0.02, 0.3, 2.0)
MOST_CALLS = 20_000  # a tenant without limit is measured for a shorter time
SITE_CALLS = 4_600  # those of 3,000 rows
PROBE_SECONDS = 20.0
SEEDS_OF_CHANCE = 8  # times as many where a long Retry-After is drawn by lot
WINDOW = 10.0
HEAD = f"{'tenant':<27}{'latency':>8}{'min':>6}{'possible/s':>11}{'ours/s':>8}{'share':>8}{'429':>8}"
TAIL = f"{'longest wait':>14}{'in flight':>10}{'early':>6}{'given up':>9}{'stopped':>8}"


def main() -> None:
    """Print the table; draw the plot if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--latency", type=float, action="append", help=f"seconds; default {LATENCIES}")
    parser.add_argument("--tenant", action="append", choices=TENANTS)
    parser.add_argument("--plot", type=Path, help="PNG: throughput over time against the limit")
    chosen = parser.parse_args()
    print(HEAD + TAIL)  # noqa: T201
    drawn = []
    for name, latency in product(chosen.tenant or TENANTS, chosen.latency or LATENCIES):
        drawn_by_lot = any(limits is not None and limits.hostile for _, limits in TENANTS[name].stages)
        seeds = range(chosen.seeds * (SEEDS_OF_CHANCE if drawn_by_lot else 1))
        runs = [_measure(TENANTS[name], latency, seed, chosen.minutes * 60) for seed in seeds]
        print(f"{name:<27}{latency:>7g}s" + _line(runs), flush=True)  # noqa: T201
        drawn.append((f"{name}, {latency:g} s", TENANTS[name], *runs[0]))
    if chosen.plot:
        _draw(drawn, chosen.plot)


def _measure(tenant: Tenant, latency: float, seed: int, seconds: float) -> tuple[Measured, Measured]:
    """What is possible and what we reach; shortened where that would be too many calls, longer where too few."""
    probe = possible(tenant, latency=latency, seed=seed, seconds=PROBE_SECONDS)
    seconds = min(seconds, PROBE_SECONDS * MOST_CALLS / max(1, len(probe.served)))
    seconds = max(seconds, 60.0)
    best = possible(tenant, latency=latency, seed=seed, seconds=seconds)
    if len(best.served) < SITE_CALLS:
        seconds *= SITE_CALLS / len(best.served)
        best = possible(tenant, latency=latency, seed=seed, seconds=seconds)
    return best, reached(tenant, latency=latency, seed=seed, seconds=seconds)


def _line(runs: list[tuple[Measured, Measured]]) -> str:
    seconds = max(1.0, sum(ours.seconds for _, ours in runs))
    possible_rate = sum(best.served_until(ours.seconds) for best, ours in runs) / seconds
    our_rate = sum(ours.served_until(ours.seconds) for _, ours in runs) / seconds
    share = our_rate / possible_rate if possible_rate else 1.0
    of_ours = [ours for _, ours in runs]
    refused = sum(len(ours.refused) for ours in of_ours)
    refused /= max(1, refused + sum(len(ours.served) for ours in of_ours))
    return (
        f"{fmean(ours.seconds for ours in of_ours) / 60:>6.1f}{possible_rate:>11.2f}{our_rate:>8.2f}{share:>8.1%}"
        f"{refused:>8.2%}{max(ours.longest_call for ours in of_ours):>13.1f}s"
        f"{max(ours.most_in_flight for ours in of_ours):>10}{sum(ours.early for ours in of_ours):>6}"
        f"{sum(ours.given_up for ours in of_ours):>9}{sum(ours.stopped for ours in of_ours):>8}"
    )


def _draw(drawn: list[tuple[str, Tenant, Measured, Measured]], path: Path) -> None:
    """One row a tenant: what it allows, what we were served, and its 429s as ticks."""
    from matplotlib import pyplot  # noqa: PLC0415 - only the plot needs the extra `bench`

    pyplot.switch_backend("Agg")
    figure, rows = pyplot.subplots(len(drawn), 1, figsize=(11, 2.6 * len(drawn)), squeeze=False)
    for (title, tenant, best, ours), axes in zip(drawn, rows[:, 0], strict=True):
        times = [step * WINDOW for step in range(1, max(2, int(ours.seconds / WINDOW)))]
        for label, run in (("possible", best), ("ours", ours)):
            rates = [(run.served_until(at) - run.served_until(at - WINDOW)) / WINDOW for at in times]
            axes.plot([at / 60 for at in times], rates, label=label, linewidth=1)
        limits = [tenant.limits_at(at) for at in times]
        if all(one is not None and one.family < UNLIMITED for one in limits) and len(tenant.requests) == 1:
            cost = 1.0 if tenant.requests[0].method == "GET" else limits[0].write_cost
            axes.step([at / 60 for at in times], [one.family / 60 / cost for one in limits], "k:", label="limit")
        axes.plot([at / 60 for at in ours.refused], [0] * len(ours.refused), "r|", label="429")
        axes.set(title=title, ylabel="calls/s", ylim=(0, None))
        axes.legend(loc="upper right", fontsize="small")
    rows[-1, 0].set_xlabel("minutes")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
