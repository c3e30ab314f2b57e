"""Typing a command: in this process, which is quick, or in one of its own, as a person does."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from webex_provision.cli import app

TOKEN = "a-token-that-nobody-may-read"
NARROW = {"COLUMNS": "80", "LINES": "40", "TERM": "dumb", "FORCE_COLOR": "1"}  # a terminal of 80 columns


@dataclass(frozen=True)
class Said:
    """What came back."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


class Terminal:
    """Types `webex-provision …`."""

    def types(self, *words: str, **variables: str) -> Said:
        """In this process. A fault of the program is raised, so that a test shows it."""
        os.environ.update(variables)
        result = CliRunner().invoke(app, words, prog_name="webex-provision")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Said(result.exit_code, result.stdout, result.stderr)

    def starts(self, *words: str, cwd: Path | None = None, **variables: str) -> Said:
        """In a process of its own."""
        ran = subprocess.run(
            [sys.executable, "-m", "webex_provision.cli", *words],
            cwd=cwd,
            env=os.environ | variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Said(ran.returncode, ran.stdout, ran.stderr)


def tenant(base_url: str) -> dict[str, str]:
    """The three variables of a lab on loopback."""
    return {"WEBEX_TOKEN": TOKEN, "WEBEX_BASE_URL": base_url, "ENVIRONMENT": "lab"}
