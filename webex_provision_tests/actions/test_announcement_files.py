"""announcements_repo from a file: uploaded once, never replaced, and refused before any call where it is unfit."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from webex_provision.actions.audio import LARGEST_FILE
from webex_provision.sandbox.announcements import add_announcement
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.actions.announcement_rows import (
    CREATE,
    FILE,
    KEY,
    ORG,
    PATH,
    SPOKEN,
    Row,
    each_level,
    played,
    prepare,
    put,
)
from webex_provision_tests.prompts import wav
from webex_provision_tests.stage import Stage


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
