"""How to go on with a roll-out, in the two ways there are: a command line, and config for the Launchpad."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from webex_provision.vocabulary import RunMode

JOB, OP = "provision", "roll_out"
LAUNCHPAD_CSV = "LAUNCHPAD_CSV"  # the variable that names the CSV with which the Launchpad opens


def command(folder: Path, verb: str = "resume", *flags: str) -> str:
    """What to type."""
    return shlex.join(["webex-provision", verb, *flags, "--output-dir", str(folder)])


def launchpad(folder: Path, mode: RunMode = RunMode.RESUME, reasons: Sequence[str] = ()) -> str:
    """What to paste into the Launchpad of the job `provision`: one line of YAML."""
    config = {"output_dir": str(folder), "mode": mode.value} | ({"reasons": list(reasons)} if reasons else {})
    return f"ops: {{{OP}: {{config: {json.dumps(config, ensure_ascii=False)}}}}}"


def advice(folder: Path, mode: RunMode = RunMode.RESUME, reasons: Sequence[str] = ()) -> str:
    """Both, as markdown for a description."""
    verb = {RunMode.RESUME: "resume", RunMode.RETRY_PENDING: "retry", RunMode.REPLAY: "replay"}[mode]
    flags = [part for reason in reasons for part in ("--reason", reason)]
    typed, pasted = command(folder, verb, *flags), launchpad(folder, mode, reasons)
    return f"run `{typed}`, or launch the job `{JOB}` with `{pasted}`"
