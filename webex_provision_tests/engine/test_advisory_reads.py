"""A read whose answer a row can do without does not cost the row: what it warns of, the write itself tells, too."""

import pytest

from webex_provision.vocabulary import RunState
from webex_provision_tests.stage import Stage, calling_users

SPOKEN = {
    "entity_type": "announcements_repo",
    "announcement_name": "Bienvenida",
    "announcement_source": "tts",
    "announcement_tts_text": "Hola",
    "announcement_tts_voice": "es-ES-1",
    "announcement_tts_language": "es_es",
}
PROFILE = {"entity_type": "location_call_profiles", "location_key": "HQ", "location_outgoing_profile": "default"}
OF_ANA = {"location_key": "HQ", "email": "ana@example.com"}
MONITORING = OF_ANA | {"entity_type": "user_monitoring", "user_monitoring_targets": "luis@example.com"}
ALERTING = OF_ANA | {
    "entity_type": "user_exec_assistant",
    "user_exec_assistant_emails": "luis@example.com",
    "user_exec_alerting_mode": "SIMULTANEOUS",
}


@pytest.mark.parametrize(
    ("row", "read", "written"),
    [
        (SPOKEN, "/textToSpeech/voices$", "/announcements"),
        (PROFILE, "/outgoingPermission$", "/outgoingPermission"),
        (MONITORING, "/features/monitoring$", "/features/monitoring"),
        (ALERTING, "/executive/alert$", "/executive/alert"),
    ],
    ids=["voices", "permissions", "monitoring", "alerting"],
)
def test_a_read_that_is_not_there_is_done_without(stage: Stage, row: dict[str, str], read: str, written: str) -> None:
    stage.location()
    calling_users(stage, ana="2101", luis="2102")
    stage.faults({"method": "GET", "path": read, "effect": "status", "status": 404})
    play = stage.play(row)
    assert (play.state, len(play.calls("GET", read.removesuffix("$")))) == (RunState.COMPLETED, 1)
    assert play.calls("PUT", written) or play.calls("POST", written)


def test_a_read_that_fails_otherwise_is_not_taken_for_silence(stage: Stage) -> None:
    stage.location()
    stage.faults({"method": "GET", "path": "/outgoingPermission$", "effect": "status", "status": 403})
    play = stage.play(PROFILE)
    assert (play.outcome("HQ"), play.writes) == ("permission_denied", [])
