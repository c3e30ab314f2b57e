"""user_forwarding: all three modes are always said, so that the outcome never depends on what was there before."""

from collections.abc import Iterator
from typing import Any

import pytest

from webex_provision.sandbox import SandboxConfig, SandboxServer
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import LOCATION, Rehearsal, read_csv, user, write_csv


def forwarding(name: str, **cells: str) -> dict[str, str]:
    return {"entity_type": "user_forwarding", "location_key": "HQ", "email": f"{name}@example.com", **cells}


ROWS = [
    LOCATION,
    user("ana", "2101"),
    user("luis", "2102"),
    user("eva", "2103"),
    forwarding("ana", user_forwarding_enabled="true", user_forwarding_destination="2102"),
    forwarding(
        "luis",
        user_forwarding_enabled="yes",
        user_forwarding_mode="no_answer",
        user_forwarding_destination="+34910002101",
        user_forwarding_rings="7",
        user_forwarding_busy_destination="2101",
        user_business_continuity_destination="+34910002999",
    ),
    forwarding("eva", user_forwarding_enabled="false", user_business_continuity_destination="-"),
    forwarding("none", user_forwarding_enabled="true"),
    forwarding("new", user_forwarding_enabled="false", user_forwarding_destination="2101"),
    forwarding("unlicensed", user_forwarding_enabled="false"),
]


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    folder = tmp_path_factory.mktemp("forwarding")
    csv_path = write_csv(folder / "site.csv", ROWS)
    with SandboxServer(SandboxConfig(seed_csv=csv_path)) as server:
        played = Rehearsal(server, folder / "out", csv_path)
        assert played.run() is RunState.COMPLETED_WITH_PENDING
        yield played


def bodies(rehearsal: Rehearsal) -> list[dict[str, Any]]:
    return [entry["body"] for entry in rehearsal.calls("PUT", "/features/callForwarding")]


def test_the_row_becomes_one_put_with_all_three_modes(rehearsal: Rehearsal) -> None:
    off = {"enabled": False, "destinationVoicemailEnabled": False}
    to = {"enabled": True, "destinationVoicemailEnabled": False}
    sent = bodies(rehearsal)
    assert {
        "callForwarding": {
            "always": {**to, "destination": "2102", "ringReminderEnabled": False},
            "busy": off,
            "noAnswer": {**off, "numberOfRings": 3},
        }
    } in sent
    assert {
        "callForwarding": {
            "always": {**off, "ringReminderEnabled": False},
            "busy": {**to, "destination": "2101"},
            "noAnswer": {**to, "destination": "+34910002101", "numberOfRings": 7},
        },
        "businessContinuity": {**to, "destination": "+34910002999"},
    } in sent
    assert [body["businessContinuity"] for body in sent if body.get("businessContinuity") == off] == [off]


def test_destination_and_switch_must_agree_before_any_call(rehearsal: Rehearsal) -> None:
    rejected = {row["entity_key"]: row["reason_message"] for row in read_csv(rehearsal.folder / "rejected_rows.csv")}
    assert set(rejected) == {"none@example.com", "new@example.com"}
    assert "user_forwarding_destination is needed when" in rejected["none@example.com"]


def test_a_user_without_calling_waits_for_the_licence(rehearsal: Rehearsal) -> None:
    record = rehearsal.last("unlicensed@example.com")
    assert (record["status"], record["reason_code"]) == ("pending", "precondition_missing")


def test_the_same_rows_again_leave_the_tenant_as_it_is(rehearsal: Rehearsal) -> None:
    before = rehearsal.server.tenant.normalised()
    rehearsal.run(RunMode.REPLAY, verify_writes=True)
    assert rehearsal.server.tenant.normalised() == before
    assert rehearsal.last("luis@example.com")["status"] == "success"
