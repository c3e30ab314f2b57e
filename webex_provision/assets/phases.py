"""The assets of the three phases, partitioned by batch: one run covers a whole range of batches, phase after phase."""

import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from webex_provision.assets.dead_runs import process_tags
from webex_provision.assets.failure_event import how_to_go_on
from webex_provision.assets.failures import (
    EXPECTED,
    INTERRUPTED,
    INTERRUPTS,
    Verdict,
    WrongRequest,
    failure,
    failure_of,
    verdict_of,
)
from webex_provision.assets.registry import BATCHES, RegisteredRollOut, batch_key, find, one_input
from webex_provision.assets.resources import WebexResource
from webex_provision.assets.shown import GROUP, OWNERS
from webex_provision.assets.standing import RUN_SUMMARY, read_summary, rows_told, standing
from webex_provision.assets.tags import outcome_tags, roll_out_tags
from webex_provision.engine.batch_report import BatchReport
from webex_provision.engine.rollout import RollOut
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.vocabulary import Phase

NAMES: dict[Phase, str] = {
    Phase.ROUTING: "phase_1_routing",
    Phase.USERS: "phase_2_users",
    Phase.SERVICES: "phase_3_services",
}
_WHAT: dict[Phase, str] = {
    Phase.ROUTING: "locations, their numbers, trunks, route groups and lists, dial plans, schedules, announcements",
    Phase.USERS: "calling licences, numbers, forwarding, recording and monitoring of users and workspaces",
    Phase.SERVICES: "extensions, groups, pickup groups, queues, hunt groups, attendants, devices; numbers taken out",
}
_DESCRIPTION = """Phase {number} of 3: {what}.

Each row is looked up first, then created or updated; it ends as `success` or `pending`. A partition is a batch of rows
of one CSV: `<name of the CSV>-<hash>-<number>`. Materialise chosen batches to go on with just those; a phase starts
when all rows of the earlier phases have their state.

*Plots* shows rows by state, calls, answers 429 and rows a minute, batch by batch. To try pending rows again, give the
run this config: `resources: {{webex: {{config: {{mode: retry_pending}}}}}}`"""
Counts = Mapping[str, str | int | float]


@dataclass(frozen=True)
class _Share:
    """What one phase of one run covers."""

    phase: Phase
    registered: RegisteredRollOut
    numbers: list[int]

    def key(self, number: int) -> str:
        return batch_key(self.registered.manifest.input_id, number)

    @property
    def with_rows(self) -> list[int]:
        last = self.registered.manifest.batches.get(self.phase, 0)
        return [number for number in self.numbers if number <= last]


def phase_asset(phase: Phase) -> dg.AssetsDefinition:
    """The asset of a phase. Between phases the mapping is the identity, so that a backfill of chosen batches runs
    exactly these; that all EARLIER rows are terminal is what the engine checks in the ledger before its first call.
    """
    after = NAMES.get(Phase(phase - 1)) if phase > Phase.ROUTING else None
    dep = dg.AssetDep(after, partition_mapping=dg.IdentityPartitionMapping()) if after else dg.AssetDep("ready_rows")
    with warnings.catch_warnings():
        # Backfill policies are "beta" in the Dagster that we pin exactly; a test holds what we need of them.
        warnings.simplefilter("ignore", dg.BetaWarning)

        @dg.asset(
            name=NAMES[phase],
            description=_DESCRIPTION.format(number=int(phase), what=_WHAT[phase]),
            deps=[dep],
            partitions_def=BATCHES,
            backfill_policy=dg.BackfillPolicy.single_run(),
            group_name=GROUP,
            owners=OWNERS,
            kinds={"webex"},
            hooks={how_to_go_on},
        )
        def run_batches(context: dg.AssetExecutionContext, webex: WebexResource) -> None:
            context.instance.add_run_tags(context.run.run_id, process_tags())
            try:
                input_id, numbers = one_input(context.partition_keys)
                share = _Share(phase, find(context.instance, input_id), numbers)
            except EXPECTED as error:
                raise failure_of(error) from None
            context.instance.add_run_tags(context.run.run_id, roll_out_tags(share.registered))
            _drive(context, webex, share)

    return run_batches


