"""What further users' tokens bring: calls a second with 1, 2 and 4 of them, and whole roll-outs.

    python -m webex_provision_tests.benchmarks.tokens [--minutes 10] [--latency 0.3] [--users 300]

Deterministic: virtual time, seeded chance. The first table calls one family all the time; the second brings a site
with so many users up, and tells how long that takes.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from webex_provision.sandbox.limiter import Limits
from webex_provision_tests.benchmarks.pace_simulation import reached
from webex_provision_tests.benchmarks.tenant_profiles import DOCUMENTED, READ, UNLIMITED, Tenant
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.rehearsal import LOCATION, user

COUNTS = (1, 2, 4)
DND = {"calling_settings_dnd_enabled": "true"}  # a second write for each user
CEILINGS = {
    "300 a user": replace(DOCUMENTED, organisation=UNLIMITED),
    "300 a user, 900 an organisation": DOCUMENTED,
}


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--latency", type=float, default=0.3, help="seconds")
    parser.add_argument("--users", type=int, default=1_200)
    chosen = parser.parse_args()
    print(f"{'calls a minute':<34}{'tokens':>7}{'calls/s':>9}{'scaling':>9}{'429':>8}")  # noqa: T201
    for name, limits in CEILINGS.items():
        _calls(name, limits, chosen.minutes * 60, chosen.latency)
    print(f"\n{f'a site with {chosen.users} users':<34}{'tokens':>7}{'minutes':>9}{'scaling':>9}")  # noqa: T201
    for name, limits in CEILINGS.items():
        _roll_outs(name, limits, chosen.users)


def _calls(name: str, limits: Limits, seconds: float, latency: float) -> None:
    alone = 0.0
    for tokens in COUNTS:
        tenant = Tenant(((float("inf"), limits),), (READ,))
        found = reached(tenant, latency=latency, seed=0, seconds=seconds, tokens=tokens)
        rate = len(found.served) / found.seconds
        alone = alone or rate
        print(f"{name:<34}{tokens:>7}{rate:>9.2f}{rate / alone:>9.2f}{found.refused_share:>8.2%}", flush=True)  # noqa: T201


def _roll_outs(name: str, limits: Limits, users: int) -> None:
    alone = 0.0
    rows = [LOCATION, *(user(f"user{number}", str(30_000 + number), **DND) for number in range(users))]
    for tokens in COUNTS:
        with tempfile.TemporaryDirectory(prefix="webex-provision-") as base:
            further = " ".join(f"token-of-another-user-{number}" for number in range(1, tokens))
            site = InProcessSite(Path(base), rows, webex_tokens=further, batch_size=500, requests_per_second=4)
            site.sandbox.limiter.retune(limits)
            began = site.clock.elapsed
            site.run()
            minutes = (site.clock.elapsed - began) / 60
        alone = alone or minutes
        print(f"{name:<34}{tokens:>7}{minutes:>9.2f}{alone / minutes:>9.2f}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
