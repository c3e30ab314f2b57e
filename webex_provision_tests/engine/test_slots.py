"""Runs side by side, each in the slot of one token: nothing is made twice, no user's limit is spent by two."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from webex_provision.actions.actions_registry import ENTITY_TYPES
from webex_provision.actions.declaration import EntityType, References, Write
from webex_provision.actions.row import Row
from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.engine.claims import claims_of, claims_of_row
from webex_provision.engine.ready_rows import references
from webex_provision.engine.run_locks import RunLocks
from webex_provision.intake.roll_out import prepare
from webex_provision.ledger.errors import LockHeld
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.locks import STATE_DIR_VARIABLE
from webex_provision.ledger.ready_rows import load_ready
from webex_provision.sandbox import FaultRule, Faults, SandboxServer
from webex_provision.sandbox.faults import Effect
from webex_provision.templates import example_row
from webex_provision.vocabulary import ExitCode
from webex_provision.webex.credentials import Credential
from webex_provision.webex.pacing import Lane
from webex_provision_tests.crash.harness import COMMAND, RUN_SECONDS, DeadlyLog, at_held
from webex_provision_tests.rehearsal import LOCATION, read_csv, settings_for, workspace, write_csv

TOKENS = {"WEBEX_TOKEN": "token-of-one", "WEBEX_TOKENS": "token-of-two,token-of-three"}
MADRID, SEVILLA = LOCATION, LOCATION | {"location_key": "SV", "location_name": "Sevilla"}
LUGO = LOCATION | {"location_key": "LU", "location_name": "Lugo"}
HELD = FaultRule(name="held", method="POST", path="^/locations$", first=1, last=1, effect=Effect.TIMEOUT, seconds=120)


class Office:
    """One tenant, and processes that bring up sites in it, each in a slot; the first POST /locations is held back."""

    def __init__(self, base: Path, server: SandboxServer) -> None:
        self.base, self.server = base, server
        self.log = DeadlyLog(base / "requests.jsonl")
        server.sandbox.log = self.log
        server.sandbox.set_faults(Faults(rules=[HELD]))
        self.begun: list[subprocess.Popen[str]] = []

    def starts(self, name: str, rows: list[dict[str, str]], slot: str, **settings: str) -> "subprocess.Popen[str]":
        csv = write_csv(self.base / f"{name}.csv", rows)
        told = {
            "WEBEX_BASE_URL": self.server.base_url,
            "ENVIRONMENT": "lab",
            STATE_DIR_VARIABLE: str(self.base / "state"),
            "REQUESTS_PER_SECOND": "1000",
            "REQUEST_TIMEOUT_SECONDS": "120",
            "LIST_LAG_SECONDS": "0.2",
            "TOKEN_SLOT": slot,
        }
        process = subprocess.Popen(
            [*COMMAND, "run", str(csv), "--output-dir", str(self.base / name)],
            env=os.environ | TOKENS | told | settings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.begun.append(process)
        return process

    def ends(self, process: "subprocess.Popen[str]") -> tuple[int, str]:
        said = process.communicate(timeout=RUN_SECONDS)[1]
        return process.returncode, said

    def named(self, name: str) -> int:
        return sum(place["name"] == name for place in self.server.tenant.table("locations").rows.values())

    def senders(self, method: str) -> int:
        return len({entry["token"] for entry in self.log.entries if entry["method"] == method})


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with SandboxServer() as server:
        office = Office(tmp_path, server)
        try:
            yield office
        finally:
            for process in office.begun:
                process.kill()
                process.communicate(timeout=RUN_SECONDS)


def test_two_sites_run_side_by_side_and_those_with_a_location_in_common_one_after_the_other(office: Office) -> None:
    held = office.log.watch(at_held)
    first = office.starts("first", [MADRID, workspace("Sala", "2500")], "1")
    assert held.wait(RUN_SECONDS)

    beside = office.starts("beside", [SEVILLA, workspace("Aula", "2500", location_key="SV")], "any")
    refused = office.starts("refused", [LUGO, MADRID], "3")
    assert office.ends(beside) == (ExitCode.OK, "")
    code, said = office.ends(refused)
    assert code == ExitCode.LOCKED, said
    assert f"The location 'madrid hq', also in this input, is in use: held by process {first.pid} of" in said
    assert first.poll() is None, "the first ran on all the time"
    assert {record["status"] for record in read_csv(office.base / "beside" / "results.csv")} == {"success"}

    waiting = office.starts("waiting", [MADRID, workspace("Sala", "2500")], "2", LOCK_WAIT_SECONDS="100")
    assert office.named("Madrid HQ") == 0
    first.send_signal(signal.SIGKILL)
    assert office.ends(waiting) == (ExitCode.OK, "")
    again = office.starts("first", [MADRID, workspace("Sala", "2500")], "1")
    assert office.ends(again) == (ExitCode.OK, "")
    assert (office.named("Madrid HQ"), office.named("Sevilla")) == (1, 1)
    assert len(office.server.tenant.table("workspaces").rows) == 2
    assert office.senders("POST") == 2


def locks(base: Path, **settings: str | SecretStr) -> RunLocks:
    chosen = settings_for("http://127.0.0.1:1/v1", **settings)
    return RunLocks(RollOutFolder(base), chosen, Clock(), "run")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(STATE_DIR_VARIABLE, str(tmp_path / "state"))
    return tmp_path


def owned(user_id: str) -> Credential:
    return Credential("WEBEX_TOKEN", SecretStr("x"), Lane(1, 1, 1), owner="ana@example.com", user_id=user_id)


def test_two_tokens_of_one_user_never_run_side_by_side(state: Path) -> None:
    further = SecretStr("second third")
    with (
        locks(state / "a", webex_tokens=further, token_slot="1") as first,
        locks(state / "b", webex_tokens=further, token_slot="2") as second,
    ):
        first.take_token()
        second.take_token()
        first.take_tenant("org", owned("id-of-ana"), [])
        with pytest.raises(LockHeld, match=r"The rate limit of ana@example\.com"):
            second.take_tenant("org", owned("id-of-ana"), [])


def test_whoever_is_turned_away_learns_the_holders_folder_in_full(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another roll-out may be started from anywhere, so that neither its id nor a path from there would tell."""
    monkeypatch.chdir(state)
    with locks(Path("a")) as first, locks(state / "b") as second:
        first.take_tenant("org", owned(""), [])
        with pytest.raises(LockHeld) as refused:
            second.take_tenant("org", owned(""), [])
    assert f"(run on {state / 'a'})" in str(refused.value)


