"""The lists of a tenant hide for some seconds what was created: a launch that comes sooner must not believe them."""

from pathlib import Path
from typing import Any

import pytest

from webex_provision_tests.crash.harness import Crashes, at_write

pytestmark = pytest.mark.crash
# The late users; and a workspace whose intent was noted, and whose request never left.
EXPECTED = {"user_not_found", "retry_exhausted"}


def _reasons(crashes: Crashes) -> set[str]:
    return {reason for status, reason in crashes.last_states().values() if status == "pending"}


def test_a_resume_within_the_lag_sees_what_the_killed_run_has_made(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    with Crashes(tmp_path, list_lag=1.5) as crashes:
        # A licence is safe to repeat, so nothing but the lag itself keeps the next launch from its first look-up.
        for moment in (
            at_write(3, "POST", "/v1/locations"),
            at_write(1, "PATCH", "/licenses/users"),
            at_write(15, "POST", "/workspaces"),
            at_write(1, "PATCH", "/licenses/users"),
            at_write(4, "POST", "/huntGroups"),
        ):
            assert not crashes.launch(when=moment)
        crashes.finish()
        crashes.check()
        assert _reasons(crashes) <= EXPECTED, "a row waits for something that the killed run has made"
        crashes.synchronise()
        assert crashes.launch("retry")
        assert crashes.tenant_state == undisturbed


def test_a_replay_within_the_lag_creates_nothing(tmp_path: Path) -> None:
    with Crashes(tmp_path, list_lag=1.5) as crashes:
        crashes.finish()
        before, created = crashes.tenant_state, crashes.creates()
        assert crashes.launch("replay")
        crashes.check()
        assert (crashes.tenant_state, crashes.creates()) == (before, created)


def test_a_workspace_that_the_real_lag_hides_is_not_made_again(tmp_path: Path) -> None:
    with Crashes(tmp_path, list_lag=10) as crashes:
        assert not crashes.launch(when=at_write(22, "POST", "/workspaces"))
        crashes.finish()
        crashes.check()
        assert _reasons(crashes) <= EXPECTED
