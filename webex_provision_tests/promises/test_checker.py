"""The checker sees each broken promise: a sound roll-out is damaged in one place, and the damage is named."""

import json
import shutil
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from webex_provision_tests import checker
from webex_provision_tests.broken_promise import BrokenPromise
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.rehearsal import LOCATION, TOKEN, hunt_group, user, workspace
from webex_provision_tests.tenant_checks import check_creates

ROWS = [
    LOCATION,
    user("ana", "2101"),
    {"entity_type": "user_numbers", "location_key": "HQ", "email": "ana@example.com", "extension": "2102"},
    workspace("Sala Goya", "2301"),
    hunt_group("Recepcion", "2800", hunt_agents="ana@example.com"),
    user("late", "2500"),
    user("named", "2110", display_name="Somebody"),
]


@dataclass
class Evidence:
    """What the checker is given."""

    folder: Path
    log: list[dict[str, Any]]
    names: Mapping[str, str]
    state: dict[str, Any]

    def check(self, *, complete: bool = True) -> None:
        checker.check(self.folder, self.log, token=TOKEN, names=self.names, state=self.state, complete=complete)

    def lines(self, name: str) -> list[str]:
        return (self.folder / name).read_text("utf-8").splitlines(keepends=True)

    def write(self, name: str, lines: list[str]) -> None:
        (self.folder / name).write_text("".join(lines), "utf-8")

    def mend(self, name: str, **changes: Any) -> None:
        content = json.loads((self.folder / name).read_text("utf-8"))
        (self.folder / name).write_text(json.dumps(content | changes), "utf-8")

    def entry(self, method: str, path_ending: str) -> dict[str, Any]:
        return next(entry for entry in self.log if entry["method"] == method and entry["path"].endswith(path_ending))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    site = InProcessSite(tmp_path_factory.mktemp("sound"), ROWS, seeded=[row for row in ROWS if "late" not in str(row)])
    site.run()
    tenant = site.sandbox.tenant
    return Evidence(site.folder, list(site.sandbox.log.entries), site.names, tenant.normalised())


@pytest.fixture
def evidence(sound: Evidence, tmp_path: Path) -> Evidence:
    folder = Path(shutil.copytree(sound.folder, tmp_path / "out"))
    return replace(sound, folder=folder, log=deepcopy(sound.log), state=deepcopy(sound.state))


def test_a_sound_roll_out_passes(evidence: Evidence) -> None:
    evidence.check()


Damage = Callable[[Evidence], None]


def _without_line(name: str, number: int = -1) -> Damage:
    def damage(evidence: Evidence) -> None:
        lines = evidence.lines(name)
        del lines[number]
        evidence.write(name, lines)

    return damage


def _lost_row(evidence: Evidence) -> None:
    _without_line("results.csv", 1)(evidence)
    evidence.mend("checkpoint.json", commits=5)


def _twice(name: str) -> Damage:
    return lambda evidence: evidence.write(name, evidence.lines(name) + evidence.lines(name)[-1:])


def _torn(evidence: Evidence) -> None:
    evidence.write("results.csv", [*evidence.lines("results.csv")[:-1], evidence.lines("results.csv")[-1].rstrip("\n")])


def _readable(evidence: Evidence) -> None:
    (evidence.folder / "results.csv").chmod(0o644)


def _token(evidence: Evidence) -> None:
    evidence.mend("run_summary.json", message=f"Bearer {TOKEN}")


def _open_intent(evidence: Evidence) -> None:
    intent = {"row_id": "4", "attempt": 9, "step": "workspace_create", "time": ""}
    evidence.write("intents.jsonl", [json.dumps(intent) + "\n"])


