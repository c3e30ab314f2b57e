"""A process that dies at the very first row: nothing is recorded yet, and still nothing is made twice."""

from pathlib import Path

import pytest

from webex_provision.sandbox.faults import Faults
from webex_provision.sandbox.tenant import Quirks
from webex_provision.vocabulary import RunState
from webex_provision_tests.promises.fault_kinds import AFTER, Death
from webex_provision_tests.promises.witnessed_site import WitnessedSite
from webex_provision_tests.rehearsal import workspace


@pytest.mark.parametrize("lag", [0, 9])
def test_what_the_first_row_sent_is_found_past_the_lag_and_counts(lag: float, tmp_path: Path) -> None:
    """No record tells when lists were last written to; the open intent alone makes the row wait before it looks."""
    site = WitnessedSite(tmp_path, [workspace("Mesa 1", "2201", location_key="Valencia")])
    site.faults(Faults(quirks=Quirks(list_lag_seconds=lag)))
    assert site.launch(death=Death(AFTER, 1, "workspace", "POST")) is None
    assert site.launch() is RunState.COMPLETED
    assert [entry["path"] for entry in site.log.entries if entry["method"] == "POST"] == ["/v1/workspaces"]
    site.check()
    site.check_life({})
