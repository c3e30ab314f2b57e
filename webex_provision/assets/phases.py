"""The assets of the three phases, partitioned by batch: one run covers a whole range of batches, phase after phase."""

import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from webex_provision.assets.dead_runs import process_tags
from webex_provision.assets.failures import EXPECTED, INTERRUPTED, INTERRUPTS, failure_of, verdict_of
from webex_provision.assets.registry import BATCHES, RegisteredRollOut, batch_key, find, one_input
from webex_provision.assets.resources import WebexResource, tell_dagster
from webex_provision.engine.batch_report import BatchReport
from webex_provision.engine.rollout import RollOut
from webex_provision.vocabulary import Phase

NAMES: dict[Phase, str] = {
    Phase.ROUTING: "phase_1_routing",
    Phase.USERS: "phase_2_users",
    Phase.SERVICES: "phase_3_services",
}
_WHAT: dict[Phase, str] = {
    Phase.ROUTING: "Locations, numbers, trunks, route groups and lists, dial plans.",
    Phase.USERS: "Calling settings and numbers of users and workspaces.",
    Phase.SERVICES: "Extensions, groups, queues, hunt groups, attendants, devices, removals.",
}
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
            description=_WHAT[phase],
            deps=[dep],
            partitions_def=BATCHES,
            backfill_policy=dg.BackfillPolicy.single_run(),
            group_name="roll_out",
            kinds={"webex"},
        )
        def run_batches(context: dg.AssetExecutionContext, webex: WebexResource) -> None:
            context.instance.add_run_tags(context.run.run_id, process_tags())
            try:
                input_id, numbers = one_input(context.partition_keys)
                share = _Share(phase, find(context.instance, input_id), numbers)
            except EXPECTED as error:
                tell_dagster(context.log, str(error))
                raise failure_of(error) from None
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
        verdict = INTERRUPTED if isinstance(error, INTERRUPTS) else error
        _end(context, webex, verdict, finished)
        # Without its own words and traceback, which stand redacted in run.log: Dagster's events are not redacted.
        raise failure_of(verdict, share.registered.folder) from None
    for key in context.partition_keys:
        context.add_asset_metadata(finished.get(key, {"rows": 0}), partition_key=key)


def _end(
    context: dg.AssetExecutionContext, webex: WebexResource, error: BaseException, finished: Mapping[str, Counts]
) -> None:
    """A phase ends early: the summary is written, and Dagster learns which batches are finished all the same."""
    tell_dagster(context.log, verdict_of(error).message)
    try:
        webex.close(error)
    finally:
        for key, counts in finished.items():
            context.log_event(dg.AssetMaterialization(context.asset_key, partition=key, metadata=counts))


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
        "rate_limited": report.rate_limited,
        "seconds": round(report.seconds, 3),
    }
