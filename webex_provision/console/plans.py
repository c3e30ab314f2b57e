"""A plan as the command line shows it: a table by type, reasons, calls and time, and plan.csv with every row."""

import asyncio
import logging
import shlex
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from webex_provision.clock import Clock
from webex_provision.config import Environment, Settings
from webex_provision.console.ending import names_stay_whole, show_first, show_reasons
from webex_provision.console.faults import read_settings
from webex_provision.console.languages import ENGLISH, Words
from webex_provision.console.progress import LookupWatcher, Watcher
from webex_provision.console.screen import harmless, say, say_folded, say_json, stderr, stdout
from webex_provision.console.standing import REJECTIONS_SHOWN, standing_of
from webex_provision.console.tally import duration
from webex_provision.ledger.folder import RollOutFolder, input_id_of
from webex_provision.ledger.manifest import load_manifest
from webex_provision.vocabulary import ExitCode, PlanAction

if TYPE_CHECKING:
    from webex_provision.engine.plan import Plan

_LOGGER = "webex_provision"
# What settings need and nobody uses without a tenant.
_NO_TENANT = {"webex_token": "none", "webex_base_url": "http://127.0.0.1:9/v1", "environment": Environment.LAB}

_HEADINGS = {
    PlanAction.CREATE: "action_create",
    PlanAction.UPDATE: "action_update",
    PlanAction.SKIP: "action_skip",
    PlanAction.APPLY: "action_apply",
    PlanAction.PENDING: "pending",
    PlanAction.OUT_OF_SCOPE: "action_out_of_scope",
    PlanAction.REJECTED: "rejected",
    PlanAction.NOT_REACHED: "not_reached",
}


@dataclass(frozen=True)
class Question:
    """What was asked for. `output` is plan.csv itself; without it, it stands in `folder`, the roll-out's."""

    csv: Path
    output: Path | None = None
    folder: Path | None = None
    offline: bool = False
    calls_per_minute: float = 300
    as_json: bool = False
    words: Words = ENGLISH


def show_plan(question: Question) -> ExitCode:
    """Makes the plan, writes plan.csv, shows it. OK, or how the run itself would end early."""
    from webex_provision.engine.plan import PLAN_COLUMNS, Planner
    from webex_provision.intake.data_pipeline import run_intake
    from webex_provision.ledger.writers import write_plan

    settings = read_settings(**_NO_TENANT) if question.offline else read_settings()
    clock = Clock()
    result = run_intake(question.csv, settings, clock)
    path = question.output or _place(question, settings, result.input_hash)
    for warning in result.warnings:
        say(f"warning: {warning}", style="yellow", error=True)
    silence_log()
    with lookup_watcher() as watcher:
        planner = Planner(
            result.ready,
            result.rejected,
            settings,
            clock,
            folder=question.csv.parent,
            offline=question.offline,
            observer=watcher,
        )
        plan = asyncio.run(planner.make())
    write_plan(path, PLAN_COLUMNS, (astuple(row) for row in plan.rows))
    if question.as_json:
        say_json({"file": str(path), **plan.as_dict(question.calls_per_minute)})
    else:
        _show(plan, path, question.calls_per_minute, question.words)
        _next(plan, _folder(question, settings, result.input_hash), result.input_hash, question)
    return plan.state.exit_code if plan.state else ExitCode.OK


def silence_log() -> None:
    """What is logged is in the result, too; without a file for it, it would stand between the lines on stderr."""
    logging.getLogger(_LOGGER).addHandler(logging.NullHandler())


def lookup_watcher() -> Watcher:
    """A bar on a terminal; nothing elsewhere, for no batch is done."""
    return LookupWatcher(stderr()) if stderr().is_terminal else Watcher()


def _folder(question: Question, settings: Settings, input_hash: str) -> RollOutFolder:
    return RollOutFolder(question.folder or settings.output_dir / input_id_of(question.csv, input_hash))


def _place(question: Question, settings: Settings, input_hash: str) -> Path:
    """plan.csv in the roll-out's folder, which is made where it is not there. Raises InputChanged, CorruptLedger."""
    from webex_provision.ledger.establish import check_same_input
    from webex_provision.ledger.manifest import Identity

    folder = _folder(question, settings, input_hash)
    check_same_input(folder, Identity(input_hash, settings.pipeline_version))
    folder.create()
    return folder.plan


def _next(plan: "Plan", folder: RollOutFolder, input_hash: str, question: Question) -> None:
    """The command that does what is planned: the run, or a replay where one has been over every row already."""
    words, rejected = question.words, plan.actions().get(PlanAction.REJECTED, 0)
    run = shlex.join(["webex-provision", "run", str(question.csv)])
    if rejected:
        say(words("plan_rejected", count=rejected))
    if folder.manifest.exists() and load_manifest(folder).input_hash == input_hash:
        left = standing_of(folder, Clock()).not_reached
        if not left:
            replay = shlex.join(["webex-provision", "replay", "--output-dir", str(folder.root)])
            say(words("plan_done", command=replay))
            return
        if left < len(plan.rows):
            say(words("plan_rest", count=left, command=run))
            return
    say(words("plan_without" if rejected else "plan_next", command=run))


def _show(plan: "Plan", path: Path, calls_per_minute: float, words: Words) -> None:
    if plan.state is not None:
        say(words("plan_stopped", state=plan.state, message=plan.message), style="bold red")
    rows = plan.actions()
    table = Table(
        "", *(words(_HEADINGS[PlanAction(action)]) for action in rows), words("calls"), box=None, pad_edge=False
    )
    for name, counts in plan.by_type().items():
        table.add_row(harmless(name or words("no_type")), *(str(counts.get(action, 0)) for action in [*rows, "calls"]))
    table.add_row(words("plan_lists"), *("" for _ in rows), str(plan.list_calls))
    table.add_row(Text(words("all"), style="bold"), *map(str, rows.values()), str(plan.calls))
    names_stay_whole(table)
    stdout().print(table)
    show_reasons(words("pending_title"), plan.reasons(PlanAction.PENDING), words)
    _examples(plan, words)
    show_reasons(words("rejected_title"), plan.reasons(PlanAction.REJECTED), words)
    rejected = [row.message for row in plan.rows if row.action is PlanAction.REJECTED]
    show_first(rejected[:REJECTIONS_SHOWN], len(rejected), path, words)
    time = words("plan_time", time=duration(plan.minutes(calls_per_minute) * 60), rate=calls_per_minute)
    stdout().print()
    if plan.offline:
        say_folded(words("plan_offline", calls=plan.calls, time=time))
    else:
        say_folded(words("plan_online", calls=plan.calls, time=time, lookups=plan.lookups_made))
    say(words("plan_file", path=path))


def _examples(plan: "Plan", words: Words) -> None:
    """The first pending row of each reason, for its remedy speaks of what the message names."""
    first = {row.reason: row for row in reversed(plan.rows) if row.action is PlanAction.PENDING}
    for reason in plan.reasons(PlanAction.PENDING):
        say_folded(f"{words('row')} {first[reason].row_id}: {first[reason].message}", first="  ", rest="    ")
