"""schedules: hours and holidays written as an operator says them, and every event brought to what the row wants."""

from typing import Any

import pytest

from webex_provision.sandbox.answers import Record
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import opening_hours
from webex_provision_tests.stage import Stage

ALL = "/telephony/config/locations/*/schedules"
HOURS = opening_hours("MON=09:00-14:00,15:00-18:00|SAT=22:00-02:00|SUN=24h")
HOLIDAYS = {
    "entity_type": "schedules",
    "location_key": "HQ",
    "schedule_name": "Oficina",
    "schedule_type": "holidays",
    "schedule_holidays": "Navidad=2026-12-25*|Puente=2026-12-07..2026-12-08",
}
HOURS_KEY = "HQ/businessHours/Oficina"
HOLIDAYS_KEY = "HQ/holidays/Oficina"
CREATE = {"method": "POST", "path": "/schedules$"}
UPDATE = {"method": "PUT", "path": "/schedules/[^/]+/[^/]+$"}
ADD = {"method": "POST", "path": "/events$"}
TAKE = {"method": "DELETE", "path": "/events/[^/]+$"}


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ")
    return stage


def weekly(*days: str) -> dict[str, Any]:
    names = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
    return {"recurForEver": True, "recurWeekly": {name: name in days for name in names}}


def events(site: Stage) -> list[str]:
    (schedule,) = site.named("schedules", "Oficina")
    return [event["name"] for event in schedule["events"]]


def only(site: Stage) -> Record:
    (schedule,) = site.named("schedules", "Oficina")
    return schedule


def test_weekly_hours_are_one_post_with_one_event_a_span(site: Stage) -> None:
    """Past midnight ends on the next day; the start dates never change, so a repeat sends the same."""
    play = site.play(HOURS)
    assert play.outcomes == {HOURS_KEY: "success"}
    assert play.writes == [f"POST {ALL}"]
    monday = {
        "startDate": "2024-01-08",
        "endDate": "2024-01-08",
        "allDayEnabled": False,
        "recurrence": weekly("monday"),
    }
    assert play.bodies("POST", "/schedules") == [
        {
            "type": "businessHours",
            "name": "Oficina",
            "events": [
                {"name": "MON 1", "startTime": "09:00", "endTime": "14:00", **monday},
                {"name": "MON 2", "startTime": "15:00", "endTime": "18:00", **monday},
                {
                    "name": "SAT 1",
                    "startDate": "2024-01-13",
                    "endDate": "2024-01-14",
                    "startTime": "22:00",
                    "endTime": "02:00",
                    "allDayEnabled": False,
                    "recurrence": weekly("saturday"),
                },
                {
                    "name": "SUN 1",
                    "startDate": "2024-01-07",
                    "endDate": "2024-01-07",
                    "allDayEnabled": True,
                    "recurrence": weekly("sunday"),
                },
            ],
        }
    ]
    assert play.last(HOURS_KEY)["remote_id"] == only(site)["id"]


def test_holidays_are_whole_days_and_a_star_means_every_year(site: Stage) -> None:
    play = site.play(HOLIDAYS)
    (body,) = play.bodies("POST", "/schedules")
    assert body["events"] == [
        {
            "name": "Navidad",
            "startDate": "2026-12-25",
            "endDate": "2026-12-25",
            "allDayEnabled": True,
            "recurrence": {"recurForEver": True, "recurYearlyByDate": {"dayOfMonth": 25, "month": "DECEMBER"}},
        },
        {"name": "Puente", "startDate": "2026-12-07", "endDate": "2026-12-08", "allDayEnabled": True},
    ]


def test_events_as_json_are_sent_as_they_stand(site: Stage) -> None:
    event = (
        '{"name":"Verano","startDate":"2026-07-01","endDate":"2026-07-01","startTime":"08:00","endTime":"15:00",'
        '"recurrence":{"recurYearlyByDay":{"day":"MONDAY","week":"FIRST","month":"JULY"}}}'
    )
    row = {name: cell for name, cell in HOURS.items() if name != "schedule_weekly_hours"}
    play = site.play(row | {"schedule_events_json": f"[{event}]"})
    assert play.outcomes == {HOURS_KEY: "success"}
    (body,) = play.bodies("POST", "/schedules")
    assert body["events"][0]["recurrence"] == {"recurYearlyByDay": {"day": "MONDAY", "week": "FIRST", "month": "JULY"}}


def test_hours_and_holidays_may_share_a_name_and_locations_too(site: Stage) -> None:
    site.location("Sevilla")
    play = site.play(HOURS, HOLIDAYS, HOURS | {"location_key": "Sevilla"})
    assert play.state is RunState.COMPLETED
    assert len(play.calls("POST")) == len(site.named("schedules", "Oficina")) == 3


def test_an_update_puts_what_is_there_posts_what_misses_and_deletes_what_is_left_over(site: Stage) -> None:
    """Whether a PUT adds and drops events is documented nowhere, so each difference is a call of its own."""
    site.play(HOURS)
    play = site.play(HOURS | {"schedule_weekly_hours": "MON=08:00-14:00|TUE=09:00-14:00|WED=09:00-14:00"})
    assert play.outcomes == {HOURS_KEY: "success"}
    one = f"{ALL}/businessHours/*"
    assert play.writes == [f"PUT {one}"] + [f"POST {one}/events"] * 2 + [f"DELETE {one}/events/*"] * 3
    (put,) = play.bodies("PUT", "")
    assert put["name"] == "Oficina"
    assert [(event["name"], event["newName"], event["startTime"]) for event in put["events"]] == [
        ("MON 1", "MON 1", "08:00")
    ]
    assert [body["name"] for body in play.bodies("POST", "/events")] == ["TUE 1", "WED 1"]
    assert events(site) == ["MON 1", "TUE 1", "WED 1"]


