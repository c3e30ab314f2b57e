"""The contest of benchmarks/side_by_side.py keeps working: all contestants bring a few rows of all types into a tenant.

Without latency and limits: what is measured is not judged here, what they leave behind is.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from webex_provision.ledger.locks import STATE_DIR_VARIABLE
from webex_provision.sandbox import Profile
from webex_provision_tests.benchmarks.contest import TYPES, Circumstances, Contest, WrongResult, check, contest_rows
from webex_provision_tests.benchmarks.contest_report import table, write_json
from webex_provision_tests.benchmarks.contestants import BOUND, CONTESTANTS, Measured, Plan, play
from webex_provision_tests.benchmarks.contestants.fewest_writes import Send, sends_of, stages_of

LISTS = ("hunt_agents", "queue_agents", "pickup_members")
GIVEN = Circumstances(Profile.NONE, latency_ms=0, speed=100, seed=0)


def _few_rows() -> list[dict[str, str]]:
    """The first row of each type, with few members, and the users and rooms that they name."""
    rows = contest_rows(150)
    firsts = [next(row for row in rows if row["entity_type"] == name) for name in sorted(TYPES)]
    firsts = [
        {name: "|".join(cell.split("|")[:3]) if name in LISTS else cell for name, cell in row.items()} for row in firsts
    ]
    named = {item for row in firsts for cell in row.values() for item in cell.split("|")}
    others = [row for row in rows if named & {row.get("email"), row.get("workspace_display_name")}]
    return [*(row for row in others if row not in firsts), *firsts]


def _here(name: str, plan: Plan) -> Measured:
    return play(name, plan, lambda: 1)


@pytest.mark.filterwarnings("ignore:Inheritance class AsRestSession:DeprecationWarning")
def test_all_contestants_leave_the_same_tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STATE_DIR_VARIABLE, str(tmp_path / "state"))
    rows = _few_rows()
    contest = Contest(rows, GIVEN, tmp_path)
    outcomes = [contest.play(name, 1, _here) for name in CONTESTANTS]
    assert [outcome.name for outcome in outcomes] == list(CONTESTANTS)
    writes = {outcome.name: sum(method != "GET" for _, method, *_ in outcome.calls) for outcome in outcomes}
    assert len(set(writes.values())) == 1
    bounds = [len(outcome.calls) for outcome in outcomes if outcome.name.startswith(BOUND)]
    assert bounds == [writes[BOUND]] * 2
    assert len(list(table(outcomes))) == 2 + len(CONTESTANTS)
    write_json(tmp_path / "figures.json", GIVEN, outcomes)
    told = json.loads((tmp_path / "figures.json").read_text())["outcomes"]
    assert [one["calls"] for one in told] == [len(outcome.calls) for outcome in outcomes]


def test_another_tenant_than_the_reference_is_told_with_what_differs() -> None:
    wanted: Mapping[str, object] = {"lines": {"ana": {"extension": "2101"}}}
    check("the same", wanted, {"lines": {"ana": {"extension": "2101"}}})
    with pytest.raises(WrongResult, match=r"a script leaves .*lines/ana/extension: '2101' became '2102'"):
        check("a script", wanted, {"lines": {"ana": {"extension": "2102"}}})
    with pytest.raises(WrongResult, match="lines/ana"):
        check("a script", wanted, {"lines": {}})


def test_a_write_of_the_bound_waits_for_what_made_the_objects_that_it_names() -> None:
    ana, room = "ana" * 20, "room" * 20

    def write(method: str, path: str, body: object, created: str | None = None) -> dict[str, object]:
        return {"applied": True, "method": method, "path": path, "query": {}, "body": body, "created": created}

    sends = sends_of(
        [
            write("PATCH", "/v1/licenses/users", {"personId": ana}),
            write("POST", "/v1/workspaces", {"displayName": "Room"}, room),
            write("GET", "/v1/people", None) | {"applied": False},
            write("PUT", f"/v1/people/{ana}/features/voicemail", {"enabled": True}),
            write("POST", "/v1/telephony/config/huntGroups", {"agents": [{"id": ana}, {"id": room}]}),
        ]
    )
    assert [send.after for send in sends] == [frozenset(), frozenset(), {0}, {0, 1}]


def test_the_bound_that_keeps_the_order_of_types_starts_one_when_the_earlier_one_has_ended() -> None:
    def write(method: str, path: str) -> Send:
        return Send(method, path, {}, None, frozenset(), 0)

    ana, luis = (f"/v1/people/{name * 20}/voicemail" for name in ("ana", "luis"))
    users = [write("PATCH", "/v1/licenses"), write("PUT", ana), write("PATCH", "/v1/licenses"), write("PUT", luis)]
    others = [write("POST", "/v1/workspaces"), write("POST", "/v1/devices")]
    assert stages_of([*users, *others]) == [users, [others[0]], [others[1]]]
