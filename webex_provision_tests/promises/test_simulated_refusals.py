"""Whatever the tenant refuses, and whatever its lists hide: every promise holds, and the roll-out ends as it should."""

from collections.abc import Callable

import pytest

from webex_provision_tests.promises.ci_lives import lived
from webex_provision_tests.promises.fault_kinds import REFUSALS, STALE_LIST

SEEDS = range(70)


@pytest.mark.timeout(1200)  # hundreds of lives: a third of a minute of one core, more where it is shared
def test_promises_hold_and_every_refusal_meets_every_type(record_property: Callable[[str, object], None]) -> None:
    missing, report = lived(SEEDS, (*REFUSALS, STALE_LIST))
    record_property("simulation", report)
    assert not missing, f"no {sorted(missing)} has happened\n{report}"
