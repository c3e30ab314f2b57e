"""announcements_repo, whatever the audio comes from: refusals, lost answers, levels, rows that make no sense."""

import pytest

from webex_provision.sandbox.announcements import ROOM_MB, add_announcement
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.actions.announcement_rows import (
    CREATE,
    FILE,
    IN_HQ,
    KEY,
    ORG,
    ORG_KEY,
    SPOKEN,
    Row,
    each_level,
    each_source,
    played,
)
from webex_provision_tests.prompts import wav
from webex_provision_tests.stage import Stage


@each_source
@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (403, None, "permission_denied"),
        (403, "BIFROST-B10005", "license_or_feature_missing"),
        (405, None, "license_or_feature_missing"),
        (404, None, "precondition_missing"),
        (409, None, "non_retryable_external"),
    ],
)
def test_a_refused_create_has_the_reason_of_its_answer(
    site: Stage, source: Row, status: int, code: str | None, reason: str
) -> None:
    site.faults(CREATE | {"effect": "status", "status": status, "error_code": code})
    play = played(site, source)
    assert (play.outcome(KEY), play.why(KEY)["http_status"]) == (reason, str(status))


@each_source
@each_level
def test_a_full_repository_is_a_precondition(site: Stage, source: Row, level: Row, key: str, base: str) -> None:
    location = None if level else site.named("locations", "HQ")[0]
    add_announcement(site.tenant, "Enorme", location, fileSize=str(ROOM_MB * 1024))
    site.faults(CREATE | {"effect": "status", "status": 400})
    play = played(site, source | level)
    assert play.outcome(key) == "precondition_missing"
    assert "is full" in play.why(key)["reason_message"]


def test_a_file_beyond_what_the_organisation_allows_is_a_precondition(site: Stage) -> None:
    play = played(site, FILE, content=wav(162, rate=16000, bits=16))
    assert play.outcome(KEY) == "precondition_missing"
    assert "5000 at most" in play.why(KEY)["reason_message"]


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_speech_that_webex_does_not_take_back_is_refused_with_its_advice(site: Stage, method: str) -> None:
    if method == "PUT":
        played(site, SPOKEN | {"announcement_tts_text": "Antes"})
    site.faults({"method": method, "path": "/announcements", "effect": "status", "status": 400, "error_code": 27917})
    play = played(site, SPOKEN)
    assert play.outcome(KEY) == "non_retryable_external"
    assert "retry later" in play.why(KEY)["reason_message"]


@each_source
@each_level
@pytest.mark.parametrize("status", [None, 500])
def test_a_create_whose_answer_was_lost_is_looked_up_and_not_sent_again(
    site: Stage, source: Row, level: Row, key: str, base: str, status: int | None
) -> None:
    site.faults(CREATE | {"effect": "ghost", "status": status})
    play = played(site, source | level)
    assert play.state is RunState.COMPLETED, play.pending
    assert play.writes.count(f"POST {base}") == 1
    assert len(site.named("announcements", "Bienvenida")) == 1


@each_source
def test_a_create_that_was_lost_and_never_applied_is_not_sent_again_in_doubt(site: Stage, source: Row) -> None:
    """Webex is not known to refuse a second announcement of the name; once the doubt is over, a retry makes it."""
    site.faults(CREATE | {"effect": "reset"})
    play = played(site, source)
    assert play.outcome(KEY) == "retry_exhausted"
    assert play.writes.count(IN_HQ) == 1
    site.faults()
    assert play.retry() is RunState.COMPLETED
    assert len(site.named("announcements", "Bienvenida")) == 1


@pytest.mark.parametrize("status", [400, 409])
def test_a_create_refused_because_it_exists_goes_on_with_what_is_there(site: Stage, status: int) -> None:
    """The same file is there: nothing is to do. Another text is there: it is replaced."""
    for row, last in ((FILE, IN_HQ), (SPOKEN, "PUT /telephony/config/locations/*/announcements/*")):
        name = {"announcement_name": row["announcement_source"]}
        played(site, row | name)
        hidden = {"method": "GET", "path": "/announcements$", "last": 2, "effect": "missing_fields"}
        site.faults(hidden, CREATE | {"effect": "status", "status": status})
        play = played(site, row | name)
        assert play.state is RunState.COMPLETED, play.pending
        assert play.writes[-1] == last
        site.faults()


def test_an_announcement_of_a_location_is_none_of_the_organisation_and_the_other_way_round(site: Stage) -> None:
    play = played(site, FILE, FILE | ORG, FILE | {"location_key": "Sevilla"})
    assert play.state is RunState.COMPLETED
    assert len(site.named("announcements", "Bienvenida")) == 3
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.writes == []


