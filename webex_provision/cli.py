"""`webex-provision …`: the verbs. Each reads its arguments and calls one function of a room below."""

import os
from pathlib import Path
from typing import Annotated

import typer

from webex_provision import __version__
from webex_provision.console.faults import foreseeable_told
from webex_provision.console.flags import with_settings
from webex_provision.console.languages import Language, Words
from webex_provision.core_files import forbid_core_files
from webex_provision.vocabulary import ExitCode, RunMode

_EXIT_CODES = {
    ExitCode.OK: "every row has its state (pending rows allowed)",
    ExitCode.UNEXPECTED: "a fault of this program",
    ExitCode.USAGE: "wrong arguments, settings or CSV",
    ExitCode.PREFLIGHT: "the checks before the first row failed",
    ExitCode.SYSTEMIC: "Webex fails systematically, or the breaker stopped the run",
    ExitCode.STATE: "the roll-out's files are corrupt, not writable, or of another CSV",
    ExitCode.LOCKED: "another run works on this folder or tenant",
    ExitCode.STOPPED: "stopped cleanly (token, rate limit, budget): resume",
    ExitCode.DIFFERENT: "the tenant is not as the roll-out left it (verify)",
    ExitCode.INTERRUPTED: "interrupted: resume",
}
_EPILOG = "Exit codes: " + "; ".join(f"{int(code)} {meaning}" for code, meaning in _EXIT_CODES.items()) + "."

app = typer.Typer(
    name="webex-provision",
    help=(
        "Brings up a Webex Calling site from one CSV: validated, resumable, never twice. "
        "The token comes from WEBEX_TOKEN only (further ones from WEBEX_TOKENS): "
        "an argument would be there for all to read."
    ),
    epilog=_EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

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
    list[int] | None, typer.Option("--phase", min=1, max=3, help="Only this phase; may be given several times.")
]
Types = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="ENTITY_TYPE", help="Only rows of this entity type; may be given several times."),
]
Lang = Annotated[
    Language, typer.Option("--lang", help="Language of what is shown; states, reasons and messages stay as they are.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout; progress goes to stderr.")]


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


@app.command(epilog=_EPILOG)
@foreseeable_told
def demo() -> None:
    """Play a sample roll-out against a simulated tenant. Needs no token, takes seconds, touches nothing of yours."""
    from webex_provision.console.demo import play
    from webex_provision.console.roll_outs import base_folder

    raise typer.Exit(play(base_folder()))


@app.command(epilog=_EPILOG)
@with_settings
@foreseeable_told
def run(
    csv: Annotated[Path, typer.Argument(help="The roll-out: one CSV or .xlsx workbook.", metavar="CSV")],
    phase: Phases = None,
    type: Types = None,  # noqa: A002 - the flag's name
    output_dir: Annotated[
        Path | None,
        typer.Option(
            "--output-dir",
            metavar="PATH",
            help="Folder of this roll-out. Default: OUTPUT_DIR/<name of the CSV>-<its hash>.",
        ),
    ] = None,
    json: AsJson = False,
    lang: Lang = Language.EN,
) -> None:
    """Provision a CSV. A second run of the same CSV goes on where the first one ended."""
    from webex_provision.console.runs import Wish, go

    raise typer.Exit(
        go(
            Wish(
                csv=csv,
                folder=output_dir,
                phases=tuple(phase or ()),
                types=tuple(type or ()),
                command="webex-provision run",
                as_json=json,
                words=Words(lang),
            )
        )
    )


@app.command(epilog=_EPILOG)
@with_settings
@foreseeable_told
def plan(
    csv: Annotated[Path, typer.Argument(help="The roll-out: one CSV.", metavar="CSV")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write it. Default: plan.csv in --output-dir."),
    ] = None,
    output_dir: Annotated[
        Path | None,
        typer.Option(
            "--output-dir",
            metavar="PATH",
            help="Folder of this roll-out. Default: OUTPUT_DIR/<name of the CSV>-<its hash>.",
        ),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Without a tenant and a token: intake, and an upper estimate of calls.")
    ] = False,
    calls_per_minute: Annotated[float, typer.Option(min=1, help="The tenant's limit, for the estimate of time.")] = 300,
    json: AsJson = False,
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
            )
        )
    )


@app.command(epilog=_EPILOG)
@with_settings
@foreseeable_told
def resume(
    output_dir: RollOutDir = None,
    phase: Phases = None,
    type: Types = None,  # noqa: A002
    json: AsJson = False,
    lang: Lang = Language.EN,
) -> None:
    """Go on with a roll-out: the rows that have no state yet."""
    _go_on(RunMode.RESUME, output_dir, phase, type, None, json=json, lang=lang)


