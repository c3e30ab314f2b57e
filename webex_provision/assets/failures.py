"""Errors of the rooms below as Dagster shows them: the cause in plain words, the state, the command to go on with.

The tree of what ends a run here on purpose:

* EXPECTED
  x WrongRequest       the launch asks for something that does not exist or does not go together
  x UnusableSettings   the environment lacks a setting or holds an impossible one
  x UnusableCsv        (intake) the file as a whole can't be used
  x LedgerError        (ledger) outputs, locks, another input in the folder
  x RunMustStop        (webex) preflight failed, or Webex asks for too long a wait before the first row
  x NotYetDue          (engine) earlier phases or types have rows without a state
  x StopRun            (engine) a clean stop with a checkpoint

Everything else is a fault of this program; its traceback is kept.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import dagster as dg

from webex_provision.assets.going_on import JOB, command, launchpad
from webex_provision.engine.errors import NotYetDue, StopRun
from webex_provision.intake.csv_file import UnusableCsv
from webex_provision.ledger.errors import LedgerError, OutputNotWritable
from webex_provision.safe_text import printable
from webex_provision.vocabulary import ExitCode, RunState
from webex_provision.webex.errors import PreflightFailed, RunMustStop


class WrongRequest(Exception):
    """The launch asks for something that does not exist or does not go together; nothing was touched."""


class UnusableSettings(Exception):
    """A setting is missing or impossible; the message names it and never its value."""


EXPECTED = (WrongRequest, UnusableSettings, UnusableCsv, LedgerError, RunMustStop, NotYetDue, StopRun)
INTERRUPTS = (KeyboardInterrupt, dg.DagsterExecutionInterruptedError)
INTERRUPTED = StopRun(RunState.INTERRUPTED, "interrupted; resume to go on")


class Verdict(NamedTuple):
    """How a launch ended. `state` is None when no run was opened; `command` is what to go on with, or empty.

    `launchpad` is the same for Dagster's Launchpad; `rows` tells how far it came, where that is known.
    """

    message: str
    state: RunState | None
    exit_code: ExitCode
    command: str = ""
    launchpad: str = ""
    rows: str = ""

    @property
    def story(self) -> str:
        """What has happened, how far it came, and how to go on, as one line of a log."""
        head = f"{self.state}: {self.message}" if self.state else self.message
        told = [head.rstrip("."), self.rows]
        if self.command:
            told.append(f"Go on with: {self.command}")
        if self.launchpad:
            told.append(f"Or launch the job {JOB} with {self.launchpad}")
        return printable(". ".join(part for part in told if part))


def exit_code_of(state: RunState) -> ExitCode:
    """What a process ends with after this state."""
    return state.exit_code


def verdict_of(error: BaseException, folder: Path | None = None) -> Verdict:
    """What ended a run, told in plain words; of a fault of this program only its kind: its text may hold anything."""
    go_on = command(folder) if folder is not None else ""
    if isinstance(error, INTERRUPTS):
        error = INTERRUPTED
    match error:
        case StopRun():
            verdict = Verdict(error.message, error.state, exit_code_of(error.state), go_on)
        case PreflightFailed():
            verdict = Verdict(str(error), RunState.FAILED_PREFLIGHT, ExitCode.PREFLIGHT, go_on)
        case RunMustStop():
            verdict = Verdict(str(error), RunState.STOPPED_RATE_LIMITED, ExitCode.STOPPED, go_on)
        case NotYetDue():
            verdict = Verdict(str(error), RunState.FAILED_PREFLIGHT, ExitCode.USAGE, go_on)
        case OutputNotWritable():
            verdict = Verdict(str(error), None, error.exit_code, go_on)
        case LedgerError():
            verdict = Verdict(str(error), None, error.exit_code, go_on if isinstance(error, OutputNotWritable) else "")
        case UnusableCsv() | WrongRequest() | UnusableSettings():
            verdict = Verdict(str(error), None, ExitCode.USAGE)
        case _:
            told = f"a fault of this program ({type(error).__name__}); run.log holds its traceback"
            verdict = Verdict(told, RunState.FAILED_SYSTEMIC, ExitCode.UNEXPECTED, go_on)
    return verdict._replace(launchpad=launchpad(folder)) if folder is not None and verdict.command else verdict


def failure_of(error: BaseException, folder: Path | None = None) -> dg.Failure:
    """What an asset or op raises in place of an expected error."""
    return failure(verdict_of(error, folder))


def failure(verdict: Verdict) -> dg.Failure:
    """A verdict as Dagster keeps it; `verdict_in` reads it back."""
    told = printable(verdict.message)
    metadata: dict[str, dg.MetadataValue] = {
        "cause": dg.MetadataValue.text(told),
        "state": dg.MetadataValue.text(verdict.state.value if verdict.state else "not started"),
        "exit_code": dg.MetadataValue.int(int(verdict.exit_code)),
    }
    further = {"go_on_with": verdict.command, "in_the_launchpad": verdict.launchpad, "rows": verdict.rows}
    metadata |= {name: dg.MetadataValue.text(text) for name, text in further.items() if text}
    return dg.Failure(description=told, metadata=metadata, allow_retries=False)


def verdict_in(events: Iterable[dg.DagsterEvent]) -> Verdict | None:
    """The verdict of the first failed step of a run; None when none failed. A fault of this program is UNEXPECTED."""
    for event in events:
        if event.is_step_failure:
            if event.step_failure_data.error_source.value == "INTERRUPT":
                return verdict_of(INTERRUPTED)
            data = event.step_failure_data.user_failure_data
            if data is not None and data.metadata and "exit_code" in data.metadata:
                return read_back(data.metadata)
            error = event.step_failure_data.error
            told = error.cause.message if error and error.cause else error.message if error else ""
            return Verdict(f"a fault of this program: {told.strip()}", None, ExitCode.UNEXPECTED)
    return None


def read_back(metadata: Mapping[str, dg.MetadataValue]) -> Verdict:
    """The verdict that `failure` has put into a Failure."""
    values = {name: value.value for name, value in metadata.items()}
    state = str(values["state"])
    return Verdict(
        message=str(values["cause"]),
        state=next((known for known in RunState if known.value == state), None),
        exit_code=ExitCode(int(str(values["exit_code"]))),
        command=str(values.get("go_on_with", "")),
        launchpad=str(values.get("in_the_launchpad", "")),
        rows=str(values.get("rows", "")),
    )
