"""announcements_repo: a file is uploaded once and never replaced, a text is spoken only where it is to change."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from webex_provision.actions.audio import LARGEST_FILE
from webex_provision.sandbox.announcements import ROOM_MB, add_announcement
from webex_provision.sandbox.speech import QUOTA
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.prompts import wav
from webex_provision_tests.stage import Play, Stage

KEY, ORG_KEY = "HQ/Bienvenida", "ORG/Bienvenida"
ALL = "/telephony/config/announcements"
SPEAK = "POST /telephony/config/textToSpeech/actions/generate/invoke"
IN_HQ = "POST /telephony/config/locations/*/announcements"
PATH = "prompts/hola.wav"
FILE = {
    "entity_type": "announcements_repo",
    "location_key": "HQ",
    "announcement_name": "Bienvenida",
    "announcement_source": "file",
    "announcement_file_path": PATH,
}
SPOKEN = {
    "entity_type": "announcements_repo",
    "location_key": "HQ",
    "announcement_name": "Bienvenida",
    "announcement_source": "tts",
    "announcement_tts_text": "Gracias por llamar.",
    "announcement_tts_voice": "es-ES-1",
    "announcement_tts_language": "es_ES",
}
ORG = {"location_key": ""}
CREATE = {"method": "POST", "path": "/announcements$"}
READ_SPEECH = {"method": "GET", "path": "/textToSpeech/[^/]{20,}$"}
GENERATE = {"method": "POST", "path": "/generate/invoke$"}

Row = Mapping[str, str]
each_level = pytest.mark.parametrize(
    ("level", "key", "base"),
    [({}, KEY, "/telephony/config/locations/*/announcements"), (ORG, ORG_KEY, ALL)],
    ids=["location", "organisation"],
)
each_source = pytest.mark.parametrize("source", [FILE, SPOKEN], ids=["file", "tts"])


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ")
    stage.location("Sevilla")
    return stage


def put(folder: Path, content: bytes | None, path: str = PATH) -> None:
    """The file beside the CSV, or none; a link that another test left there goes."""
    place = folder / path
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    if content is not None:
        place.write_bytes(content)


def prepare(site: Stage, *rows: Row, content: bytes | None = None) -> Play:
    play = site.prepare(*rows)
    put(play.csv_path.parent, wav() if content is None else content)
    return play


def played(site: Stage, *rows: Row, content: bytes | None = None, **changes: float) -> Play:
    play = prepare(site, *rows, content=content)
    play.run(**changes)
    return play


# Files


@each_level
def test_a_file_is_uploaded_by_one_form_with_its_name_and_its_bytes(
    site: Stage, level: Row, key: str, base: str
) -> None:
    play = played(site, FILE | level)
    assert play.state is RunState.COMPLETED, play.pending
    assert play.writes == [f"POST {base}"]
    (form,) = play.bodies("POST", "/announcements")
    file = form.pop("file")
    assert form == {"name": "Bienvenida", "is_text_to_speech": "false"}
    assert (file["content_type"], file["sha256"]) == ("audio/wav", hashlib.sha256(wav()).hexdigest())
    assert file["filename"].endswith(".wav")
    (announcement,) = site.named("announcements", "Bienvenida")
    assert play.last(key)["remote_id"] == announcement["id"]
    assert announcement["level"] == ("LOCATION" if "location_key" not in level else "ORGANIZATION")


def test_the_same_form_has_the_same_bytes_and_no_two_places_share_a_file_name(site: Stage) -> None:
    """No two files of the organisation may be called the same; names that ASCII can't write differ all the same."""
    rows = [FILE, FILE | ORG, FILE | {"location_key": "Sevilla"}, FILE | {"announcement_name": "ようこそ"}]
    names = [form["file"]["filename"] for form in played(site, *rows).bodies("POST", "/announcements")]
    assert len(set(names)) == len(rows)
    assert all(name.isascii() and len(name) <= 80 for name in names)
    site.tenant.table("announcements").rows.clear()
    again = [form["file"]["filename"] for form in played(site, *rows).bodies("POST", "/announcements")]
    assert sorted(again) == sorted(names)


@each_level
def test_the_same_file_again_sends_nothing(site: Stage, level: Row, key: str, base: str) -> None:
    played(site, FILE | level)
    play = played(site, FILE | level)
    assert (play.outcome(key), play.writes) == ("success", [])
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.writes == []


