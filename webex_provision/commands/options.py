"""Arguments and options that verbs share, each declared once; and `verb`, which makes a command of a function."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from webex_provision.commands.verb_help import VerbHelp
from webex_provision.console.faults import foreseeable_told
from webex_provision.console.flags import with_settings
from webex_provision.console.languages import Language
from webex_provision.vocabulary import ExitCode

_EXIT_CODES = {
    ExitCode.OK: "every row has its state (pending rows allowed)",
    ExitCode.UNEXPECTED: "a fault of this program",
    ExitCode.USAGE: "wrong arguments, settings or CSV",
    ExitCode.PREFLIGHT: "the checks before the first row failed",
    ExitCode.SYSTEMIC: "Webex fails systematically, or the breaker stopped the run",
    ExitCode.STATE: "the roll-out's files are corrupt, not writable, or of another CSV",
    ExitCode.LOCKED: "another run works on this folder or tenant, here or on another machine",
    ExitCode.STOPPED: "stopped cleanly (token, rate limit, budget, locks lost), "
    "or rows that no run has reached (retry): resume",
    ExitCode.DIFFERENT: "the tenant is not as the roll-out left it (verify)",
    ExitCode.INTERRUPTED: "interrupted: resume",
}
EPILOG = "Exit codes: " + "; ".join(f"{int(code)} {meaning}" for code, meaning in _EXIT_CODES.items()) + "."


class Panel(StrEnum):
    """The parts of help, in the order of an operator's day."""

    TRYING = "Try it on this machine, without a tenant"
    PREPARING = "Prepare a CSV, and see what it would do"
    ROLLING_OUT = "Roll out"
    LOOKING = "Look, also while it runs"
    MENDING = "Mend"


RollOutCsv = Annotated[Path, typer.Argument(help="The roll-out: one CSV or .xlsx workbook.", metavar="CSV")]
NewRollOutDir = Annotated[
    Path | None,
    typer.Option(
        "--output-dir",
        metavar="PATH",
        help="Folder of this roll-out. Default: OUTPUT_DIR/<name of the CSV>-<its hash>.",
    ),
]
RollOutDir = Annotated[
    Path | None,
    typer.Option(
        "--output-dir",
        metavar="PATH",
        help="A roll-out's folder, or a folder of roll-outs, of which the one last used is taken. Default OUTPUT_DIR.",
    ),
]
RollOutsDir = Annotated[
    Path | None,
    typer.Option(
        "--output-dir", metavar="PATH", help="A folder of roll-outs, or one roll-out's folder. Default OUTPUT_DIR."
    ),
]
Phases = Annotated[
    list[int] | None,
    typer.Option("--phase", metavar="1|2|3", min=1, max=3, help="Only this phase; may be given several times."),
]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="ENTITY_TYPE", help="Only rows of this entity type; may be given several times."),
]
Reasons = Annotated[
    list[str] | None,
    typer.Option("--reason", metavar="CODE", help="Only rows pending for this reason; may be given several times."),
]
Lang = Annotated[
    Language, typer.Option("--lang", help="Language of what is shown; states, reasons and messages stay as they are.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout; progress goes to stderr.")]
CallsPerMinute = Annotated[
    float,
    typer.Option(
        metavar="NUMBER",
        min=1,
        max=1_000_000,
        help="Limit of an endpoint family in the tenant, for the estimate of a run's time.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]
FaultsFile = Annotated[Path | None, typer.Option(metavar="PATH", help="JSON file: what goes wrong on purpose.")]


def share(text: str) -> float:
    """`2%` or `0.02`."""
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no share; write it as 2% or 0.02") from None


def verb(app: typer.Typer, panel: Panel, *, settings: bool = False) -> Callable[[Callable[..., None]], None]:
    """Makes a command of a function: foreseeable faults told, exit codes in its help; with `settings`, their flags."""

    def add(function: Callable[..., None]) -> None:
        told = foreseeable_told(function)
        app.command(cls=VerbHelp, epilog=EPILOG, rich_help_panel=panel)(with_settings(told) if settings else told)

    return add
