"""Foreseeable faults, told in lines that say what to do, with their exit code. No traceback, no secret.

Whatever is not listed here is a fault of this program and keeps its traceback (exit 1).
"""

import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import typer
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from webex_provision.config import SECRET_SETTINGS, Settings
from webex_provision.console.flags import WITHOUT_FLAG, flag_of, variable_of
from webex_provision.console.screen import say
from webex_provision.vocabulary import ExitCode

_HOW_TO_SET = {
    "webex_token": "export WEBEX_TOKEN=<bearer token of a full administrator>",
    "webex_tokens": "export WEBEX_TOKENS=<token>,<token>",
    "webex_base_url": "export WEBEX_BASE_URL=https://webexapis.com/v1",
    "environment": "export ENVIRONMENT=lab (or prod, together with WEBEX_ORG_ID)",
}


def read_settings(**given: Any) -> Settings:
    """The settings of this process, those `given` instead of the environment's.

    Ends it with one line a variable when they are not complete or not valid.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        for line in validation_lines(error):
            say(line, style="red", error=True)
        if any(problem["type"] == "missing" for problem in error.errors(include_input=False)):
            say("To try it without a tenant: webex-provision demo", error=True)
        raise typer.Exit(ExitCode.USAGE) from None


def validation_lines(error: ValidationError) -> list[str]:
    """One line a variable: what is wrong and the cure. A secret's value is never shown."""
    return [_line(problem) for problem in error.errors(include_url=False)]


def _line(problem: ErrorDetails) -> str:
    name = str(problem["loc"][0]).lower() if problem["loc"] else ""
    message = problem["msg"].removeprefix("Value error, ")
    if not name:
        return message
    variable = variable_of(name)
    how = _HOW_TO_SET.get(name, f"export {variable}=<value>")
    if problem["type"] == "missing":
        return f"{variable} is missing: {how}"
    if name in WITHOUT_FLAG:
        return f"{variable} cannot be used ({message}): {how}"
    cure = f"mend {variable} or {flag_of(name)}" if name in Settings.model_fields else f"mend {flag_of(name)}"
    return f"{variable}={shlex.quote(_shown(str(problem['input'])))}: {message[:1].lower()}{message[1:]}; {cure}"


def _shown(value: str) -> str:
    """What was given, unless it may hold a secret: credentials in a URL, or a token in the wrong place."""
    given = " ".join(os.environ.get(variable_of(name), "") for name in SECRET_SETTINGS)
    tokens = {given.strip(), *given.replace(",", " ").split()} - {""}
    return "***" if "@" in value or "?" in value or any(token in value for token in tokens) else value


@contextmanager
def foreseeable() -> Iterator[None]:
    """Turns foreseeable faults of the block into lines on stderr and an exit code."""
    try:
        yield
    except (typer.Exit, BrokenPipeError):  # whoever read what we say is gone: typer ends quietly
        raise
    except KeyboardInterrupt:
        say("Interrupted. Nothing is lost: the same command goes on from here.", style="yellow", error=True)
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    except Exception as error:
        code = exit_code_of(error)
        if code is None:
            raise
        say(_told(error), style="red", error=True)
        raise typer.Exit(code) from None


def foreseeable_told(verb: Callable[..., None]) -> Callable[..., None]:
    """A verb within `foreseeable`."""

    @wraps(verb)
    def told(*arguments: Any, **options: Any) -> None:
        with foreseeable():
            verb(*arguments, **options)

    return told


def exit_code_of(error: Exception) -> ExitCode | None:
    """What a foreseeable fault ends with; None for a fault of this program."""
    from webex_provision.assets.home import UnusableHistory, UnusableStorage
    from webex_provision.engine.errors import EngineError
    from webex_provision.ledger.errors import LedgerError
    from webex_provision.webex.errors import PreflightFailed, WebexError

    if isinstance(error, LedgerError | UnusableHistory | UnusableStorage):
        return error.exit_code
    if isinstance(error, PreflightFailed | EngineError):
        return ExitCode.PREFLIGHT
    if isinstance(error, WebexError):
        return ExitCode.SYSTEMIC
    if isinstance(error, OSError):
        return ExitCode.STATE
    return ExitCode.USAGE if _is_unusable_csv(error) else None


def _told(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename} cannot be used: {error.strerror}. Mend its permissions, or free space, and try again."
    return str(error)


def _is_unusable_csv(error: Exception) -> bool:
    from webex_provision.intake.csv_file import UnusableCsv

    return isinstance(error, UnusableCsv)
