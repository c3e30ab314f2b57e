"""A plan foretells a run row by row, over every entity type, by look-ups only; after the run it finds all done."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import NamedTuple

import pytest

from webex_provision.actions.actions_registry import ENTITY_TYPES
from webex_provision.engine.plan import PLAN_COLUMNS, Plan, Planner
from webex_provision.intake.data_pipeline import run_intake
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.writers import write_plan
from webex_provision.sandbox.faults import Faults
from webex_provision.sandbox.seeding import add_location
from webex_provision.vocabulary import PlanAction, RunMode, RunState
from webex_provision.wire import endpoint_family
from webex_provision_tests.contract.routing_rows import PASSWORD_VARIABLE
from webex_provision_tests.contract.rows import LATE, PROMPT, Rows, first_rows, second_rows
from webex_provision_tests.in_process_site import Exchange, InProcessSite, recorded
from webex_provision_tests.prompts import wav
from webex_provision_tests.rehearsal import LOCATION, hunt_group, user, workspace

_NUMBER = re.compile(r"\+[0-9]{9,}")
_QUESTIONS = ("/actions/validateDialPatterns/invoke", "/actions/validateMacs/invoke")
# How often a job is looked at, nobody can foresee; nor that an owner's new phone does not show yet.
_POLLS = re.compile(r"/jobs/|/devices\?(mac|personId)=")


class Foretold(NamedTuple):
    """A plan, what it sent, and how the run after it ended: row -> (action, reason)."""

    plan: Plan
    sent: list[Exchange]
    ended: dict[str, tuple[str, str]]
    called: list[Exchange]


def plan_of(site: InProcessSite, *, offline: bool = False) -> tuple[Plan, list[Exchange]]:
    """A plan of the site's CSV against its tenant, and what it sent."""
    sent: list[Exchange] = []
    result = run_intake(site.csv, site.settings, site.clock)
    planner = Planner(
        result.ready,
        result.rejected,
        site.settings,
        site.clock,
        folder=site.csv.parent,
        offline=offline,
        transport=recorded(site.sandbox, sent),
    )
    with site.nothing_waits():
        return asyncio.run(planner.make()), sent


def _foretold(site: InProcessSite, mode: RunMode = RunMode.RESUME) -> Foretold:
    before = site.sandbox.tenant.normalised()
    plan, sent = plan_of(site)
    assert site.sandbox.tenant.normalised() == before
    place = RollOutFolder(site.folder)  # a run is not hindered by a plan that lies in its folder
    place.create()
    write_plan(place.plan, PLAN_COLUMNS, (astuple(row) for row in plan.rows))
    first = len(site.exchanges)
    assert site.run(mode).completed
    return Foretold(plan, sent, dict(_ended(site)), site.exchanges[first:])


def _ended(site: InProcessSite) -> Iterator[tuple[str, tuple[str, str]]]:
    words = {"created": PlanAction.CREATE, "updated": PlanAction.UPDATE, "already": PlanAction.SKIP}
    for row_id, record in site.last_states().items():
        action = words.get(record["message"].split(" ", 1)[0], PlanAction.PENDING)
        if record["status"] == "pending":
            action = PlanAction.OUT_OF_SCOPE if record["reason_code"] == "out_of_scope" else PlanAction.PENDING
        yield row_id, (action.value, record["reason_code"])


def _numbers_added(rows: Rows) -> Rows:
    """The rows, and one that puts into the inventory whatever number they speak of and none of them adds."""
    added = {number for row in rows for number in _NUMBER.findall(row.get("number_phone_numbers", ""))}
    cells = {
        cell
        for row in rows
        for name, cell in row.items()
        if "phone_number" in name or name.endswith("alternate_numbers")
    }
    numbers = {number for cell in cells for number in _NUMBER.findall(cell)} - added
    order = {"entity_type": "location_number_state", "location_key": "HQ", "number_action": "ADD"}
    return [*rows, order | {"number_phone_numbers": "|".join(sorted(numbers))}]


def _without_numbers(rows: Rows) -> Rows:
    return [{name: cell for name, cell in row.items() if not _NUMBER.search(cell)} for row in rows]


@pytest.fixture(scope="module")
def trunk_password() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PASSWORD_VARIABLE, "sip-secret")
        yield


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory, trunk_password: None) -> Sequence[Foretold]:
    """A site of all types planned and run on an empty tenant; planned and replayed; changed by another CSV."""
    rows = _numbers_added(first_rows())
    people = _without_numbers([row for row in rows + second_rows() if row.get("email") != LATE])
    site = InProcessSite(tmp_path_factory.mktemp("first"), rows, seeded=people)
    (site.base / PROMPT).write_bytes(wav())
    first = _foretold(site)
    site.clock.advance(60)
    again = _foretold(site, RunMode.REPLAY)
    changed = InProcessSite(tmp_path_factory.mktemp("second"), second_rows(), allow_number_removal=True)
    changed.sandbox, changed.clock = site.sandbox, site.clock
    (changed.base / PROMPT).write_bytes(wav())
    return first, again, _foretold(changed)


