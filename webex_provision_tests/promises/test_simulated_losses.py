"""Whatever answer is lost, spoilt or late, and whenever the process dies: every promise holds."""

from collections.abc import Callable

import pytest

from webex_provision_tests.promises.ci_lives import lived
from webex_provision_tests.promises.coverage import CUT, DEATHS_OF_ROWS
from webex_provision_tests.promises.fault_kinds import LOOKING, LOSSES

SEEDS = range(40, 55)


@pytest.mark.timeout(1200)  # hundreds of lives: half a minute of one core, more where it is shared
def test_promises_hold_and_every_loss_and_death_meets_every_type(
    record_property: Callable[[str, object], None],
) -> None:
    missing, report = lived(SEEDS, (*LOSSES, *DEATHS_OF_ROWS, CUT, LOOKING))
    record_property("simulation", report)
    assert not missing, f"no {sorted(missing)} has happened\n{report}"
