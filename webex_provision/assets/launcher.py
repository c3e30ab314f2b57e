"""What the command line calls: the job `provision`, executed in this process on the instance of DAGSTER_HOME.

The same job as in the UI, so the history is there afterwards. Errors that are expected come back as values.
"""

import os
import signal
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from webex_provision.assets.dead_runs import end_dead_runs, process_tags
from webex_provision.assets.failures import INTERRUPTS, Verdict, WrongRequest, exit_code_of, verdict_in, verdict_of
from webex_provision.assets.home import UnusableHistory, UnusableStorage
from webex_provision.assets.intake import READY
from webex_provision.assets.jobs import (
    INTAKE_JOB,
    PROVISION_OP,
    QUIET,
    REPOSITORY,
    REPOSITORY_TAG,
    provision_job,
)
from webex_provision.assets.registry import divided_key, find, key_of_tags
from webex_provision.assets.resources import Launch, launched_by
from webex_provision.assets.roll_out import roll_out_definitions
from webex_provision.assets.standing import read_summary
from webex_provision.assets.storage import lost, refuse_other_storage, storage_error_in
from webex_provision.assets.tags import PARENT_TAG
from webex_provision.engine.observer import Observer
from webex_provision.engine.stop_signals import stop_signals
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.safe_text import printable
from webex_provision.vocabulary import ExitCode, Reason, RunMode, RunState


@dataclass(frozen=True)
class Launched:
    """How a launch ended.

    `state` is None when no run was opened; `message` then says why, in plain words. `command` is what to go on with,
    or empty. `folder` is None when intake refused the CSV before it had one. `summary` is run_summary.json of this
    launch, None when it wrote none. `run_ids` are Dagster's: the launch, then its child runs.
    """

    run_ids: tuple[str, ...]
    state: RunState | None
    exit_code: ExitCode
    message: str = ""
    command: str = ""
    folder: Path | None = None
    summary: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()


def launch(
    *,
    csv: Path | None = None,
    folder: Path | None = None,
    mode: RunMode = RunMode.RESUME,
    phases: Sequence[int] = (),
    types: Sequence[str] = (),
    reasons: Sequence[Reason | str] = (),
    observer: Observer | None = None,
    command: str = "",
) -> Launched:
    """Run a CSV, or go on with the roll-out in `folder`; returns when it has ended.

    Settings come from the environment, history goes to DAGSTER_HOME; both are the caller's to set. `observer` hears
    of rows and batches; `command` is told to whoever meets our lock. Ctrl-C, SIGTERM and SIGHUP end the run
    cleanly. Raises UnusableHistory when DAGSTER_HOME can't be used, be it in the middle of a run.
    """
    config = {
        "csv_path": str(csv) if csv else "",
        "output_dir": str(folder) if folder else "",
        "mode": mode.value,
        "phases": [int(phase) for phase in phases],
        "types": list(types),
        "reasons": [str(reason) for reason in reasons],
    }
    with launched_by(Launch(observer, command)), _stop_signals_alike():
        try:
            with _history() as instance:
                return _launched(instance, config, folder)
        except INTERRUPTS as error:
            verdict = verdict_of(error, folder)
            return Launched((), verdict.state, verdict.exit_code, verdict.message, verdict.command, folder)


def _launched(instance: dg.DagsterInstance, config: dict[str, Any], folder: Path | None) -> Launched:
    result = provision_job(roll_out_definitions()).execute_in_process(
        run_config={"ops": {PROVISION_OP: {"config": config}}, "loggers": QUIET},
        instance=instance,
        tags={REPOSITORY_TAG: REPOSITORY, **process_tags()},
        raise_on_error=False,
    )
    return _told(instance, result, folder)


@contextmanager
def _history() -> Iterator[dg.DagsterInstance]:
    """The instance of DAGSTER_HOME, without runs of dead processes."""
    home = Path(os.environ.get("DAGSTER_HOME", ""))
    try:
        instance = dg.DagsterInstance.get()
        refuse_other_storage(instance, home)
        end_dead_runs(instance)
    except UnusableStorage:
        raise
    except Exception as error:  # whatever Dagster, its YAML reader or its database say: these are its own files
        raise UnusableHistory(home, _first_line(error)) from error
    try:
        with instance:
            yield instance
    except Exception as error:
        storage = storage_error_in(error)
        if storage is None:
            raise
        if not isinstance(storage, sqlite3.Error | OSError):
            raise lost(storage) from error
        raise UnusableHistory(home, _first_line(storage)) from error


def _first_line(error: BaseException) -> str:
    """What a library says, as far as a person wants to know."""
    return printable((str(error).splitlines() or [type(error).__name__])[0]).rstrip(". :")


@contextmanager
def _stop_signals_alike() -> Iterator[None]:
    """Each is treated as Ctrl-C is, also before the first row; Dagster does so with SIGTERM and does not undo it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    others = [number for number in stop_signals() if number is not signal.SIGINT]
    before = {number: signal.signal(number, signal.default_int_handler) for number in others}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _told(instance: dg.DagsterInstance, result: dg.ExecuteInProcessResult, folder: Path | None) -> Launched:
    """What has become of the launch, from Dagster's events and the roll-out's own summary."""
    children = instance.get_runs(filters=dg.RunsFilter(tags={PARENT_TAG: result.run_id}))
    run_ids = (result.run_id, *(run.run_id for run in reversed(children)))
    place = _folder_of(instance, children) or folder
    summary = _own_summary(place, run_ids)
    verdict = verdict_in(result.all_events)
    if verdict is None and summary is not None:
        state = RunState(summary["state"])
        verdict = Verdict(summary["message"], state, exit_code_of(state))
    if verdict is None:
        verdict = Verdict(f"the run {result.run_id} ended without a word", None, ExitCode.UNEXPECTED)
    return Launched(
        run_ids,
        verdict.state,
        verdict.exit_code,
        verdict.message,
        verdict.command,
        place,
        summary,
        _warnings(instance, children),
    )


def _folder_of(instance: dg.DagsterInstance, children: Iterable[dg.DagsterRun]) -> Path | None:
    for run in children:
        key = key_of_tags(run.tags)
        if key is not None:
            return find(instance, divided_key(key)[0]).folder
    return None


def _own_summary(folder: Path | None, run_ids: Sequence[str]) -> dict[str, Any] | None:
    """The folder's summary when it is of this launch: one that met a lock finds that of an earlier run."""
    if folder is None:
        return None
    try:
        summary = read_summary(RollOutFolder(folder))
    except WrongRequest:
        return None
    return summary if summary.get("run_id") in run_ids else None


def _warnings(instance: dg.DagsterInstance, children: Iterable[dg.DagsterRun]) -> tuple[str, ...]:
    """What intake had to say about the CSV as a whole."""
    for run in children:
        if run.job_name == INTAKE_JOB:
            for event in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION):
                found = event.asset_materialization
                if found is not None and found.asset_key == READY:
                    told = found.metadata["warnings"].value
                    return tuple(map(str, told)) if isinstance(told, Sequence) else ()
    return ()