def test_every_row_of_every_type_ends_as_it_was_planned(stories: Sequence[Foretold]) -> None:
    for story in stories:
        planned = {row.row_id: (row.action.value, row.reason) for row in story.plan.rows}
        assert planned == story.ended
    first, _, changed = stories
    types = {row.entity_type for row in (*first.plan.rows, *changed.plan.rows)}
    assert all(types & set(declared.names) for declared in ENTITY_TYPES)


def test_a_plan_after_the_run_creates_nothing(stories: Sequence[Foretold]) -> None:
    first, again, _ = stories
    assert Counter(row.action for row in first.plan.rows)[PlanAction.CREATE] > 10
    assert PlanAction.CREATE not in {row.action for row in again.plan.rows}


def test_no_mutation_leaves_while_a_plan_is_made(stories: Sequence[Foretold]) -> None:
    changing = [
        f"{exchange.method} {exchange.url}"
        for story in stories
        for exchange in story.sent
        if exchange.method != "GET" and not exchange.url.endswith(_QUESTIONS)
    ]
    assert changing == []
    assert any(exchange.method == "POST" for exchange in stories[2].sent)  # a declared question is asked


def test_the_calls_of_the_run_are_those_that_the_plan_counted(stories: Sequence[Foretold]) -> None:
    for story in stories:
        unforeseen = sum(_POLLS.search(exchange.url) is not None for exchange in story.called)
        assert 0 <= len(story.called) - story.plan.calls <= unforeseen
        assert story.plan.lookups_made == len(story.sent)
    assert stories[1].plan.calls == len(stories[1].called)
    called = Counter(endpoint_family(e.method, e.url.removeprefix("/v1")) for e in stories[1].called)
    assert sum(stories[1].plan.families.values(), stories[1].plan.shared) == called


def test_what_rows_ask_once_together_is_counted_once_of_a_location_that_is_still_to_be_made(
    tmp_path: Path,
) -> None:
    connection = {"location_pstn_type": "NON_INTEGRATED_CCP", "location_pstn_target_key": "Example Carrier"}
    profile = {"entity_type": "location_call_profiles", "location_key": "HQ", **connection}
    order = {"entity_type": "location_number_state", "location_key": "HQ", "number_action": "ADD"}
    orders = [order | {"number_phone_numbers": f"+3491000210{number}"} for number in range(5)]
    story = _foretold(InProcessSite(tmp_path, [LOCATION, profile, *orders], seeded=[]))
    assert {row.action for row in story.plan.rows} == {PlanAction.CREATE, PlanAction.UPDATE}
    assert story.plan.calls == len(story.called)


@pytest.mark.parametrize("known", ["", "Sevilla"])
def test_removals_are_counted_as_they_share_calls_also_in_a_location_that_is_still_to_be_made(
    tmp_path: Path, known: str
) -> None:
    """In a location that is there, numbers leave five a call; in one that is not, each is looked for once more."""
    numbers = [f"+3491000290{number}" for number in range(7)]
    profile = {"entity_type": "location_call_profiles", "location_key": "HQ"}
    profile |= {"location_pstn_type": "NON_INTEGRATED_CCP", "location_pstn_target_key": "Example Carrier"}
    removal = {"entity_type": "number_removal", "location_key": known or "HQ"}
    removals = [removal | {"number_to_remove": number} for number in numbers]
    site = InProcessSite(tmp_path, [LOCATION, profile, *removals], seeded=[], allow_number_removal=True)
    if known:
        add_location(site.sandbox.tenant, known, numbers=numbers)
        site.clock.advance(60)
    story = _foretold(site)
    removed = [row.calls for row in story.plan.rows if row.entity_type == "number_removal"]
    assert removed == ([2, 0, 0, 0, 0, 1, 0] if known else [2, 1, 1, 1, 1, 1, 1])
    assert {row.row_id: (row.action.value, row.reason) for row in story.plan.rows} == story.ended
    assert story.plan.calls == len(story.called)


def test_without_a_tenant_nothing_is_sent_and_the_estimate_lies_above_the_run(
    tmp_path: Path, stories: Sequence[Foretold]
) -> None:
    (tmp_path / PROMPT).write_bytes(wav())
    plan, sent = plan_of(InProcessSite(tmp_path, _numbers_added(first_rows()), seeded=[]), offline=True)
    assert sent == []
    assert {row.action for row in plan.rows} == {PlanAction.APPLY}
    foreseeable = [exchange for exchange in stories[0].called if not _POLLS.search(exchange.url)]
    assert len(foreseeable) <= plan.calls <= 1.5 * len(foreseeable)