def phases_of_run(run: dg.DagsterRun) -> tuple[Phase, ...]:
    """The phases that a run covers."""
    chosen = run.asset_selection
    return tuple(phase for phase, name in NAMES.items() if not chosen or dg.AssetKey(name) in chosen)


def _drive(context: dg.AssetExecutionContext, webex: WebexResource, share: _Share) -> None:
    """Runs the batches; each is seen as soon as it is finished, and materialised at the end, also of a failed phase."""
    finished: dict[str, Counts] = {}
    try:
        roll_out = webex.open(context.run.run_id, share.registered, phases_of_run(context.run), share.numbers)
        for report in roll_out.run_phase(share.phase, share.with_rows):
            key = share.key(report.batch.number)
            finished[key] = _counts(report, roll_out)
            context.log_event(dg.AssetObservation(context.asset_key, partition=key, metadata=finished[key]))
    except BaseException as error:
        cause = INTERRUPTED if isinstance(error, INTERRUPTS) else error
        _end(context, webex, cause, finished)
        # Without its own words and traceback, which stand redacted in run.log: Dagster's events are not redacted.
        raise failure(_told(context, verdict_of(cause, share.registered.folder), share)) from None
    for key in context.partition_keys:
        context.add_asset_metadata(finished.get(key, {"rows": 0}), partition_key=key)


def _end(
    context: dg.AssetExecutionContext, webex: WebexResource, error: BaseException, finished: Mapping[str, Counts]
) -> None:
    """A phase ends early: the summary is written, and Dagster learns which batches are finished all the same."""
    try:
        webex.close(error)
    finally:
        for key, counts in finished.items():
            context.log_event(dg.AssetMaterialization(context.asset_key, partition=key, metadata=counts))


def _told(context: dg.AssetExecutionContext, verdict: Verdict, share: _Share) -> Verdict:
    """The verdict with how far the run came, which `run_summary` shows as an observation; it has no other trace there.

    A run that was refused before it was opened has no summary of its own.
    """
    folder = RollOutFolder(share.registered.folder)
    try:
        summary = read_summary(folder)
    except WrongRequest:
        return verdict
    if summary["run_id"] != context.run.run_id:
        return verdict
    context.instance.add_run_tags(context.run.run_id, outcome_tags(summary["state"]))
    told = verdict._replace(rows=rows_told(summary))
    seen = {"what_happened": told.story, **standing(folder, summary)}
    context.log_event(dg.AssetObservation(RUN_SUMMARY, description=told.message, metadata=seen))
    return told


def _counts(report: BatchReport, roll_out: RollOut) -> Counts:
    """How a batch stands (rows = success + pending + not_reached, from the ledger) and what this run did in it."""
    states = roll_out.states(report.batch)
    reasons = Counter(state.reason.value for state in states if state is not None and state.reason is not None)
    return {
        "batch_id": report.batch.batch_id,
        "rows": report.rows,
        "success": sum(state is not None and state.reason is None for state in states),
        "pending": sum(reasons.values()),
        "not_reached": sum(state is None for state in states),
        "top_reasons": ", ".join(f"{reason} {count}" for reason, count in reasons.most_common(5)) or "none",
        "executed": report.rows - report.skipped,
        "skipped": report.skipped,
        "calls": report.calls,
        "retries": report.retries,
        "answered_429": report.rate_limited,
        "seconds": round(report.seconds, 3),
        "rows_per_minute": _a_minute(report.rows - report.skipped, report.seconds),
        "calls_per_minute": _a_minute(report.calls, report.seconds),
    }


def _a_minute(count: int, seconds: float) -> float:
    return round(60 * count / max(seconds, 0.001), 1)
