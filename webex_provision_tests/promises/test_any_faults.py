"""Whatever goes wrong on the way: every promise holds, and once the tenant is well, the roll-out ends as if nothing
had ever gone wrong. A seed decides rows and faults; it stands in the message of a failure."""

import random
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from webex_provision.sandbox.faults import Effect, FaultRule, Faults, Shape
from webex_provision.sandbox.tenant import Quirks
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.crash.site_rows import directory_rows, site_rows
from webex_provision_tests.in_process_site import InProcessSite

PARTS = 6
TWINS = ("Mesa 0", "Mesa 1")
BATCH = 7
MOST_LAUNCHES = 4
WAIT = 60  # seconds, beyond every lag
_KINDS = ("/locations", "/licenses/users", "/workspaces$", "/people", "/numbers", "/huntGroups", "/telephony", ".*")
# The effects that leave it open whether something was applied come most often.
_EFFECTS = (
    *(Effect.STATUS, Effect.STATUS, Effect.GHOST, Effect.GHOST, Effect.GHOST, Effect.CUT, Effect.CUT, Effect.TIMEOUT),
    *(Effect.RESET, Effect.DROP_BEFORE, Effect.DELAY, Effect.MISSING_FIELDS, Effect.PARTIAL),
)
_SHAPES = (Shape.JSON, Shape.FLAT, Shape.ARRAY, Shape.HTML, Shape.TRUNCATED, Shape.EMPTY)

Rows = list[dict[str, str]]


def _rows(chance: random.Random) -> Rows:
    """A part of the site: Madrid and two workspaces that only their names tell apart always, the rest by chance."""
    rows = [row for row in site_rows() if "late" not in str(row) and "display_name" not in row]
    fixed = [row for row in rows if "Madrid HQ" in row.values() or row.get("workspace_display_name") in TWINS]
    others = [row for row in rows if row not in fixed]
    creating = [row for row in others if row["entity_type"] in {"location", "workspace", "hunt_group"}]
    changing = [row for row in others if row not in creating]
    kept = chance.sample(creating, chance.randint(3, 7)) + chance.sample(changing, chance.randint(3, 7))
    return [row for row in rows if row in fixed or row in kept]


def _rule(chance: random.Random) -> FaultRule:
    effect = chance.choice(_EFFECTS)
    first = chance.randint(1, 6)
    # What was applied is never answered by a refusal: a 429 or any other 4xx proves that nothing was.
    refusals = [] if effect is Effect.GHOST else [429, 400, 403, 404, 409]
    status = chance.choice([500, 502, 503, 504, None, *refusals])
    return FaultRule(
        method=chance.choice(["POST", "POST", "PUT", "PATCH", "GET", "POST|PUT|PATCH", ".*"]),
        path=chance.choice(_KINDS),
        first=first,
        last=chance.choice([first, first + 1, first + 6, None]),
        every=chance.choice([1, 1, 2, 3]),
        probability=chance.choice([1, 1, 0.5]),
        effect=effect,
        status=status,
        shape=chance.choice(_SHAPES),
        retry_after=chance.choice([None, 1, 3, "date", "nonsense"]) if status in (429, 503) else None,
        seconds=chance.choice([5, 30]),
    )


def _faults(chance: random.Random) -> Faults:
    return Faults(
        seed=chance.randint(0, 9),
        quirks=_quirks(chance),
        token_expires_after=chance.choice([None, None, None, chance.randint(3, 40)]),
        rules=[_rule(chance) for _ in range(chance.randint(1, 4))],
    )


def _quirks(chance: random.Random) -> Quirks:
    return Quirks(
        list_lag_seconds=chance.choice([0, 3, 9]),
        calling_settle_seconds=chance.choice([0, 0, 5]),
    )


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list["Part"]:
    """Some parts of the site, each with its undisturbed life, and with its intake done once."""
    return [Part(tmp_path_factory.mktemp("part"), number) for number in range(PARTS)]


class Part:
    """Rows, the folder that intake makes of them, and how an undisturbed roll-out of them ends."""

    def __init__(self, base: Path, number: int) -> None:
        self.rows = _rows(random.Random(number))  # noqa: S311
        self._prepared = base / "prepared"
        site = InProcessSite(base, self.rows, seeded=directory_rows(), batch_size=BATCH)
        site.prepare()
        shutil.copytree(site.folder, self._prepared)
        site.run()
        site.clock.advance(WAIT)
        site.run(RunMode.RETRY_PENDING)  # what waits for a row that this part lacks waits here too
        site.check()
        self.ended, self.tenant = _ended(site), site.sandbox.tenant.normalised()

    def site(self, base: Path, seed: int) -> InProcessSite:
        """The same site once more; the seed is that of the clock's chance."""
        shutil.copytree(self._prepared, base / "out")
        return InProcessSite(base, self.rows, seeded=directory_rows(), clock_seed=seed, batch_size=BATCH)


def _ended(site: InProcessSite) -> dict[str, tuple[str, str]]:
    return {row_id: (record["status"], record["reason_code"]) for row_id, record in sorted(site.last_states().items())}


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_promises_hold_under_any_faults(parts: list[Part], seed: int) -> None:
    try:
        _play(parts, seed)
    except Exception as error:
        error.add_note(f"seed={seed}")
        raise


def _play(parts: list[Part], seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    part = chance.choice(parts)
    with tempfile.TemporaryDirectory() as base:
        site = part.site(Path(base), seed)
        for _ in range(chance.randint(1, MOST_LAUNCHES)):
            site.faults(_faults(chance))
            state = site.run()
            site.clock.advance(chance.choice([0, 1, WAIT]))
            if (site.folder / "results.csv").exists():
                site.check(complete=state.completed)
        site.faults(Faults())
        assert site.run() in {RunState.COMPLETED, RunState.COMPLETED_WITH_PENDING}
        site.clock.advance(WAIT)
        site.faults(Faults(quirks=Quirks(list_lag_seconds=9)))
        site.run(RunMode.RETRY_PENDING)
        site.run(RunMode.REPLAY)
        site.check()
        assert _ended(site) == part.ended
        assert site.sandbox.tenant.normalised() == part.tenant