def test_what_would_wait_is_told_with_its_reason_and_so_are_those_who_depend_on_it(tmp_path: Path) -> None:
    rows = [
        LOCATION,
        user("ana", "2101"),
        user("nobody", "2102"),
        workspace("Sala", "2301"),
        hunt_group("Ventas", "2800", hunt_agents="ana@example.com|workspace:Sala"),
        hunt_group("Soporte", "2801", hunt_agents="nobody@example.com"),
        user("bad", "12345678901234567890"),
        {"entity_type": "number_removal", "location_key": "HQ", "number_to_remove": "+34910002999"},
    ]
    plan, _ = plan_of(InProcessSite(tmp_path, rows, seeded=[user("ana")]))
    told = {row.entity_key: (row.action.value, row.reason) for row in plan.rows}
    assert told["Madrid HQ"] == told["Sala"] == told["HQ/Ventas"] == ("create", "")
    assert told["ana@example.com"] == ("update", "")
    assert told["nobody@example.com"] == told["HQ/Soporte"] == ("pending", "user_not_found")
    assert told["bad@example.com"] == ("rejected", "invalid_input_schema")
    assert told["HQ/+34910002999"] == ("out_of_scope", "out_of_scope")


@pytest.mark.parametrize("connection", ["", "INTEGRATED_CCP"])
def test_what_the_run_itself_would_change_before_is_not_held_against_a_row(tmp_path: Path, connection: str) -> None:
    """Numbers are refused where the location has no PSTN, or a managed one; an earlier row is about to change that."""
    place = {"location_key": "Madrid HQ"}
    rows = [
        {"entity_type": "location_call_profiles", **place, "location_pstn_type": "NON_INTEGRATED_CCP"}
        | {"location_pstn_target_key": "Example Carrier"},
        {"entity_type": "location_number_state", **place, "number_action": "ADD"}
        | {"number_phone_numbers": "+34910002101"},
    ]
    for planned, reason in ((rows, ""), (rows[1:], "out_of_scope" if connection else "precondition_missing")):
        folder = tmp_path / str(len(planned))
        folder.mkdir()
        site = InProcessSite(folder, planned, seeded=[])
        add_location(site.sandbox.tenant, "Madrid HQ", pstn=connection)
        site.clock.advance(60)
        story = _foretold(site)
        assert story.plan.rows[-1].reason == reason
        assert {row.row_id: (row.action.value, row.reason) for row in story.plan.rows} == story.ended


def test_licences_that_earlier_rows_would_take_are_taken(tmp_path: Path) -> None:
    names = [f"u{number}" for number in range(4)]
    site = InProcessSite(tmp_path, [LOCATION, *(user(name, f"21{number:02}") for number, name in enumerate(names))])
    for license_id, row in site.sandbox.tenant.table("licenses").rows.items():
        if row["name"] == "Webex Calling - Professional":
            row["totalUnits"] = len(site.sandbox.tenant.holders[license_id]) + 3
    story = _foretold(site)
    assert [row.reason for row in story.plan.rows].count("license_or_feature_missing") == 1
    assert {row.row_id: (row.action.value, row.reason) for row in story.plan.rows} == story.ended


def test_a_token_that_dies_ends_the_plan_and_what_it_did_not_reach_is_said(tmp_path: Path) -> None:
    site = InProcessSite(tmp_path, [LOCATION, user("ana", "2101")])
    site.faults(Faults(token_expires_after=4))
    plan, _ = plan_of(site)
    assert plan.state is RunState.STOPPED_AUTH
    assert PlanAction.NOT_REACHED in {row.action for row in plan.rows}
    assert len(plan.rows) == 2


def test_the_time_is_that_of_the_busiest_family_of_each_type_one_type_after_the_other() -> None:
    """Each family has a limit of its own, and what it leaves unused is of no use to another type."""
    users, groups = Counter({"people": 3_000}), Counter({"telephony-read": 300, "telephony-write": 900})
    families = {"user_calling_settings": users, "hunt_group": groups}
    plan = Plan((), Counter({"places": 30}), families, lookups_made=0, offline=True)
    assert plan.minutes(300) == pytest.approx(0.1 + 10 + 3)


def test_a_plan_can_be_printed_as_json(stories: Sequence[Foretold]) -> None:
    document = json.loads(json.dumps(stories[0].plan.as_dict(300)))
    assert sum(document["rows"].values()) == len(document["plan"])
