"""announcements_repo from a text: spoken only where it is to change, waited for, and paid from a quota."""

import pytest

from webex_provision.sandbox.speech import QUOTA
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.actions.announcement_rows import (
    FILE,
    GENERATE,
    KEY,
    READ_SPEECH,
    SPEAK,
    SPOKEN,
    Row,
    each_level,
    played,
)
from webex_provision_tests.stage import Stage


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
