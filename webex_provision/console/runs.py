"""A run as the command line starts it: watched, ended with a readable summary, its exit code that of the run."""

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from webex_provision.clock import Clock
from webex_provision.console.doctor import interpreter
from webex_provision.console.ending import show_standing
from webex_provision.console.faults import read_settings
from webex_provision.console.history import choose_home
from webex_provision.console.languages import ENGLISH, Words
from webex_provision.console.progress import Watcher, watcher_for
from webex_provision.console.screen import say, say_json, stderr, stdout
from webex_provision.console.standing import Standing, standing_of
from webex_provision.engine.observer import Both, Observer
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.manifest import load_manifest
from webex_provision.ledger.records import cell
from webex_provision.ledger.rehearsal_mark import refuse_rehearsal
from webex_provision.ledger.states import read_states
from webex_provision.vocabulary import ExitCode, RunMode

if TYPE_CHECKING:
    from webex_provision.assets.launcher import Launched


@dataclass(frozen=True)
class Wish:
    """What was asked for. `csv` is None to go on with the roll-out in `folder`; no selection means all."""

    csv: Path | None = None
    folder: Path | None = None
    mode: RunMode = RunMode.RESUME
    phases: tuple[int, ...] = ()
    types: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    command: str = ""
    as_json: bool = False
    words: Words = ENGLISH


def go(wish: Wish) -> ExitCode:
    """Runs it to its end and shows how it ended. Ends the process when the settings can't be used."""
    if wish.folder is not None:
        refuse_rehearsal(RollOutFolder(wish.folder))
    launched = watched(wish)
    standing = standing_after(launched)
    if standing is not None and standing.finished and _did_nothing(launched):
        standing = replace(standing, message=nothing_to_do(wish, standing))
        launched = replace(launched, message=standing.message)
    if standing is not None and wish.mode is RunMode.RETRY_PENDING and standing.finished:
        left = rows_left_out(RollOutFolder(standing.folder)) if standing.not_reached else 0
        if left:
            standing = replace(standing, message=wish.words("never_reached", count=left))
            launched = replace(launched, exit_code=ExitCode.STOPPED, message=standing.message)
    if wish.as_json:
        say_json(_document(launched, standing))
    elif standing is not None:
        show_standing(standing, wish.words)
    else:
        say_why(launched)
    return launched.exit_code


def _did_nothing(launched: "Launched") -> bool:
    return launched.summary is not None and launched.summary["counts"]["processed"] == 0


def nothing_to_do(wish: Wish, standing: Standing) -> str:
    """Why a run that has ended well has done no row."""
    if standing.rejected == standing.read:
        return wish.words("nothing_to_send")
    if wish.mode is RunMode.RETRY_PENDING:
        return wish.words("nothing_to_retry")
    if wish.mode is RunMode.REPLAY:
        return wish.words("nothing_to_replay")
    replay = shlex.join(["webex-provision", "replay", "--output-dir", str(standing.folder)])
    return wish.words("nothing_to_run", command=replay)


def rows_left_out(folder: RollOutFolder) -> int:
    """Rows of the retry's phases, types and batches that no run has reached, so that they can't be pending."""
    from webex_provision.ledger.ready_rows import load_ready

    manifest, states = load_manifest(folder), read_states(folder)
    chosen, size = manifest.generation, manifest.batch_size
    rows = load_ready(folder).select("row_id", "phase", "entity_type", "position").iter_rows()
    return sum(
        cell(row_id) not in states
        and (not chosen.phases or phase in chosen.phases)
        and (not chosen.types or entity_type in chosen.types)
        and (not chosen.batches or (position - 1) // size + 1 in chosen.batches)
        for row_id, phase, entity_type, position in rows
    )


def watched(wish: Wish, listener: Observer | None = None) -> "Launched":
    """Runs it to its end; shows progress and warnings, and tells `listener`. Ends the process as `go` does."""
    assertions = interpreter()
    if not assertions.passed:
        say(f"{assertions.detail}: {assertions.remedy}", style="red", error=True)
        raise typer.Exit(ExitCode.PREFLIGHT)
    in_log = read_settings().log_format is not None
    choose_home()
    from webex_provision.assets.launcher import launch

    # What a log that goes to stderr says is not said there a second time.
    with Watcher() if wish.as_json and in_log else watcher_for(stderr() if wish.as_json else stdout()) as watcher:
        launched = launch(
            csv=wish.csv,
            folder=wish.folder,
            mode=wish.mode,
            phases=wish.phases,
            types=wish.types,
            reasons=wish.reasons,
            observer=watcher if listener is None else Both(watcher, listener),
            command=wish.command,
        )
    for warning in launched.warnings:
        say(f"warning: {warning}", style="yellow", error=True)
    return launched


def standing_after(launched: "Launched") -> Standing | None:
    """How the roll-out stands after a run that was opened; None when there was none."""
    if launched.folder is None or launched.state is None or launched.summary is None:
        return None
    standing = standing_of(RollOutFolder(launched.folder), Clock())
    return replace(standing, state=launched.state.value, message=launched.message)


def _document(launched: "Launched", standing: Standing | None) -> dict[str, object]:
    commands = [command for _, command in standing.next_commands()] if standing else [launched.command]
    return {
        "state": launched.state.value if launched.state else None,
        "exit_code": int(launched.exit_code),
        "message": launched.message,
        "folder": str(launched.folder) if launched.folder else None,
        "run_ids": list(launched.run_ids),
        "warnings": list(launched.warnings),
        "next": [command for command in commands if command],
        "summary": launched.summary,
    }


def say_why(launched: "Launched") -> None:
    """Why no run was opened, and what to do."""
    say(launched.message, style="red", error=True)
    if launched.command:
        say(f"Go on with: {launched.command}", error=True)
    if launched.exit_code is ExitCode.UNEXPECTED and launched.folder is not None:
        say(f"The log: {RollOutFolder(launched.folder).log}", error=True)
