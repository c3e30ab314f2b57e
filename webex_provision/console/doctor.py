"""Everything that can be known before a run: settings, interpreter, output folder, tenant, tokens. Two GETs a token."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from rich.table import Table
from rich.text import Text

from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.console.faults import read_settings
from webex_provision.console.screen import harmless, say_json, stdout
from webex_provision.vocabulary import ExitCode
from webex_provision.webex.startup_checks import Check


def examine(*, as_json: bool) -> ExitCode:
    """Shows every check; PREFLIGHT when one failed. Ends the process when the settings can't be read."""
    settings = read_settings()
    checks = checks_of(settings)
    passed = all(check.passed for check in checks)
    if as_json:
        say_json({"passed": passed, "checks": [asdict(check) for check in checks]})
    else:
        show_checks(checks)
    return ExitCode.OK if passed else ExitCode.PREFLIGHT


def checks_of(settings: Settings) -> list[Check]:
    """Every check, the local ones first; none of them raises."""
    return [interpreter(), _folder(settings.output_dir), *_tenant(settings)]


def show_checks(checks: list[Check]) -> None:
    """A line a check; below a failed one what to do."""
    table = Table("", "check", "found", box=None, pad_edge=False)
    for check in checks:
        mark = Text("pass", style="green") if check.passed else Text("FAIL", style="bold red")
        table.add_row(mark, check.name, harmless(check.detail))
        if check.remedy and not check.passed:
            table.add_row("", "", harmless(check.remedy, "bold"))
    stdout().print(table)


def interpreter() -> Check:
    """Invariants are held by assertions, so a run without them is refused."""
    if __debug__:
        return Check("interpreter", passed=True, detail="assertions are on")
    return Check("interpreter", passed=False, detail="python -O switches assertions off", remedy="Run without -O.")


def _folder(base: Path) -> Check:
    """The nearest folder that exists must be writable; the rest is made on the way."""
    there = next((place for place in (base, *base.absolute().parents) if place.exists()), Path("/"))
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return Check("output folder", passed=True, detail=f"{base} can be written")
    return Check(
        "output folder",
        passed=False,
        detail=f"{there} cannot be written",
        remedy="Mend its permissions, or name another folder in OUTPUT_DIR.",
    )


def _tenant(settings: Settings) -> Iterator[Check]:
    from webex_provision.webex.connection_client import WebexClient
    from webex_provision.webex.errors import PreflightFailed, WebexError
    from webex_provision.webex.startup_checks import survey

    async def ask() -> tuple[Check, ...]:
        async with WebexClient(settings, Clock()) as client:
            return (await survey(client, settings)).checks

    yield Check("environment", passed=True, detail=f"{settings.environment.value}, {settings.webex_base_url}")
    try:
        yield from asyncio.run(ask())
    except PreflightFailed as error:
        yield Check("tenant", passed=False, detail=error.cause, remedy=error.remedy)
    except (WebexError, ValueError) as error:
        yield Check("tenant", passed=False, detail=str(error), remedy="Mend the cause, then run this again.")
