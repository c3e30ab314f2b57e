"""The command line itself, with Dagster under it, really killed at random moments of a run, a retry and a replay.

CRASH_KILLS is how often each of the three is killed, CRASH_SEED when. A hundred kills of each, over new moments:

    CRASH_KILLS=100 CRASH_SEED=$RANDOM python -m pytest -q webex_provision_tests/crash/test_killed_command.py
"""

import os
import random
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from webex_provision_tests.crash.harness import COMMAND_LINE, Crashes

pytestmark = pytest.mark.crash
KILLS = int(os.environ.get("CRASH_KILLS", "1"))
SEED = int(os.environ.get("CRASH_SEED", "3"))
LATEST = 0.8  # seconds after the first request of a launch


@pytest.mark.timeout(120 + 60 * KILLS)
def test_a_site_lives_as_if_nobody_had_killed_it(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    chance = random.Random(SEED)  # noqa: S311
    with Crashes(tmp_path, command=COMMAND_LINE) as crashes:
        for verb in ("run", "retry", "replay"):
            if verb == "retry":
                crashes.synchronise()
            for number in range(KILLS):
                crashes.launch("resume" if number and verb != "run" else verb, after=chance.uniform(0, LATEST))
            assert crashes.launch("run" if verb == "run" else "resume")
            crashes.check()
        assert crashes.kills
        assert crashes.state == "COMPLETED"
        assert crashes.tenant_state == undisturbed
        with dg.DagsterInstance.from_config(str(crashes.dagster_home)) as history:
            assert not history.get_runs(filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
