"""The sandbox as a whole: seeded, controlled, kept in a file, run as a process of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from webex_provision.sandbox import Sandbox, SandboxConfig, SandboxServer, Tenant
from webex_provision.sandbox.__main__ import config_from
from webex_provision.sandbox.domains import DOMAINS
from webex_provision.sandbox.seeding import add_location, seed_from_csv
from webex_provision_tests.sandbox import TOKEN, Api, Site
from webex_provision_tests.virtual_clock import VirtualClock

COLUMNS = (
    "entity_type,email,location_key,location_name,phone_number,phone_numbers_secondary,"
    "number_action,number_phone_numbers"
)
CSV = f"""\ufeff{COLUMNS}
location,,MAD,Madrid HQ,,,,
user_calling_settings,Ana@example.com,MAD,,+34910000001,+34910000002|+34910000003,,
user_calling_settings,bo@example.com,Old Site,,+34920000001,,,
user_numbers,not an email,MAD,,910000009,,,
location_number_state,,MAD,,,,ADD,+34910000001|+34910000004
"torn
"""


def _seeded(folder: Path, **more: float) -> Tenant:
    path = folder / "rollout.csv"
    path.write_text(CSV, encoding="utf-8")
    tenant = Tenant(clock=VirtualClock())
    seed_from_csv(tenant, path, **more)  # type: ignore[arg-type]
    return tenant


def test_a_roll_out_seeds_its_people_and_the_locations_that_it_does_not_create(tmp_path: Path) -> None:
    tenant = _seeded(tmp_path)
    people = [person["emails"][0] for person in tenant.table("people").rows.values()]
    assert people == ["ana@example.com", "bo@example.com"]
    assert [place["name"] for place in tenant.table("locations").rows.values()] == ["Old Site"]
    assert list(tenant.lines.inventory) == ["+34920000001"]


def test_numbers_are_promised_except_those_that_the_roll_out_adds_itself(tmp_path: Path) -> None:
    promise = _seeded(tmp_path).promises["madrid hq"]
    assert promise == {"numbers": ["+34910000002", "+34910000003"], "pstn": "LOCAL_GATEWAY"}


def test_the_same_seed_misses_the_same_users(tmp_path: Path) -> None:
    def people(seed: int) -> list[str]:
        return list(_seeded(tmp_path, missing_users=0.5, seed=seed).table("people").keys)

    assert all(people(seed) == people(seed) for seed in range(4))
    assert len({tuple(people(seed)) for seed in range(12)}) > 1


def test_two_runs_that_do_the_same_in_another_order_end_in_the_same_state() -> None:
    first, second = Site(), Site()
    first.enable(first.ana, extension="1001")
    add_location(first.tenant, "Porto")
    first.workspace("Room", extension="3001")
    assert second.workspace("Room", extension="not a number").status_code == 400
    second.workspace("Room", extension="3001")
    second.clock.advance(7)  # type: ignore[attr-defined]
    add_location(second.tenant, "Porto")
    second.clock.advance(50)  # type: ignore[attr-defined]
    second.enable(second.ana, extension="1001")
    assert first.tenant.normalised() == second.tenant.normalised()
    second.enable(second.bo, extension="1002")
    assert first.tenant.normalised() != second.tenant.normalised()


def test_the_control_api_shows_and_changes_the_sandbox(site: Site, api: Api) -> None:
    api.get("/people/me")
    entries = api.get("/sandbox/log", since=0).json()["entries"]
    assert [(entry["seq"], entry["path"], entry["status"]) for entry in entries] == [(1, "/v1/people/me", 200)]
    assert api("POST", "/sandbox/faults", {"rules": [{"effect": "status", "status": 503}]}).status_code == 200
    assert api.get("/people/me").status_code == 503
    assert api.get("/sandbox/faults").json()["counts"] == [{"name": "status", "matched": 1, "struck": 1}]
    assert api("POST", "/sandbox/faults", {"rules": [{"effect": "explode"}]}).status_code == 400
    assert api("POST", "/sandbox/faults", {}).status_code == 200
    api("POST", "/sandbox/people", {"people": [{"email": "late@example.com"}]})
    assert len(api.get("/people", email="late@example.com").json()["items"]) == 1
    assert api("POST", "/sandbox/licenses", {"name": "nothing", "units": 1}).status_code == 400
    assert api("POST", "/sandbox/licenses", {"name": "Webex Calling - Professional", "units": 0}).status_code == 200
    assert site.enable(site.ana, extension="1001").status_code == 206
    api("POST", "/sandbox/promises", {"location": "Lisbon", "numbers": ["+351210000001"]})
    assert site.tenant.promises["lisbon"]["numbers"] == ["+351210000001"]
    api("POST", "/sandbox/reset")
    assert api.get("/sandbox/log").json()["entries"] == []
    assert set(api.get("/sandbox/state").json()) == {"tables", "numbers", "lines", "settings"}
    assert api.get("/sandbox").json()["people"] == 4


def test_no_two_handlers_claim_the_same_route_and_every_path_has_one() -> None:
    entries = [(method, path) for routes in DOMAINS for method, path, _ in routes.entries]
    assert len(entries) == len(set(entries)) > 40


def test_the_state_outlives_the_server(tmp_path: Path) -> None:
    config = SandboxConfig(state=tmp_path / "tenant.json", log=tmp_path / "log.jsonl")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with SandboxServer(config) as server, httpx.Client(base_url=server.base_url, headers=headers) as client:
        made = client.post("/workspaces", json={"displayName": "Room"}).json()["id"]
        before = server.tenant.normalised()
    assert oct((tmp_path / "tenant.json").stat().st_mode & 0o777) == "0o600"
    with SandboxServer(config) as server, httpx.Client(base_url=server.base_url, headers=headers) as client:
        assert client.get(f"/workspaces/{made}").json()["displayName"] == "Room"
        assert server.tenant.normalised() == before
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(line["method"], line["status"]) for line in lines] == [("POST", 201), ("GET", 200)]
    assert lines[0]["created"] == made


def test_everything_a_tenant_holds_survives_a_dump(site: Site) -> None:
    site.enable(site.ana, extension="1001", phoneNumber=site.numbers[0])
    site.workspace("Room", extension="3001")
    other = Tenant(clock=site.clock)
    other.load(json.loads(json.dumps(site.tenant.dump())))
    assert other.normalised() == site.tenant.normalised()
    assert other.holders == site.tenant.holders
    assert other.lines.extensions == site.tenant.lines.extensions
    with pytest.raises(ValueError, match="another seed"):
        Tenant(seed=9).load(site.tenant.dump())


def test_the_command_line_sets_every_option(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text('{"token_expires_after": 3}', encoding="utf-8")
    config = config_from(["--port", "0", "--profile", "tight", "--latency-ms", "5", "--faults", str(faults)])
    assert (config.profile, config.latency_ms, config.faults.token_expires_after) == ("tight", 5, 3)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_as_a_process_it_says_its_url_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    state = tmp_path / "tenant.json"
    command = [sys.executable, "-m", "webex_provision.sandbox", "--state", str(state)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env=dict(os.environ)) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            reply = httpx.post(
                f"{url}/workspaces", json={"displayName": "Room"}, headers={"Authorization": f"Bearer {TOKEN}"}
            )
            assert reply.status_code == 201
            process.send_signal(number)
            assert process.wait(20) == 0
        finally:
            process.kill()
    assert reply.json()["id"] in state.read_text(encoding="utf-8")


def test_a_sandbox_that_is_not_served_saves_when_closed(tmp_path: Path) -> None:
    config = SandboxConfig(state=tmp_path / "tenant.json")
    sandbox = Sandbox(config)
    Api(sandbox)("POST", "/workspaces", {"displayName": "Room"})
    sandbox.close()
    assert len(Sandbox(config).tenant.table("workspaces")) == 1
