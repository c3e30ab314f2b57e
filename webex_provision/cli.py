"""`webex-provision …`: the front door. The verbs stand in `commands`, in the order of an operator's day."""

import os
from typing import Annotated

import typer

from webex_provision import __version__
from webex_provision.commands import looking, preparing, rolling_out, trying
from webex_provision.commands.options import EPILOG
from webex_provision.console.screen import fit_any_reader
from webex_provision.core_files import forbid_core_files

app = typer.Typer(
    name="webex-provision",
    help=(
        "Brings up a Webex Calling site from one CSV: validated, resumable, never twice. "
        "The token comes from WEBEX_TOKEN only (further ones from WEBEX_TOKENS): "
        "an argument would be there for all to read."
    ),
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
for _part in (trying, preparing, rolling_out, looking):  # the order in which help lists them
    app.registered_commands.extend(_part.app.registered_commands)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"webex-provision {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    del version


def main() -> None:
    """The entry point `webex-provision`. What it writes, Dagster's files too, is its owner's only."""
    os.umask(0o077)
    forbid_core_files()
    fit_any_reader()
    app()


if __name__ == "__main__":
    main()
