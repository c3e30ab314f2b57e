"""A roll-out as a process of its own: `python -m webex_provision_tests.crash.driver run CSV --output-dir FOLDER`.

Also `resume`, `retry` and `replay` with --output-dir alone. The settings come from the environment; the exit codes
are those of the command line. KILL_POINT makes the process kill itself, see `kill_points`.
"""

import argparse
import os
import sys
from pathlib import Path

from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.engine.errors import StopRun
from webex_provision.engine.rollout import RollOut
from webex_provision.intake.roll_out import prepare
from webex_provision.ledger.errors import LedgerError
from webex_provision.vocabulary import ExitCode, Phase, RunMode
from webex_provision.webex.errors import PreflightFailed
from webex_provision_tests.crash import kill_points

MODES = {
    "run": RunMode.RESUME,
    "resume": RunMode.RESUME,
    "retry": RunMode.RETRY_PENDING,
    "replay": RunMode.REPLAY,
}


def main() -> int:
    """Runs to the end; the exit code says how it ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=list(MODES))
    parser.add_argument("csv", nargs="?", type=Path)
    parser.add_argument("--output-dir", type=Path, required=True)
    given = parser.parse_args()
    kill_points.install(os.environ.get(kill_points.VARIABLE, ""))
    settings, clock = Settings(), Clock()
    try:
        if given.csv is not None:
            prepare(given.csv, settings, clock=clock, folder=given.output_dir, command=given.verb)
        mode = MODES[given.verb]
        with RollOut(
            given.output_dir, settings, run_id=f"run-{os.getpid()}", command=given.verb, mode=mode
        ) as roll_out:
            for phase in Phase:
                for _ in roll_out.run_phase(phase):
                    pass
    except LedgerError as error:
        return _told(error, error.exit_code)
    except PreflightFailed as error:
        return _told(error, ExitCode.PREFLIGHT)
    except StopRun as error:
        return _told(error, ExitCode.STOPPED)
    return ExitCode.OK


def _told(error: Exception, code: ExitCode) -> int:
    sys.stderr.write(f"{error}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
