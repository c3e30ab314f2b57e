"""webex_provision itself, without Dagster: intake, then all phases, with the settings that it is shipped with."""

import os
from collections.abc import Callable
from pathlib import Path

from webex_provision.config import Environment, Settings
from webex_provision.engine.rollout import RollOut
from webex_provision.intake.roll_out import prepare
from webex_provision.ledger.locks import STATE_DIR_VARIABLE
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.benchmarks.contestants import MOST_STARTS, TOKEN, Plan
from webex_provision_tests.rehearsal import drive


def ready(plan: Plan) -> Callable[[], int]:
    """Intake is done before the play: it is local, and the tenant's fast clock would stretch it."""
    folder, clock = Path(plan.folder) / "roll-out", plan.clock
    os.environ[STATE_DIR_VARIABLE] = str(Path(plan.folder) / "state")
    settings = Settings(webex_token=TOKEN, webex_base_url=plan.base_url, environment=Environment.LAB)
    prepare(Path(plan.csv), settings, clock=clock, folder=folder)

    def go() -> int:
        mode = RunMode.RESUME
        for start in range(1, MOST_STARTS + 1):
            state = drive(RollOut(folder, settings, run_id=f"run-{start}", mode=mode, clock=clock))
            if state is RunState.COMPLETED:
                return start
            # As an operator would: go on after a clean stop, retry what is pending.
            mode = RunMode.RETRY_PENDING if state is RunState.COMPLETED_WITH_PENDING else RunMode.RESUME
        raise RuntimeError(f"not completed after {MOST_STARTS} runs: {state}")

    return go