@pytest.mark.parametrize("other", ["file", "control hub", "tts"])
def test_other_audio_under_the_same_name_is_never_replaced_by_a_file(site: Stage, other: str) -> None:
    """Whether Webex can do that is proven nowhere, so nothing is sent and the row says so."""
    if other == "file":
        played(site, FILE, content=wav(6))
    elif other == "tts":
        played(site, SPOKEN)
    else:
        add_announcement(site.tenant, "Bienvenida", site.named("locations", "HQ")[0])
    play = played(site, FILE)
    assert play.outcome(KEY) == "out_of_scope"
    assert "other audio" in play.why(KEY)["reason_message"]
    assert play.writes == []


@pytest.mark.parametrize("status", [400, 415])
def test_an_organisation_that_takes_no_uploads_leaves_the_row_out_of_scope(site: Stage, status: int) -> None:
    site.faults(CREATE | {"effect": "status", "status": status, "message": "No forms here"})
    play = played(site, FILE)
    why = play.why(KEY)
    assert (why["reason_code"], why["http_status"]) == ("out_of_scope", str(status))
    assert "No forms here" in why["reason_message"]
    assert "announcement_source=tts" in why["reason_message"]


def test_without_its_file_a_row_waits_before_any_call_and_a_retry_mends_it(site: Stage) -> None:
    play = site.prepare(FILE)
    put(play.csv_path.parent, None)
    play.run()
    why = play.why(KEY)
    assert (why["reason_code"], why["step"]) == ("precondition_missing", "announcement_file")
    assert PATH in why["reason_message"]
    assert play.calls("GET", "/announcements") == play.calls("GET", "/config/locations") == []
    assert play.writes == []
    put(play.csv_path.parent, wav())
    assert play.retry() is RunState.COMPLETED
    assert len(site.named("announcements", "Bienvenida")) == 1


def _link_out(place: Path) -> None:
    secret = place.parent.parent.parent / "elsewhere.wav"
    secret.write_bytes(wav())
    place.symlink_to(secret)


def _folder_link_out(place: Path) -> None:
    elsewhere = place.parent.parent.parent / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    (elsewhere / place.name).write_bytes(wav())
    place.parent.rmdir()
    place.parent.symlink_to(elsewhere, target_is_directory=True)


def _loop(place: Path) -> None:
    place.symlink_to(place.name)


def _folder(place: Path) -> None:
    place.mkdir()


def _too_large(place: Path) -> None:
    place.write_bytes(wav() + b"\0" * LARGEST_FILE)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (_link_out, "leads out of"),
        (_folder_link_out, "leads out of"),
        (_loop, "can't be read"),
        (_folder, "Is a directory"),
        (_too_large, "larger than 5 MiB"),
    ],
)
def test_a_file_that_is_not_to_be_read_is_not_read(site: Stage, make: Callable[[Path], None], told: str) -> None:
    """Nothing outside the CSV's folder is ever sent, whatever links lie there; memory is bounded."""
    path = f"{make.__name__}/a.wav"
    play = site.prepare(FILE | {"announcement_file_path": path})
    place = play.csv_path.parent / path
    place.parent.mkdir()
    make(place)
    play.run()
    assert play.outcome(KEY) == "precondition_missing"
    assert told in play.why(KEY)["reason_message"]
    assert play.writes == []


def test_a_link_that_stays_in_the_folder_is_followed(site: Stage) -> None:
    play = prepare(site, FILE | {"announcement_file_path": "link.wav"})
    (play.csv_path.parent / "link.wav").symlink_to(PATH)
    assert play.run() is RunState.COMPLETED


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no WAV"),
        (b"ID3" + b"\0" * 99, "no WAV"),
        (wav()[:20], "broken"),
        (wav(kind=85), "format 85"),
        (wav(channels=2), "mono"),
        (wav(rate=44100), "44100"),
        (wav(bits=24), "24 bits"),
        (wav(4.9), "lasts 4.9 s"),
    ],
)
def test_a_file_that_webex_does_not_take_is_told_before_any_call(site: Stage, content: bytes, told: str) -> None:
    play = played(site, FILE, content=content)
    assert play.outcome(KEY) == "precondition_missing"
    assert told in play.why(KEY)["reason_message"]
    assert play.calls("GET", "/announcements") == []


@pytest.mark.parametrize("form", [{"kind": 6}, {"kind": 7}, {"rate": 16000, "bits": 16}])
def test_every_encoding_that_webex_takes_is_sent(site: Stage, form: Mapping[str, int]) -> None:
    assert played(site, FILE, content=wav(**form)).state is RunState.COMPLETED


# Speech


