"""Looking at a roll-out: status, show, report, history, verify, ui; and repair, where that fails."""

from pathlib import Path
from typing import Annotated

import typer

from webex_provision.commands.options import AsJson, Lang, Panel, RollOutDir, RollOutsDir, verb
from webex_provision.console.languages import Language, Words

app = typer.Typer()


@verb(app, Panel.LOOKING)
def status(output_dir: RollOutDir = None, json: AsJson = False, lang: Lang = Language.EN) -> None:
    """Show where a roll-out stands, also while it runs. Reads only; needs no token."""
    from webex_provision.clock import Clock
    from webex_provision.console.ending import show_standing
    from webex_provision.console.roll_outs import find_roll_out
    from webex_provision.console.screen import say_json
    from webex_provision.console.standing import standing_of

    standing = standing_of(find_roll_out(output_dir), Clock())
    if json:
        say_json(standing.as_dict())
    else:
        show_standing(standing, Words(lang))


@verb(app, Panel.LOOKING)
def show(
    row: Annotated[str, typer.Argument(metavar="ROW", help="A row_id or an entity_key.")],
    output_dir: RollOutDir = None,
    json: AsJson = False,
    lang: Lang = Language.EN,
) -> None:
    """Tell a row's whole story: its cells, and every attempt with its step, answer and run. Needs no token."""
    from webex_provision.console.roll_outs import find_roll_out
    from webex_provision.console.row_shown import show_row

    show_row(find_roll_out(output_dir), row, as_json=json, words=Words(lang))


@verb(app, Panel.LOOKING)
def report(
    output_dir: RollOutDir = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write it; default <roll-out>-report.html here."),
    ] = None,
    lang: Lang = Language.EN,
) -> None:
    """Write how a roll-out stands as one HTML file that can be mailed. Reads only; needs no token."""
    from webex_provision.console.report import write_report
    from webex_provision.console.roll_outs import find_roll_out

    write_report(find_roll_out(output_dir), output, Words(lang))


@verb(app, Panel.LOOKING)
def history(output_dir: RollOutsDir = None, json: AsJson = False, lang: Lang = Language.EN) -> None:
    """List roll-outs and their runs, newest first: when, by whose token, how each ended. Reads only; needs no token."""
    from webex_provision.console.past_runs import show_history
    from webex_provision.console.roll_outs import base_folder

    show_history(output_dir or base_folder(), as_json=json, words=Words(lang))


@verb(app, Panel.LOOKING, settings=True)
def verify(output_dir: RollOutDir = None, json: AsJson = False, lang: Lang = Language.EN) -> None:
    """Read the tenant back, by lists, and compare every success row: existence, id, location, extension, numbers."""
    from webex_provision.console.roll_outs import find_roll_out
    from webex_provision.console.verifying import show_verification

    raise typer.Exit(show_verification(find_roll_out(output_dir), as_json=json, words=Words(lang)))


@verb(app, Panel.LOOKING, settings=True)
def ui(
    port: Annotated[int, typer.Option(metavar="INTEGER", min=1, max=65_535, help="Port on 127.0.0.1.")] = 3000,
) -> None:
    """Open Dagster's UI, on the embedded sandbox unless WEBEX_BASE_URL names a tenant. Ctrl-C ends it."""
    from webex_provision.console.ui import open_ui

    raise typer.Exit(open_ui(port))


@verb(app, Panel.MENDING)
def repair(output_dir: RollOutDir = None) -> None:
    """Set the corrupt part of a roll-out's files aside, keep the rest. Deletes nothing; needs no token."""
    from webex_provision.console.mending import mend
    from webex_provision.console.roll_outs import find_roll_out

    mend(find_roll_out(output_dir))