def test_the_same_row_again_changes_nothing(site: Stage) -> None:
    play = site.play(HOURS, HOLIDAYS)
    before = site.tenant.normalised()
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert (play.calls("POST"), play.calls("DELETE")) == ([], [])
    assert site.tenant.normalised() == before


@pytest.mark.parametrize(("lost", "applied"), [(ADD, True), (ADD, False), (TAKE, True), (TAKE, False)])
def test_a_lost_answer_about_an_event_is_looked_up(site: Stage, lost: dict[str, str], applied: bool) -> None:
    site.play(HOURS)
    effect = "ghost" if applied else "drop_before"
    site.faults(lost | {"effect": effect, "last": 1})
    play = site.play(HOURS | {"schedule_weekly_hours": "MON=08:00-14:00|TUE=09:00-14:00"})
    assert play.outcomes == {HOURS_KEY: "success"}
    assert events(site) == ["MON 1", "TUE 1"]


def test_a_create_refused_because_the_schedule_exists_goes_on_as_an_update(site: Stage) -> None:
    site.play(HOURS)
    site.faults({"method": "GET", "path": "/schedules$", "last": 2, "effect": "missing_fields"})
    play = site.play(HOURS | {"schedule_weekly_hours": "MON=08:00-14:00"})
    assert play.outcomes == {HOURS_KEY: "success"}
    assert play.writes[:2] == [f"POST {ALL}", f"PUT {ALL}/businessHours/*"]
    assert events(site) == ["MON 1"]


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (400, 25030, "non_retryable_external"),
        (400, 25024, "non_retryable_external"),
        (403, None, "permission_denied"),
        (404, None, "precondition_missing"),
        (405, None, "license_or_feature_missing"),
        (409, None, "non_retryable_external"),
    ],
)
def test_a_refused_create_has_the_reason_of_its_answer(site: Stage, status: int, code: int | None, reason: str) -> None:
    site.faults(CREATE | {"effect": "status", "status": status, "error_code": code})
    play = site.play(HOURS)
    assert play.outcome(HOURS_KEY) == reason


@pytest.mark.parametrize("fault", [ADD, TAKE])
def test_an_event_that_fails_after_the_put_is_half_applied(site: Stage, fault: dict[str, str]) -> None:
    site.play(HOURS)
    site.faults(fault | {"effect": "status", "status": 400, "error_code": 25024})
    play = site.play(HOURS | {"schedule_weekly_hours": "MON=08:00-14:00|TUE=09:00-14:00"})
    assert play.outcome(HOURS_KEY) == "half_applied"
    assert play.why(HOURS_KEY)["step"].startswith("schedule_event_")


def test_a_location_without_calling_is_told_before_any_write(stage: Stage) -> None:
    stage.location("HQ", calling=False)
    play = stage.play(HOURS)
    assert (play.outcome(HOURS_KEY), play.writes) == ("precondition_missing", [])


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ({"schedule_weekly_hours": ""}, "exactly one of"),
        ({"schedule_weekly_hours": "LUN=09:00-14:00"}, "is not written as this column wants it"),
        ({"schedule_weekly_hours": "MON=9-14"}, "is not written as this column wants it"),
        ({"schedule_weekly_hours": f"MON={','.join(['09:00-14:00'] * 151)}"}, "holds more than 150 spans"),
        ({"schedule_type": "holidays"}, "goes only with schedule_type=businessHours"),
    ],
)
def test_hours_that_make_no_sense_are_rejected(site: Stage, cells: dict[str, str], what: str) -> None:
    assert what in rejected(site, HOURS | cells)


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        ("Navidad=2026-02-30", "a date that no calendar has"),
        ("Navidad=2026-12-24..2026-12-23", "ends before it starts"),
        ("Navidad=2026-12-25|navidad =2027-12-25", "two holidays one name"),
        ("Navidad", "is not written as this column wants it"),
    ],
)
def test_holidays_that_make_no_sense_are_rejected(site: Stage, cell: str, what: str) -> None:
    assert what in rejected(site, HOLIDAYS | {"schedule_holidays": cell})


@pytest.mark.parametrize(
    ("event", "what"),
    [
        ('{"name":"A","startDate":"2026-07-01","endDate":"2026-07-01"}', "needs startTime and endTime"),
        (
            '{"name":"A","startDate":"2026-07-02","endDate":"2026-07-01","allDayEnabled":true}',
            "endDate lies before startDate",
        ),
    ],
)
def test_events_that_make_no_sense_are_rejected(site: Stage, event: str, what: str) -> None:
    row = {name: cell for name, cell in HOURS.items() if name != "schedule_weekly_hours"}
    assert what in rejected(site, row | {"schedule_events_json": f"[{event}]"})


def rejected(site: Stage, row: dict[str, str]) -> str:
    """Why intake refused the one row."""
    play = site.prepare(row)
    return (play.folder / "rejected_rows.csv").read_text()
