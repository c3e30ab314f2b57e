"""What intake let through with a doubt: told by every run of the roll-out, in its log and its summary."""

import json
import logging
from pathlib import Path

import pytest

from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.rehearsal import LOCATION, user


def test_the_log_and_the_summary_of_each_run_hold_the_warnings(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [LOCATION, user("ana", "2101", location_key="Sevilla")]
    site = InProcessSite(tmp_path, rows)
    for attempt in range(2):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "webex_provision.engine"):
            site.run()
        (warning,) = json.loads((site.folder / "run_summary.json").read_text())["warnings"]
        assert "Sevilla (row 2)" in warning
        logged = [record.warning for record in caplog.records if record.getMessage() == "input_warning"]
        assert logged == [warning], attempt
