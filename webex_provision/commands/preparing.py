"""Preparing a CSV: template, explain, rehearse, plan, doctor."""

from pathlib import Path
from typing import Annotated

import typer

from webex_provision.commands.options import (
    AsJson,
    CallsPerMinute,
    FaultsFile,
    Force,
    Lang,
    NewRollOutDir,
    Panel,
    Phases,
    RollOutCsv,
    Types,
    share,
    verb,
)
from webex_provision.console.languages import Language, Words

app = typer.Typer()


@verb(app, Panel.PREPARING)
def template(
    phase: Phases = None,
    type: Types = None,  # noqa: A002 - the flag's name
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write it (.csv or .xlsx); default stdout."),
    ] = None,
    force: Force = False,
) -> None:
    """Write a CSV (or .xlsx, a sheet a type) to start from: columns, and an example row of each. Needs no token."""
    from webex_provision.console.entity_types import write_template

    write_template(output, phases=tuple(phase or ()), types=tuple(type or ()), force=force)


@verb(app, Panel.PREPARING)
def explain(
    entity_type: Annotated[
        str | None, typer.Argument(metavar="[TYPE]", help="An entity type or alias; without it, all are listed.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Tell what an entity type does: columns, order, calls, scopes, and every reason with its remedy."""
    from webex_provision.console.entity_types import explain_type, list_types

    if entity_type is None:
        list_types(as_json=json)
    else:
        explain_type(entity_type, as_json=json)


@verb(app, Panel.PREPARING, settings=True)
def rehearse(
    csv: RollOutCsv,
    missing_users: Annotated[
        str, typer.Option(metavar="SHARE", help="Share of its people whom the directory does not hold yet: 2% or 0.02.")
    ] = "0%",
    profile: Annotated[
        str,
        typer.Option(
            help="Rate limits: none (as fast as this machine goes), or documented, tight, hostile, in real time."
        ),
    ] = "none",
    faults: FaultsFile = None,
    seed: Annotated[int, typer.Option(help="Of ids, faults and missing users.")] = 0,
    calls_per_minute: CallsPerMinute = 300,
    json: AsJson = False,
    lang: Lang = Language.EN,
) -> None:
    """Play a CSV on a simulated tenant: what a real run would come to, its calls and its time. Needs no token.

    The tenant holds the people of the CSV. Results stand in OUTPUT_DIR/rehearsals, made anew each time.
    """
    from webex_provision.console.rehearse import Stage
    from webex_provision.console.rehearse import rehearse as play

    stage = Stage(profile, faults, seed, share(missing_users), calls_per_minute)
    raise typer.Exit(play(csv, stage, as_json=json, words=Words(lang)))


@verb(app, Panel.PREPARING, settings=True)
def doctor(json: AsJson = False) -> None:
    """Check settings, output folder and tenant. Sends two reads, changes nothing."""
    from webex_provision.console.doctor import examine

    raise typer.Exit(examine(as_json=json))


@verb(app, Panel.PREPARING, settings=True)
def plan(
    csv: RollOutCsv,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write it. Default: plan.csv in --output-dir."),
    ] = None,
    output_dir: NewRollOutDir = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Without a tenant and a token: intake, and an upper estimate of calls.")
    ] = False,
    calls_per_minute: CallsPerMinute = 300,
    json: AsJson = False,
    lang: Lang = Language.EN,
) -> None:
    """Show what a run would create, update, skip or refuse, and how long it takes. Looks up only, changes nothing."""
    from webex_provision.console.plans import Question, show_plan

    raise typer.Exit(
        show_plan(
            Question(
                csv=csv,
                output=output,
                folder=output_dir,
                offline=offline,
                calls_per_minute=calls_per_minute,
                as_json=json,
                words=Words(lang),
            )
        )
    )
