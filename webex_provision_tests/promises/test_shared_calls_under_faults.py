"""Rows that share a call, whatever goes wrong with it: every row ends once, nothing is lost, nothing is done twice."""

import random
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webex_provision.sandbox.faults import Effect, FaultRule, Faults
from webex_provision.sandbox.tenant import Quirks
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.rehearsal import LOCATION

WAIT = 60  # seconds, beyond every lag
NUMBERS = [f"+34910005{serial:03d}" for serial in range(12)]
TEAM = {"entity_type": "groups", "group_name": "Team"}
MEMBER = {"entity_type": "group_membership", "member_group_name": "Team"}
PEOPLE = [{"entity_type": "user", "location_key": "Madrid HQ", "email": f"user{n}@example.com"} for n in range(8)]
REMOVALS = [
    {"entity_type": "number_removal", "location_key": "HQ", "number_to_remove": number}
    for number in [*NUMBERS, "+34910009999"]  # the last is not there
]
MEMBERS = [MEMBER | {"member_emails": row["email"]} for row in PEOPLE]
ROWS = [LOCATION, TEAM, *MEMBERS, MEMBER | {"member_emails": "ghost@example.com"}, *REMOVALS]
THERE = [*PEOPLE, *({**row, "location_key": "Madrid HQ"} for row in REMOVALS[:-1])]


def _rule(chance: random.Random) -> FaultRule:
    effect = chance.choice([Effect.STATUS, Effect.GHOST, Effect.CUT, Effect.TIMEOUT, Effect.RESET, Effect.DROP_BEFORE])
    first = chance.randint(1, 4)
    business = effect in (Effect.STATUS, Effect.GHOST) and chance.random() < 0.3
    refusals = [] if effect is Effect.GHOST else [400, 404, 409, 429]
    return FaultRule(
        method=chance.choice(["DELETE", "PATCH", "DELETE|PATCH", "GET"]),
        path=chance.choice(["/numbers", "/groups", ".*"]),
        first=first,
        last=chance.choice([first, first + 2, None]),
        effect=effect,
        status=502 if business else chance.choice([500, 503, None, *refusals]),
        headers={"cisco-spark-error-codes": "4251"} if business else {},
    )


def _site(base: Path, seed: int = 0) -> InProcessSite:
    return InProcessSite(base, ROWS, seeded=THERE, clock_seed=seed, batch_size=10, allow_number_removal=True)


def _ends(site: InProcessSite) -> dict[str, tuple[str, str]]:
    return {row: (last["status"], last["reason_code"]) for row, last in sorted(site.last_states().items())}


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_rows_that_share_a_call_end_as_if_nothing_had_gone_wrong(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    with tempfile.TemporaryDirectory() as calm, tempfile.TemporaryDirectory() as rough:
        undisturbed, site = _site(Path(calm)), _site(Path(rough), seed)
        assert undisturbed.run() is RunState.COMPLETED_WITH_PENDING
        for _ in range(chance.randint(1, 3)):
            site.faults(
                Faults(
                    quirks=Quirks(list_lag_seconds=chance.choice([0, 9])),
                    token_expires_after=chance.choice([None, None, chance.randint(3, 20)]),
                    rules=[_rule(chance) for _ in range(chance.randint(1, 3))],
                )
            )
            state = site.run()
            site.clock.advance(chance.choice([0, WAIT]))
            if (site.folder / "results.csv").exists():
                site.check(complete=state.completed)
        site.faults(Faults())
        site.run()
        site.clock.advance(WAIT)
        site.run(RunMode.RETRY_PENDING)
        site.check()
        assert _ends(site) == _ends(undisturbed)
        assert site.sandbox.tenant.normalised() == undisturbed.sandbox.tenant.normalised()