def _unknown_run(evidence: Evidence) -> None:
    evidence.write("runs.jsonl", [line.replace("in-process", "another") for line in evidence.lines("runs.jsonl")])


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (_without_line("results.csv", 1), "is ahead: 6 commits, results.csv holds 5"),
        (_lost_row, "row 1 has no state in results.csv"),
        (_twice("results.csv"), r"results\.csv, line 8: row .*attempt 1 stands there twice"),
        (_without_line("pending_rows.csv"), "pending without its line in pending_rows.csv"),
        (_twice("pending_rows.csv"), r"pending_rows\.csv, line 3: row 6, attempt 1 stands there twice"),
        (_without_line("rejected_rows.csv"), "6 rows ready and 0 rejected, of 7 read"),
        (_without_line("ready_to_load.csv"), "5 rows ready and 1 rejected"),
        (_without_line("row_errors.csv"), r"row_errors\.csv shows the rows"),
        (_torn, r"results\.csv: its last line has no end"),
        (lambda evidence: evidence.mend("checkpoint.json", commits=7), "is ahead: 7 commits"),
        (lambda evidence: evidence.mend("checkpoint.json", last_completed_row_id="99"), "row 99 has no result"),
        (_open_intent, r"intents\.jsonl, line 1: workspace_create of row 4 is still open"),
        (_without_line("runs.jsonl"), r"runs\.jsonl says ended_at '' of the last run"),
        (_unknown_run, r"runs\.jsonl does not know the run in-process of row 1"),
        (_readable, r"results\.csv has the mode 644"),
        (lambda evidence: evidence.folder.chmod(0o755), "has the mode 755, not 700"),
        (_token, r"run_summary\.json holds the token"),
    ],
)
def test_a_damaged_folder_is_named(evidence: Evidence, damage: Damage, named: str) -> None:
    damage(evidence)
    with pytest.raises(BrokenPromise, match=named):
        evidence.check()


def test_a_watermark_past_a_row_without_a_result_is_named(evidence: Evidence) -> None:
    lines = evidence.lines("results.csv")
    kept = [line for line in lines if ",hunt_group," not in line]
    evidence.write("results.csv", kept)
    evidence.mend("checkpoint.json", commits=1, last_completed_row_id="", phase=3, last_row_id=1)
    with pytest.raises(BrokenPromise, match="its watermark 1 is past row 5 without a result"):
        evidence.check(complete=False)


def _again(evidence: Evidence, entry: dict[str, Any], **changes: Any) -> None:
    evidence.log.append(deepcopy(entry) | {"seq": 10_000} | changes)


def _twin(path: str) -> Damage:
    return lambda evidence: _again(evidence, evidence.entry("POST", path))


def _blind(evidence: Evidence) -> None:
    evidence.log = [entry for entry in evidence.log if not entry["path"].endswith("/workspaces") or entry["body"]]


def _person(evidence: Evidence) -> dict[str, Any]:
    return next(entry for entry in evidence.log if entry["method"] == "PUT" and "/v1/people/" in entry["path"])


def _changed_person(**changes: Any) -> Damage:
    def damage(evidence: Evidence) -> None:
        _person(evidence)["body"] |= changes

    return damage


def _unread_person(evidence: Evidence) -> None:
    path = _person(evidence)["path"]
    evidence.log = [entry for entry in evidence.log if entry["path"] != path or entry["method"] != "GET"]


def _late_location(evidence: Evidence) -> None:
    evidence.entry("POST", "/v1/locations")["seq"] = 10_000


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (_twin("/v1/locations"), "POST /locations created madrid hq again"),
        (_twin("/workspaces"), "POST /workspaces created .*/sala goya again"),
        (_twin("/huntGroups"), "huntGroups created recepcion again"),
        (_blind, "POST /workspaces came without a look-up of its kind before it"),
        (_late_location, "POST /locations belongs to phase 1, phase 3 had begun with request"),
        (lambda evidence: _again(evidence, _person(evidence), method="DELETE"), "people are never created or deleted"),
        (_changed_person(firstName="Ana"), r"carries \['firstName'\]"),
        (_changed_person(displayName="Anna"), "renames 'Ana' to 'Anna'"),
        (_unread_person, "was sent without reading the person before"),
    ],
)
def test_a_request_that_must_not_be_is_named(evidence: Evidence, damage: Damage, named: str) -> None:
    damage(evidence)
    with pytest.raises(BrokenPromise, match=named):
        evidence.check()


def test_an_object_that_was_taken_back_may_be_created_again(evidence: Evidence) -> None:
    create = evidence.entry("POST", "/workspaces")
    _again(evidence, create, method="DELETE", path=f"{create['path']}/{create['created']}", seq=10_000)
    _again(evidence, create, seq=10_001)
    check_creates(evidence.log)


def test_two_objects_of_one_name_in_one_place_are_named(evidence: Evidence) -> None:
    rooms = evidence.state["tables"]["workspaces"]
    (room,) = rooms.values()
    rooms["another"] = room | {"displayName": "SALA GOYA"}
    with pytest.raises(BrokenPromise, match="two workspaces called"):
        evidence.check()
