"""A row whose one step makes many calls: killed between two of them, the next launch sends only those that are left."""

import json

import pytest

from webex_provision_tests.crash.harness import Crashes, at_write
from webex_provision_tests.rehearsal import LOCATION, opening_hours, write_csv

pytestmark = pytest.mark.crash

HOURS = opening_hours("MON=09:00-14:00,15:00-18:00|SAT=10:00-14:00")
CHANGED = opening_hours("MON=09:00-14:00|TUE=09:00-14:00|WED=09:00-14:00|THU=09:00-14:00")


def test_killed_between_two_items_of_one_step(crashes: Crashes) -> None:
    crashes.csv = write_csv(crashes.base / "hours.csv", [LOCATION, HOURS])
    crashes.finish()
    crashes.csv, crashes.folder = write_csv(crashes.base / "changed.csv", [LOCATION, CHANGED]), crashes.base / "changed"
    assert not crashes.launch(when=at_write(2, "POST", "/events"))
    left = [json.loads(line)["step"] for line in (crashes.folder / "intents.jsonl").read_text().splitlines()]
    assert left == ["schedule_event_create TUE 1", "schedule_event_create WED 1"]
    assert not crashes.launch("resume", when=at_write(1, "DELETE"))
    assert crashes.launch("resume")
    crashes.check()
    assert crashes.state == "COMPLETED"
    done = [(entry["method"], entry["body"]) for entry in crashes.log.entries if "/events" in entry["path"]]
    assert [body["name"] for method, body in done if method == "POST"] == ["TUE 1", "WED 1", "THU 1"]
    assert sum(method == "DELETE" for method, _ in done) == 2
    (schedule,) = crashes.server.tenant.table("schedules").rows.values()
    assert [event["name"] for event in schedule["events"]] == ["MON 1", "TUE 1", "WED 1", "THU 1"]