@app.command(epilog=_EPILOG)
@with_settings
@foreseeable_told
def retry(
    output_dir: RollOutDir = None,
    reason: Annotated[
        list[str] | None,
        typer.Option("--reason", metavar="CODE", help="Only rows pending for this reason; may be given several times."),
    ] = None,
    phase: Phases = None,
    type: Types = None,  # noqa: A002
    json: AsJson = False,
    lang: Lang = Language.EN,
) -> None:
    """Try the pending rows of a roll-out again."""
    _go_on(RunMode.RETRY_PENDING, output_dir, phase, type, reason, json=json, lang=lang)


@app.command(epilog=_EPILOG)
@with_settings
@foreseeable_told
def replay(
    output_dir: RollOutDir = None,
    phase: Phases = None,
    type: Types = None,  # noqa: A002
    json: AsJson = False,
    lang: Lang = Language.EN,
) -> None:
    """Do all rows of a roll-out again: each is looked up, updated where it differs, created only where it is gone."""
    _go_on(RunMode.REPLAY, output_dir, phase, type, None, json=json, lang=lang)


def _go_on(
    mode: RunMode,
    output_dir: Path | None,
    phases: list[int] | None,
    types: list[str] | None,
    reasons: list[str] | None,
    *,
    json: bool,
    lang: Language,
) -> None:
    from webex_provision.console.roll_outs import find_roll_out
    from webex_provision.console.runs import Wish, go

    wish = Wish(
        folder=find_roll_out(output_dir).root,
        mode=mode,
        phases=tuple(phases or ()),
        types=tuple(types or ()),
        reasons=tuple(reasons or ()),
        command=f"webex-provision {'retry' if mode is RunMode.RETRY_PENDING else mode}",
        as_json=json,
        words=Words(lang),
    )
    raise typer.Exit(go(wish))


@app.command(epilog=_EPILOG)
@foreseeable_told
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


@app.command(epilog=_EPILOG)
@foreseeable_told
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


@app.command(epilog=_EPILOG)
@foreseeable_told
def history(output_dir: RollOutsDir = None, json: AsJson = False) -> None:
    """List roll-outs and their runs, newest first: when, by whose token, how each ended. Reads only; needs no token."""
    from webex_provision.console.past_runs import show_history
    from webex_provision.console.roll_outs import base_folder

    show_history(output_dir or base_folder(), as_json=json)


@app.command(epilog=_EPILOG)
@foreseeable_told
def show(
    row: Annotated[str, typer.Argument(metavar="ROW", help="A row_id or an entity_key.")],
    output_dir: RollOutDir = None,
    json: AsJson = False,
) -> None:
    """Tell a row's whole story: its cells, and every attempt with its step, answer and run. Needs no token."""
    from webex_provision.console.roll_outs import find_roll_out
    from webex_provision.console.row_shown import show_row

    show_row(find_roll_out(output_dir), row, as_json=json)


@app.command(epilog=_EPILOG)
@with_settings
@foreseeable_told
def verify(output_dir: RollOutDir = None, json: AsJson = False) -> None:
    """Read the tenant back, by lists, and compare every success row: existence, id, location, extension, numbers."""
    from webex_provision.console.roll_outs import find_roll_out
    from webex_provision.console.verifying import show_verification

    raise typer.Exit(show_verification(find_roll_out(output_dir), as_json=json))


@app.command(epilog=_EPILOG)
@foreseeable_told
def repair(output_dir: RollOutDir = None) -> None:
    """Set the corrupt part of a roll-out's files aside, keep the rest. Deletes nothing; needs no token."""
    from webex_provision.console.mending import mend
    from webex_provision.console.roll_outs import find_roll_out

    mend(find_roll_out(output_dir))


@app.command(epilog=_EPILOG)
@with_settings
@foreseeable_told
def doctor(json: AsJson = False) -> None:
    """Check settings, output folder and tenant. Sends two reads, changes nothing."""
    from webex_provision.console.doctor import examine

    raise typer.Exit(examine(as_json=json))


@app.command(epilog=_EPILOG)
@with_settings
@foreseeable_told
def ui(port: Annotated[int, typer.Option(min=1, max=65_535, help="Port on 127.0.0.1.")] = 3000) -> None:
    """Open Dagster's UI, on the embedded sandbox unless WEBEX_BASE_URL names a tenant. Ctrl-C ends it."""
    from webex_provision.console.ui import open_ui

    raise typer.Exit(open_ui(port))


