"""A retry or a replay that was killed is finished by a resume, and is neither lost nor begun again."""

from typing import Any

import pytest

from webex_provision_tests.crash.harness import Crashes, at_request, at_write

pytestmark = pytest.mark.crash


def test_a_killed_retry_is_finished_by_resume(crashes: Crashes, undisturbed: dict[str, Any]) -> None:
    crashes.finish()
    crashes.synchronise()
    assert not crashes.launch("retry", when=at_write(2))
    assert not crashes.launch("resume", point="before a result is written:1")
    assert crashes.launch("resume")
    crashes.check()
    assert crashes.state == "COMPLETED"
    retried = {row_id for row_id, attempt in crashes.attempts().items() if attempt > 1}
    assert len(retried) == 4, "the three late users and the hunt group, and nobody else"
    assert crashes.tenant_state == undisturbed


def test_a_killed_replay_is_finished_by_resume_and_creates_nothing(crashes: Crashes) -> None:
    crashes.finish()
    before, created = crashes.tenant_state, crashes.creates()
    assert not crashes.launch("replay", when=at_request(30))
    assert not crashes.launch("resume", point="result written, checkpoint not:20")
    assert crashes.launch("resume")
    crashes.check()
    assert set(crashes.attempts().values()) == {2}, "every row has been replayed, once"
    assert (crashes.tenant_state, crashes.creates()) == (before, created)