def test_one_of_the_organisation_is_found_even_where_the_list_of_all_leaves_it_out(
    site: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether `locationId=all` shows the organisation's own is not documented."""
    played(site, FILE | ORG)
    monkeypatch.setattr(
        "webex_provision.sandbox.announcements._within",
        lambda scope, location_id, _: bool(location_id) if scope == "all" else not location_id,
    )
    play = played(site, FILE | ORG)
    assert (play.outcome(ORG_KEY), play.writes) == ("success", [])


@pytest.mark.parametrize(
    ("name", "reason"), [("Nowhere", "resource_dependency_missing"), ("Dark", "precondition_missing")]
)
def test_a_location_that_is_not_there_or_does_not_call_is_told_before_any_write(
    site: Stage, name: str, reason: str
) -> None:
    site.location("Dark", calling=False)
    play = played(site, SPOKEN | {"location_key": name})
    assert play.outcome(f"{name}/Bienvenida") == reason
    assert play.writes == []


def test_other_rows_name_what_the_same_csv_creates(site: Stage) -> None:
    """A queue and an auto attendant refer to new announcements by the row's key or by name, of location or org."""
    place = {"location_key": "HQ"}
    queue = {
        "entity_type": "call_queue",
        "queue_name": "Soporte",
        "extension": "2900",
        "queue_size": "25",
        "queue_policy": "REGULAR",
        "queue_welcome_announcement": "saludo",
        "queue_moh_announcement": "ORG/Musica",
    }
    attendant = {
        "entity_type": "auto_attendant",
        "aa_name": "Centralita",
        "extension": "2950",
        "aa_business_schedule": "Oficina",
        "aa_announcement": "Bienvenida",
        "aa_business_keys": "0:EXIT",
    }
    hours = {
        "entity_type": "schedules",
        "schedule_name": "Oficina",
        "schedule_type": "businessHours",
        "schedule_weekly_hours": "MON=09:00-14:00",
    }
    elsewhere = SPOKEN | {"location_key": "Sevilla"}
    music = SPOKEN | ORG | {"announcement_name": "Musica"}
    greeting = FILE | {"entity_key": "saludo"}
    play = played(site, queue | place, attendant | place, hours | place, elsewhere, greeting, music)
    assert play.state is RunState.COMPLETED, play.pending
    greeting_id, music_id = (play.last(key)["remote_id"] for key in ("saludo", "ORG/Musica"))
    (body,) = play.bodies("POST", "/queues")
    settings = body["queueSettings"]
    assert [file["id"] for file in settings["welcomeMessage"]["audioAnnouncementFiles"]] == [greeting_id]
    assert [file["id"] for file in settings["mohMessage"]["normalSource"]["audioAnnouncementFiles"]] == [music_id]
    (body,) = play.bodies("POST", "/autoAttendants")
    assert body["businessHoursMenu"]["audioAnnouncementFile"]["id"] == greeting_id
    assert play.calls("GET", "/announcements")[0]["query"]["locationId"] == "all"
    assert len(play.calls("GET", "/announcements")) == 1 + 3  # the list, and a confirmation of each create


@pytest.mark.parametrize(
    "cells",
    [
        {"announcement_file_path": "/etc/hola.wav"},
        {"announcement_file_path": "../hola.wav"},
        {"announcement_file_path": "prompts/../../hola.wav"},
        {"announcement_file_path": "C:/hola.wav"},
        {"announcement_file_path": "prompts\\hola.wav"},
        {"announcement_file_path": "hola.mp3"},
        {"announcement_file_path": ".wav"},
        {"announcement_file_path": f"{'x' * 80}.wav"},
        {"announcement_file_path": ""},
        {"announcement_tts_text": "Hola"},
        {"announcement_name": "x" * 257},
        {"announcement_source": "video"},
        {"announcement_source": "tts"},
    ],
)
def test_rows_that_make_no_sense_are_rejected(site: Stage, cells: Row) -> None:
    assert site.play(FILE | cells).summary["counts"]["rejected"] == 1


@pytest.mark.parametrize("missing", ["text", "voice", "language"])
def test_speech_needs_all_of_its_cells(site: Stage, missing: str) -> None:
    assert site.play(SPOKEN | {f"announcement_tts_{missing}": ""}).summary["counts"]["rejected"] == 1


def test_a_video_is_out_of_scope(site: Stage) -> None:
    play = site.play(FILE | {"announcement_file_path": "hola.MP4"})
    assert play.outcome(KEY) == "out_of_scope"
    assert play.writes == []
