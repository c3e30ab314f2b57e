"""Whenever the process dies, or the power is cut: every promise holds, and the resumes end as if nothing had been."""

from collections.abc import Callable

import pytest

from webex_provision_tests.promises.ci_lives import lived
from webex_provision_tests.promises.coverage import CUT, DEATHS_OF_ROWS
from webex_provision_tests.promises.fault_kinds import LOOKING

SEEDS = range(130, 200)


@pytest.mark.timeout(1200)  # hundreds of lives: a third of a minute of one core, more where it is shared
def test_promises_hold_and_every_death_meets_every_type(record_property: Callable[[str, object], None]) -> None:
    missing, report = lived(SEEDS, (*DEATHS_OF_ROWS, CUT, LOOKING))
    record_property("simulation", report)
    assert not missing, f"no {sorted(missing)} has happened\n{report}"