def test_any_slot_is_the_first_one_that_is_free(state: Path) -> None:
    further = SecretStr("second")
    with (
        locks(state / "a", webex_tokens=further, token_slot="any") as first,
        locks(state / "b", webex_tokens=further, token_slot="any") as second,
        locks(state / "c", webex_tokens=further, token_slot="any") as third,
    ):
        assert [first.take_token().token_slot, second.take_token().token_slot] == ["1", "2"]
        with pytest.raises(LockHeld, match=r"No token is free .* 2 tokens\)\. The token of WEBEX_TOKEN is in use"):
            third.take_token()


def test_a_run_on_all_tokens_waits_for_those_in_slots_and_they_for_it(state: Path) -> None:
    with locks(state / "a", token_slot="1") as slot, locks(state / "b") as whole, locks(state / "c") as another:
        slot.take_tenant("org", owned("ana"), [])
        with pytest.raises(LockHeld, match="The tenant org"):
            whole.take_tenant("org", owned("ana"), [])
        slot.__exit__(None, None, None)
        whole.take_tenant("org", owned("ana"), [])
        with pytest.raises(LockHeld, match="The tenant org"):
            another.take_tenant("org", owned("ana"), [])
        with locks(state / "d", token_slot="1") as late, pytest.raises(LockHeld, match="The tenant org"):
            late.take_tenant("org", owned("eva"), [])


def test_a_slot_without_a_token_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**TOKENS, "WEBEX_BASE_URL": "http://127.0.0.1:1", "ENVIRONMENT": "lab"}.items():
        monkeypatch.setenv(name, value)
    for slot in ("4", "0", "-1", "two", "01"):
        monkeypatch.setenv("TOKEN_SLOT", slot)
        with pytest.raises(ValidationError) as refused:
            Settings()
        assert "choose 1 to 3, or any" in str(refused.value) or "token_slot" in str(refused.value)
    monkeypatch.setenv("TOKEN_SLOT", "3")
    assert [token.get_secret_value() for token in Settings().tokens] == ["token-of-three"]


def claims(entity_type: EntityType, place: str, row: dict[str, str]) -> set[str]:
    cells = {name: cell for name, cell in row.items() if cell}
    references = References()
    references.add("location", [cells.get("location_key", "")], place)
    return claims_of_row(entity_type, Row("1", 1, 1, entity_type.name, "key", cells), references)


@pytest.mark.parametrize("spelling", ["MÁLAGA", "ma\u0301laga", " Málaga ", "Ma\u0301laga"])
def test_one_location_is_one_claim_however_each_input_spells_it(tmp_path: Path, spelling: str) -> None:
    def claimed(name: str) -> list[str]:
        rows = [LOCATION | {"location_key": name, "location_name": name}, workspace("Sala", "2500", location_key=name)]
        folder = tmp_path / name.encode().hex()
        csv = write_csv(tmp_path / "site.csv", rows)
        prepare(csv, settings_for("http://127.0.0.1:1/v1"), clock=Clock(), folder=folder)
        ready = load_ready(RollOutFolder(folder), len(rows))
        return claims_of(ready, references(ready))

    assert claimed(spelling) == claimed("Málaga") == ["location:málaga"]


def test_letters_that_casefolding_takes_apart_are_claimed_alike() -> None:
    row = LOCATION | {"location_key": ""}
    small, capital = "\u0390lion", "\u03aa\u0301LION"
    location = next(entity_type for entity_type in ENTITY_TYPES if entity_type.name == "location")
    assert claims(location, "", row | {"location_name": small}) == claims(
        location, "", row | {"location_name": capital}
    )


@pytest.mark.parametrize("entity_type", ENTITY_TYPES, ids=lambda entity_type: entity_type.name)
def test_whatever_a_row_may_create_is_claimed(entity_type: EntityType) -> None:
    """Two inputs with such a row share a claim; in two sites they share it only if the name is the organisation's."""
    row = example_row(entity_type, entity_type.name)
    here = claims(entity_type, "Madrid HQ", row)
    if any(isinstance(step, Write) and step.creates for step in entity_type.steps):
        assert here or entity_type.owned
    if row.get("location_key"):
        assert "location:madrid hq" in here
    there = claims(entity_type, "Sevilla", row | ({"location_name": "Sevilla"} if "location_name" in row else {}))
    assert {claim.partition(":")[0] for claim in here & there} <= {"trunk", "route_group", "dial_plan", "group"}
    assert len(here) <= 2, "a row of a site takes a lock for itself: thousands of them"
