"""Trying it on this machine, without a tenant: demo, generate, sandbox."""

from pathlib import Path
from typing import Annotated

import typer

from webex_provision.commands.options import FaultsFile, Force, Panel, share, verb

app = typer.Typer()


@verb(app, Panel.TRYING)
def demo() -> None:
    """Play a sample roll-out against a simulated tenant. Needs no token, takes seconds, touches nothing of yours."""
    from webex_provision.console.demo import play
    from webex_provision.console.roll_outs import base_folder

    raise typer.Exit(play(base_folder()))


@verb(app, Panel.TRYING)
def generate(
    csv: Annotated[Path, typer.Argument(help="Where to write it: a CSV, or a workbook (.xlsx).", metavar="FILE")],
    rows: Annotated[int, typer.Option(metavar="INTEGER", min=1, help="Rows in all.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same file.")] = 0,
    bad_rows: Annotated[str, typer.Option(metavar="SHARE", help="Rows that intake rejects: 2% or 0.02.")] = "0%",
    force: Force = False,
) -> None:
    """Write a made-up roll-out of any size, to rehearse with: serve it with `sandbox --seed-csv`."""
    from webex_provision.console.rehearsal_room import write_roll_out

    write_roll_out(csv, rows=rows, seed=seed, bad_share=share(bad_rows), force=force)


@verb(app, Panel.TRYING)
def sandbox(
    *,
    port: Annotated[
        int, typer.Option(metavar="INTEGER", min=0, max=65_535, help="Port on 127.0.0.1; 0 picks a free one.")
    ] = 0,
    seed_csv: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Roll-out (CSV or .xlsx) whose people and numbers are there.")
    ] = None,
    missing_users: Annotated[
        str, typer.Option(metavar="SHARE", help="Share of its people not synchronised yet: 2% or 0.02.")
    ] = "0%",
    seed: Annotated[int, typer.Option(help="Of ids, faults, latency and missing users.")] = 0,
    profile: Annotated[str, typer.Option(help="Rate limits: none, documented, tight or hostile.")] = "none",
    latency_ms: Annotated[
        float, typer.Option(metavar="NUMBER", min=0, max=60_000, help="Time every answer takes.")
    ] = 0,
    state: Annotated[Path | None, typer.Option(metavar="PATH", help="File that keeps the tenant.")] = None,
    log: Annotated[Path | None, typer.Option(metavar="PATH", help="File that gets one JSON line a request.")] = None,
    faults: FaultsFile = None,
) -> None:
    """Serve a simulated Webex Calling tenant on 127.0.0.1 until Ctrl-C; prints its base URL when it is ready."""
    from webex_provision.console.rehearsal_room import serve_tenant

    serve_tenant(
        port=port,
        seed_csv=seed_csv,
        missing_users=share(missing_users),
        seed=seed,
        profile=profile,
        latency_ms=latency_ms,
        state=state,
        log=log,
        faults=faults,
    )
