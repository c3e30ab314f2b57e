"""Two launches never work on one roll-out, or one tenant, at the same time; a killed one blocks nobody."""

import pytest

from webex_provision.vocabulary import ExitCode
from webex_provision_tests.crash.harness import RUN_SECONDS, Crashes, at_held

pytestmark = pytest.mark.crash


def test_a_second_launch_is_refused_by_name_and_a_killed_one_frees_the_locks(crashes: Crashes) -> None:
    crashes.hold("POST", "^/locations$")
    seen = crashes.log.watch(at_held)
    first = crashes.start("run")
    try:
        assert seen.wait(RUN_SECONDS), "the first launch never came to its first create"
        second = crashes.start("run", token="token-of-the-second-launch")
        _, said = second.communicate(timeout=RUN_SECONDS)
        assert second.returncode == ExitCode.LOCKED
        assert f"process {first.pid} of" in said
        assert len({entry["token"] for entry in crashes.log.entries}) == 1, "the second launch has called the tenant"
        elsewhere = crashes.start("run", folder=crashes.base / "elsewhere")
        _, said = elsewhere.communicate(timeout=RUN_SECONDS)
        assert elsewhere.returncode == ExitCode.LOCKED
        assert "The tenant" in said
        assert f"process {first.pid} of" in said
    finally:
        first.kill()
        first.communicate(timeout=RUN_SECONDS)
    crashes.nothing_fails()
    crashes.finish()
    crashes.check()
