"""`rehearse`: a roll-out played on a simulated tenant made for it, and what a real run of it would look like.

Nothing of it touches a tenant or the history of real runs: it has a folder of its own, made anew each time.
"""

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from webex_provision.actions.actions_registry import ENTITY_TYPES
from webex_provision.assets.home import dagster_home
from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.console.call_counter import CallCounter
from webex_provision.console.embedded import PACE, environment, tenant_variables
from webex_provision.console.faults import read_settings
from webex_provision.console.languages import ENGLISH, Words
from webex_provision.console.rehearsal_folders import fresh_folder, rehearsals
from webex_provision.console.rehearsal_report import PLACEHOLDER, Rehearsed, show_rehearsal
from webex_provision.console.rehearsal_room import chosen_faults, sandbox_config
from webex_provision.console.runs import Wish, say_why, standing_after, watched
from webex_provision.console.screen import say, say_json
from webex_provision.intake.csv_file import TYPE_COLUMN, CsvFile
from webex_provision.intake.input_file import read_input
from webex_provision.ledger.folder import input_id_of
from webex_provision.ledger.run_lock import RunLock
from webex_provision.vocabulary import ExitCode

if TYPE_CHECKING:
    from webex_provision.sandbox import SandboxConfig

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_REMOVAL = "number_removal"


@dataclass(frozen=True)
class Stage:
    """How the tenant of a rehearsal behaves, and the limit by which its time is reckoned."""

    profile: str = "none"
    faults: Path | None = None
    seed: int = 0
    missing_users: float = 0.0
    calls_per_minute: float = 300.0


def rehearse(csv: Path, stage: Stage, *, as_json: bool, words: Words = ENGLISH) -> ExitCode:
    """Plays it and tells how it went; the exit code is the run's own. Raises UnusableCsv, LockHeld, NotForThis."""
    faults = chosen_faults(stage.faults)
    settable = {"WEBEX_TOKEN": "any", "WEBEX_TOKENS": "", "TOKEN_SLOT": ""}
    settable |= {"WEBEX_BASE_URL": "http://127.0.0.1:1", "ENVIRONMENT": "lab"}
    with environment(settable):
        settings = read_settings()
    source = read_input(csv, max_rows=settings.max_rows, max_cell_bytes=settings.max_cell_bytes)
    needs = _needs(source.frame, settings)
    base = rehearsals().resolve()
    folder = base / input_id_of(csv, source.input_hash)
    base.mkdir(parents=True, exist_ok=True)
    lock = RunLock(base / f".{folder.name}.lock", f"The rehearsal {folder}", clock=Clock(), command="rehearse")
    with lock.acquire(), tempfile.TemporaryDirectory(prefix="webex-provision-") as scratch:
        directory = Path(scratch) / "directory.csv"
        source.frame.write_csv(directory)
        config = sandbox_config(
            faults=faults,
            seed_csv=directory,
            profile=stage.profile,
            seed=stage.seed,
            missing_users=stage.missing_users,
        )
        fresh_folder(folder)
        return _play(source, folder, config, needs, stage, as_json=as_json, words=words)


def _play(
    source: CsvFile,
    folder: Path,
    config: "SandboxConfig",
    needs: dict[str, str],
    stage: Stage,
    *,
    as_json: bool,
    words: Words,
) -> ExitCode:
    from webex_provision.sandbox import SandboxServer

    say(words("rehearsal", csv=source.path), error=as_json)
    if needs:
        told = ", ".join(f"{name}={value}" for name, value in needs.items())
        say(words("rehearsal_sets", variables=told), style="yellow", error=as_json)
    with SandboxServer(config) as server:
        # Where no limit holds there is nothing to wait for: the time at the real limit is reckoned from the calls.
        pace = PACE if stage.profile == "none" else {}
        home = {"DAGSTER_HOME": str(dagster_home(folder.parent))}
        counter = CallCounter(server.log)
        with environment({**tenant_variables(server), **pace, **home, **needs}):
            wish = Wish(csv=source.path, folder=folder, command="webex-provision rehearse", as_json=as_json)
            launched = watched(wish, counter)
        calls = counter.counted()
    standing = standing_after(launched)
    if standing is None:
        say_why(launched)
        return launched.exit_code
    rehearsed = Rehearsed(standing, calls, stage.calls_per_minute, stage.missing_users, needs)
    if as_json:
        say_json(rehearsed.as_dict() | {"exit_code": int(launched.exit_code), "warnings": list(launched.warnings)})
    else:
        show_rehearsal(rehearsed, source.path, words)
    return launched.exit_code


def _needs(rows: pl.DataFrame, settings: Settings) -> dict[str, str]:
    """What the rows need of the environment, as far as it is not there: variables, leave to remove numbers."""
    declared = {column.name for each in ENTITY_TYPES for column in each.columns if column.name.endswith("_env")}
    columns = [rows.get_column(name).drop_nulls().unique() for name in sorted(declared & set(rows.columns))]
    named = [name.strip() for column in columns for name in column]
    settings_names = {name.upper() for name in Settings.model_fields}
    needs = {name: PLACEHOLDER for name in sorted(set(named) - settings_names) if _VARIABLE.match(name)}
    needs = {name: value for name, value in needs.items() if not os.environ.get(name)}
    removes = rows.get_column(TYPE_COLUMN).str.strip_chars().str.to_lowercase() == _REMOVAL
    if removes.any() and not settings.allow_number_removal:
        needs["ALLOW_NUMBER_REMOVAL"] = "true"
    return needs