@each_level
def test_a_text_is_spoken_waited_for_and_named_in_the_create(site: Stage, level: Row, key: str, base: str) -> None:
    play = played(site, SPOKEN | level)
    assert play.state is RunState.COMPLETED, play.pending
    assert play.writes == [SPEAK, f"POST {base}"]
    wish, create = play.bodies("POST", "")
    assert wish == {"voice": "es-ES-1", "text": "Gracias por llamar.", "languageCode": "es_es"}
    (job,) = site.tenant.table("speech").rows.values()
    assert create.pop("fileName").endswith(".wav")
    assert create == {"name": "Bienvenida", "fileUri": f"cmf://speech/{job['id']}", "isTextToSpeech": True}
    assert play.last(key)["remote_id"] == site.named("announcements", "Bienvenida")[0]["id"]


@each_level
def test_the_same_text_again_spends_no_quota(site: Stage, level: Row, key: str, base: str) -> None:
    play = played(site, SPOKEN | level)
    assert play.run(RunMode.REPLAY) is RunState.COMPLETED
    assert play.writes == []
    assert len(site.tenant.table("speech")) == 1


@each_level
def test_another_text_replaces_the_audio_of_the_same_announcement(site: Stage, level: Row, key: str, base: str) -> None:
    """All four fields go together: Webex drops the text where isTextToSpeech is left out."""
    played(site, SPOKEN | level)
    (before,) = site.named("announcements", "Bienvenida")
    play = played(site, SPOKEN | level | {"announcement_tts_text": "Adios."})
    assert play.outcome(key) == "success"
    assert play.writes == [SPEAK, f"PUT {base}/*"]
    (body,) = play.bodies("PUT", "")
    assert set(body) == {"name", "fileUri", "fileName", "isTextToSpeech"}
    (after,) = site.named("announcements", "Bienvenida")
    assert (after["id"], after["text"]) == (before["id"], "Adios.")


def test_speech_takes_the_place_of_a_file(site: Stage) -> None:
    played(site, FILE)
    play = played(site, SPOKEN)
    assert play.outcome(KEY) == "success"
    assert play.writes == [SPEAK, "PUT /telephony/config/locations/*/announcements/*"]


def test_speech_that_is_not_ready_in_time_ends_the_wait_at_its_bound(
    site: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as slow:
        slow.setattr("webex_provision.sandbox.speech.SECONDS", 1e9)
        play = played(site, SPOKEN, job_wait_seconds=20)
    why = play.why(KEY)
    assert (why["reason_code"], why["step"]) == ("retry_exhausted", "tts_wait")
    (job,) = site.tenant.table("speech").rows
    assert len(play.calls("GET", job)) == 20 / 2 + 1
    assert play.writes == [SPEAK]
    assert play.retry() is RunState.COMPLETED


def test_speech_without_a_place_is_no_success(site: Stage) -> None:
    site.faults(READ_SPEECH | {"effect": "missing_fields", "fields": ["fileUri"]})
    play = played(site, SPOKEN)
    assert (play.outcome(KEY), play.why(KEY)["step"]) == ("invalid_response_schema", "tts_wait")
    assert play.writes == [SPEAK]


@pytest.mark.parametrize(
    ("cells", "reason", "step"),
    [
        ({"announcement_tts_text": "FAIL"}, "non_retryable_external", "tts_wait"),
        ({"announcement_tts_language": "xx_xx"}, "non_retryable_external", "tts_generate"),
        ({"announcement_tts_voice": "Nadie"}, "resource_dependency_missing", "tts_voices"),
    ],
)
def test_what_can_not_be_spoken_has_its_reason(site: Stage, cells: Row, reason: str, step: str) -> None:
    play = played(site, SPOKEN | cells)
    assert (play.outcome(KEY), play.why(KEY)["step"]) == (reason, step)
    assert site.named("announcements", "Bienvenida") == []


def test_a_spent_quota_is_a_precondition_and_says_when_to_retry(site: Stage) -> None:
    jobs = site.tenant.table("speech")
    for number in range(QUOTA):
        jobs.add({"id": f"job{number}", "since": 0.0, "text": ""}, name="", now=0)
    play = played(site, SPOKEN)
    why = play.why(KEY)
    assert (why["reason_code"], why["http_status"]) == ("precondition_missing", "400")
    assert f"{QUOTA} generations" in why["reason_message"]
    assert "2026-12-01" in why["reason_message"]


def test_a_usage_that_can_not_be_read_leaves_the_refusal_as_it_was(site: Stage) -> None:
    site.faults(
        GENERATE | {"effect": "status", "status": 409, "message": "Busy"},
        {"method": "GET", "path": "/textToSpeech/usage$", "effect": "status", "status": 500},
    )
    play = played(site, SPOKEN)
    assert play.outcome(KEY) == "non_retryable_external"
    assert "Busy" in play.why(KEY)["reason_message"]


# Both


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