@app.command(epilog=_EPILOG)
@foreseeable_told
def sandbox(
    *,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port on 127.0.0.1; 0 picks a free one.")] = 0,
    seed_csv: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Roll-out (CSV or .xlsx) whose people and numbers are there.")
    ] = None,
    missing_users: Annotated[float, typer.Option(min=0, max=1, help="Share of its people not synchronised yet.")] = 0,
    seed: Annotated[int, typer.Option(help="Of ids, faults, latency and missing users.")] = 0,
    profile: Annotated[str, typer.Option(help="Rate limits: none, documented, tight or hostile.")] = "none",
    latency_ms: Annotated[float, typer.Option(min=0, max=60_000, help="Time every answer takes.")] = 0,
    state: Annotated[Path | None, typer.Option(metavar="PATH", help="File that keeps the tenant.")] = None,
    log: Annotated[Path | None, typer.Option(metavar="PATH", help="File that gets one JSON line a request.")] = None,
    faults: Annotated[Path | None, typer.Option(metavar="PATH", help="JSON file: what goes wrong on purpose.")] = None,
) -> None:
    """Serve a simulated Webex Calling tenant on 127.0.0.1 until Ctrl-C; prints its base URL when it is ready."""
    from webex_provision.console.rehearsal_room import serve_tenant

    serve_tenant(
        port=port,
        seed_csv=seed_csv,
        missing_users=missing_users,
        seed=seed,
        profile=profile,
        latency_ms=latency_ms,
        state=state,
        log=log,
        faults=faults,
    )


def _share(text: str) -> float:
    """`2%` or `0.02`."""
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no share; write it as 2% or 0.02") from None


@app.command(epilog=_EPILOG)
@with_settings
@foreseeable_told
def rehearse(
    csv: Annotated[Path, typer.Argument(help="The roll-out: one CSV or .xlsx workbook.", metavar="CSV")],
    missing_users: Annotated[
        str, typer.Option(metavar="SHARE", help="Share of its people whom the directory does not hold yet: 2% or 0.02.")
    ] = "0%",
    profile: Annotated[
        str,
        typer.Option(
            help="Rate limits: none (as fast as this machine goes), or documented, tight, hostile, in real time."
        ),
    ] = "none",
    faults: Annotated[Path | None, typer.Option(metavar="PATH", help="JSON file: what goes wrong on purpose.")] = None,
    seed: Annotated[int, typer.Option(help="Of ids, faults and missing users.")] = 0,
    calls_per_minute: Annotated[
        float, typer.Option(min=1, max=1_000_000, help="Limit of an endpoint family, for the time of a real run.")
    ] = 300,
    json: AsJson = False,
) -> None:
    """Play a CSV on a simulated tenant: what a real run would come to, its calls and its time. Needs no token.

    The tenant holds the people of the CSV. Results stand in OUTPUT_DIR/rehearsals, made anew each time.
    """
    from webex_provision.console.rehearse import Stage
    from webex_provision.console.rehearse import rehearse as play

    stage = Stage(profile, faults, seed, _share(missing_users), calls_per_minute)
    raise typer.Exit(play(csv, stage, as_json=json))


@app.command(epilog=_EPILOG)
@foreseeable_told
def generate(
    csv: Annotated[Path, typer.Argument(help="Where to write it.", metavar="CSV")],
    rows: Annotated[int, typer.Option(min=1, help="Rows in all.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same file.")] = 0,
    bad_rows: Annotated[str, typer.Option(metavar="SHARE", help="Rows that intake rejects: 2% or 0.02.")] = "0%",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a made-up roll-out of any size, to rehearse with: serve it with `sandbox --seed-csv`."""
    from webex_provision.console.rehearsal_room import write_roll_out

    write_roll_out(csv, rows=rows, seed=seed, bad_share=_share(bad_rows), force=force)


@app.command(epilog=_EPILOG)
@foreseeable_told
def template(
    phase: Phases = None,
    type: Types = None,  # noqa: A002 - the flag's name
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write it (.csv or .xlsx); default stdout."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a CSV (or .xlsx, a sheet a type) to start from: columns, and an example row of each. Needs no token."""
    from webex_provision.console.entity_types import write_template

    write_template(output, phases=tuple(phase or ()), types=tuple(type or ()), force=force)


@app.command(epilog=_EPILOG)
@foreseeable_told
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


def main() -> None:
    """The entry point `webex-provision`. What it writes, Dagster's files too, is its owner's only."""
    os.umask(0o077)
    forbid_core_files()
    app()


if __name__ == "__main__":
    main()
