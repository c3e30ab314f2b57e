"""A mixed CSV over all types: states, ledgers and tenant are exactly as expected; again, and nothing is created."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from webex_provision.sandbox import SandboxConfig, SandboxServer
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import LOCATION, Rehearsal, hunt_group, user, workspace, write_csv

ROWS = [
    LOCATION,
    user("ana", "2101", phone_number="+34910002101", calling_settings_voicemail_enabled="true"),
    {"entity_type": "user_calling_settings", "location_key": "HQ", "email": "luis@example.com"},
    {
        "entity_type": "user_numbers",
        "location_key": "HQ",
        "email": "luis@example.com",
        "extension": "2102",
        "phone_numbers_secondary": "+34910002902|+34910002903",
    },
    workspace("Sala Goya", "2301", phone_number="+34910002301"),
    workspace("Sala Miro"),
    {
        "entity_type": "extension_assignment",
        "location_key": "HQ",
        "workspace_display_name": "Sala Miro",
        "extension": "2302",
        "calling_settings_call_waiting_enabled": "true",
    },
    {
        "entity_type": "extension_assignment",
        "location_key": "HQ",
        "email": "eva@example.com",
        "extension": "2103",
        "calling_settings_dnd_enabled": "false",
    },
    hunt_group("Recepcion", "2800", hunt_agents="ana@example.com|workspace:Sala Goya"),
    user("named", "2110", display_name="Somebody"),
]


@pytest.fixture
def rehearsal(tmp_path: Path) -> Iterator[Rehearsal]:
    csv_path = write_csv(tmp_path / "site.csv", ROWS)
    with SandboxServer(SandboxConfig(seed_csv=csv_path)) as server:
        yield Rehearsal(server, tmp_path / "out", csv_path)


def test_every_row_ends_in_one_state_and_the_tenant_is_as_the_csv_says(rehearsal: Rehearsal) -> None:
    assert rehearsal.run() is RunState.COMPLETED
    assert {record["status"] for record in rehearsal.results} == {"success"}
    counts = rehearsal.summary["counts"]
    assert (counts["read"], counts["rejected"], counts["success"], counts["processed"]) == (10, 1, 9, 9)
    assert rehearsal.checkpoint["state"] == "COMPLETED"
    created = [entry["path"].rsplit("/", 1)[-1] for entry in rehearsal.calls("POST")]
    assert sorted(created) == ["huntGroups", "locations", "locations", "workspaces", "workspaces"]


def test_the_same_csv_again_creates_nothing_and_leaves_the_tenant_as_it_is(rehearsal: Rehearsal) -> None:
    rehearsal.run()
    before, posts = rehearsal.server.tenant.normalised(), len(rehearsal.calls("POST"))
    assert rehearsal.run(RunMode.REPLAY) is RunState.COMPLETED
    assert len(rehearsal.calls("POST")) == posts
    assert rehearsal.server.tenant.normalised() == before


def test_a_finished_run_has_nothing_left_to_do(rehearsal: Rehearsal) -> None:
    rehearsal.run()
    records = rehearsal.results
    assert rehearsal.run() is RunState.COMPLETED
    assert rehearsal.results == records
