"""A step that runs over a list: one call and one intent an item, in order, bounded, gone on with where it stopped."""

import json
import logging
from dataclasses import replace

import pytest

from webex_provision.actions import actions_registry
from webex_provision.actions.declaration import Write
from webex_provision.actions.schedules import SCHEDULE
from webex_provision.engine import batch_iterator
from webex_provision.vocabulary import RunState
from webex_provision_tests.rehearsal import opening_hours
from webex_provision_tests.stage import Play, Stage

HOURS = opening_hours("MON=09:00-14:00,15:00-18:00|SAT=10:00-14:00")
CHANGED = opening_hours("MON=09:00-14:00|TUE=09:00-14:00|WED=09:00-14:00")
KEY = "HQ/businessHours/Oficina"
ADD = {"method": "POST", "path": "/events$"}


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ")
    stage.play(HOURS)
    return stage


def events(site: Stage) -> list[str]:
    (schedule,) = site.named("schedules", "Oficina")
    return [event["name"] for event in schedule["events"]]


def intents(play: Play) -> list[str]:
    return [json.loads(line)["step"] for line in (play.folder / "intents.jsonl").read_text().splitlines()]


def added(play: Play) -> list[str]:
    return [body["name"] for body in play.bodies("POST", "/events")]


def test_each_item_has_an_intent_that_names_it_and_the_ledger_names_the_step(site: Stage) -> None:
    play = site.play(CHANGED)
    assert intents(play) == [
        "schedule_event_create TUE 1",
        "schedule_event_create WED 1",
        "schedule_event_delete MON 2",
        "schedule_event_delete SAT 1",
    ]
    assert play.last(KEY)["step"] == "schedule_event_delete"
    assert events(site) == ["MON 1", "TUE 1", "WED 1"]


def test_the_first_item_that_fails_stops_the_row_and_a_retry_sends_what_is_left(site: Stage) -> None:
    site.faults(ADD | {"first": 2, "last": 2, "effect": "status", "status": 400, "error_code": 25024})
    play = site.play(CHANGED)
    assert play.outcome(KEY) == "half_applied"
    assert play.why(KEY)["step"] == "schedule_event_create"
    assert play.calls("DELETE") == []
    assert play.retry() is RunState.COMPLETED
    assert added(play) == ["WED 1"]
    assert events(site) == ["MON 1", "TUE 1", "WED 1"]


def test_a_lost_answer_about_one_item_is_looked_up_and_the_others_are_sent_once(site: Stage) -> None:
    site.faults(ADD | {"first": 1, "last": 1, "effect": "drop_before"})
    play = site.play(CHANGED)
    assert play.outcomes == {KEY: "success"}
    assert added(play) == ["TUE 1", "TUE 1", "WED 1"], "the lost one again, because it does not show"


def test_a_list_beyond_its_bound_costs_the_row_before_any_item_is_sent(
    site: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    steps = tuple(
        replace(step, most_items=1) if isinstance(step, Write) and step.name == "schedule_event_delete" else step
        for step in SCHEDULE.steps
    )
    known = {**actions_registry.entity_types_by_name(), "schedules": replace(SCHEDULE, steps=steps)}
    monkeypatch.setattr(batch_iterator, "entity_types_by_name", lambda: known)
    play = site.play(CHANGED)
    assert play.calls("DELETE") == []
    assert "schedule_event_delete has 2 items, and may have 1 at most" in play.why(KEY)["reason_message"]
    assert [record.levelno for record in caplog.records if record.message == "invariant_failed"] == [logging.CRITICAL]
