"""The promises that a person would ask for after a run, read from the ledger: nothing here trusts the summary alone."""

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

import dagster as dg
import polars as pl

from webex_provision.assets.failures import EXPECTED, failure_of
from webex_provision.assets.going_on import advice, command
from webex_provision.assets.phases import NAMES, phases_of_run
from webex_provision.assets.registry import (
    PARTITION_TAG,
    RANGE_END_TAG,
    RANGE_START_TAG,
    RegisteredRollOut,
    batch_key,
)
from webex_provision.assets.report import roll_out_of
from webex_provision.assets.run_config import settings_from_environment
from webex_provision.assets.shown import literal, table
from webex_provision.assets.standing import RUN_SUMMARY, read_summary
from webex_provision.clock import Clock
from webex_provision.engine.errors import StopRun
from webex_provision.engine.verification import verify
from webex_provision.ledger.checkpoint import Checkpoint, why_ahead
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.manifest import read_document
from webex_provision.ledger.ready_rows import load_ready
from webex_provision.ledger.records import RESULTS_COLUMNS, cell, plain
from webex_provision.ledger.states import LastState, read_results
from webex_provision.vocabulary import Phase, Reason, RowStatus, RunMode
from webex_provision.webex.errors import WebexError

PENDING_SHARE = 0.10  # more than that in pending rows deserves a look at the commonest reason
_SHOWN = 10

EVERY_ROW = "every_row_terminal"
NO_KEY_TWICE = "no_key_created_twice"
PENDING = "pending_below_threshold"
CHECKPOINT = "checkpoint_equals_ledger"
TENANT = "tenant_as_recorded"
VERIFY_TAG = "webex_provision/verify"
_MOST_DIFFERENCES = 100
_SPECS: Mapping[str, str] = {
    EVERY_ROW: "Every accepted row has a final state: `success` or `pending`. Where one has none, resume.",
    NO_KEY_TWICE: "No key (a user's email, a hunt group's name …) has ever had two different objects in the tenant.",
    PENDING: f"At most {PENDING_SHARE:.0%} of the accepted rows are `pending`; more deserve a look.",
    CHECKPOINT: "`checkpoint.json`, `results.csv`, `run_summary.json` and Dagster's own history say the same.",
}
_TENANT_DESCRIPTION = f"""The tenant is as the roll-out left it. *Skipped* unless it is asked for, for it costs calls:
launch `provision` with `verify: true`, give any other run the tag `{VERIFY_TAG}: true`, or type
`webex-provision verify`."""


@dataclass
class _Ledger:
    """What the files of a roll-out say, read without a lock."""

    registered: RegisteredRollOut
    folder: RollOutFolder
    ready: pl.DataFrame
    states: dict[str, LastState] = field(default_factory=dict)
    commits: int = 0
    objects: dict[tuple[str, str], set[str]] = field(default_factory=dict)


@dg.multi_asset_check(
    name="ledger_promises",
    specs=[dg.AssetCheckSpec(name, asset=RUN_SUMMARY, description=text) for name, text in _SPECS.items()],
)
def ledger_promises(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    """Reads the ledger once and judges it four times."""
    try:
        ledger = _read(roll_out_of(context.run, context.instance))
        results = [
            _every_row(ledger, whole=_is_whole(context.run, ledger.registered)),
            _no_key_twice(ledger),
            _pending(ledger),
            _checkpoint(ledger, context.instance),
        ]
    except EXPECTED as error:
        raise failure_of(error) from None
    yield from results


@dg.multi_asset_check(
    name="tenant_promise",
    specs=[dg.AssetCheckSpec(TENANT, asset=RUN_SUMMARY, description=_TENANT_DESCRIPTION)],
    can_subset=True,
)
def tenant_promise(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
    """Reads the tenant back when the run has the tag `webex_provision/verify: true`; else it says nothing."""
    if context.run.tags.get(VERIFY_TAG) != "true":
        context.log.info(f"{TENANT} was not asked for: {_TENANT_DESCRIPTION}")
        return
    try:
        folder = RollOutFolder(roll_out_of(context.run, context.instance).folder)
    except EXPECTED as error:
        raise failure_of(error) from None
    try:
        verification = verify(folder, settings_from_environment(), Clock())
    except (StopRun, WebexError) as error:
        # The roll-out itself has ended well, or has said why not.
        yield dg.AssetCheckResult(
            check_name=TENANT,
            asset_key=RUN_SUMMARY,
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"The tenant could not be read back: {literal(str(error))} To try again, type "
            f"`{command(folder.root, 'verify')}`.",
        )
        return
    except EXPECTED as error:
        raise failure_of(error) from None
    differences = verification.differences
    rows = len({difference.row_id for difference in differences})
    yield dg.AssetCheckResult(
        check_name=TENANT,
        asset_key=RUN_SUMMARY,
        passed=not differences,
        description=f"{rows} of {verification.rows} success rows differ from the tenant. To bring it back to what the "
        f"CSV says, {advice(folder.root, RunMode.REPLAY)}."
        if differences
        else "Everything that was recorded is there.",
        metadata={
            "rows": verification.rows,
            "calls": verification.calls,
            "differences": table((asdict(one) for one in differences), most=_MOST_DIFFERENCES),
        },
    )


def _read(registered: RegisteredRollOut) -> _Ledger:
    folder = RollOutFolder(registered.folder)
    ledger = _Ledger(registered, folder, load_ready(folder, sum(registered.manifest.rows.values())))
    if folder.results.exists():
        key_column = RESULTS_COLUMNS.index("entity_key")
        for record, row, state in read_results(folder.results):
            ledger.states[row] = state
            ledger.commits += 1
            if state.remote_id:
                key = (state.entity_type, plain(record.fields[key_column]))
                ledger.objects.setdefault(key, set()).add(state.remote_id)
    return ledger


def _is_whole(run: dg.DagsterRun, registered: RegisteredRollOut) -> bool:
    """Whether the run covers all batches and phases, so that no row may be left without a state."""
    first, last = registered.keys[0], registered.keys[-1]
    single = run.tags.get(PARTITION_TAG) == first == last
    ranged = run.tags.get(RANGE_START_TAG) == first and run.tags.get(RANGE_END_TAG) == last
    return (single or ranged) and phases_of_run(run) == tuple(Phase)


def _every_row(ledger: _Ledger, *, whole: bool) -> dg.AssetCheckResult:
    row_ids = ledger.ready.get_column("row_id").to_list()
    waiting = [row_id for row_id in row_ids if cell(row_id) not in ledger.states]
    told = f"{len(waiting)} of {len(row_ids)} rows have no state yet (first: {literal(', '.join(waiting[:_SHOWN]))})."
    return dg.AssetCheckResult(
        check_name=EVERY_ROW,
        passed=not waiting,
        severity=dg.AssetCheckSeverity.ERROR if whole else dg.AssetCheckSeverity.WARN,
        description=f"{told} To go on, {advice(ledger.folder.root)}." if waiting else "Every row has its state.",
        metadata={"rows": len(row_ids), "without_state": len(waiting)},
    )


def _no_key_twice(ledger: _Ledger) -> dg.AssetCheckResult:
    twice = {f"{kind} {key}": sorted(ids) for (kind, key), ids in ledger.objects.items() if len(ids) > 1}
    return dg.AssetCheckResult(
        check_name=NO_KEY_TWICE,
        passed=not twice,
        description=(
            f"{len(twice)} keys have had more than one object in the tenant: "
            f"{literal(', '.join(list(twice)[:_SHOWN]))}. Look for the older one of each in Control Hub by its id "
            f"(below), and delete what nobody uses; `webex-provision show <key> --output-dir "
            f"{shlex.quote(str(ledger.folder.root))}` tells a key's story."
            if twice
            else "Every key has one object."
        ),
        metadata={
            "keys": len(ledger.objects),
            "twice": table({"key": key, "ids": ", ".join(ids)} for key, ids in twice.items()),
        },
    )


def _pending(ledger: _Ledger) -> dg.AssetCheckResult:
    states = ledger.states.values()
    reasons = Counter(state.reason.value for state in states if state.status is RowStatus.PENDING and state.reason)
    pending, rows = sum(reasons.values()), ledger.ready.height
    share = pending / rows if rows else 0.0
    return dg.AssetCheckResult(
        check_name=PENDING,
        passed=share <= PENDING_SHARE,
        severity=dg.AssetCheckSeverity.WARN,
        description=_pending_told(ledger.folder, pending, rows, reasons),
        metadata={
            "pending": pending,
            "percent": round(100 * share, 1),
            "by_reason": table(
                {"reason": reason, "rows": count, "what to do": Reason(reason).remedy}
                for reason, count in reasons.most_common()
            ),
            "row_errors.csv": dg.MetadataValue.path(ledger.folder.row_errors),
        },
    )


def _pending_told(folder: RollOutFolder, pending: int, rows: int, reasons: Counter[str]) -> str:
    told = f"{pending} of {rows} rows are pending."
    if not reasons:
        return told
    reason, count = reasons.most_common(1)[0]
    told = f"{told} The commonest reason, of {count}, is `{reason}`: {Reason(reason).remedy}"
    if not Reason(reason).may_be_retried:
        return told
    return f"{told} To retry, {advice(folder.root, RunMode.RETRY_PENDING, [reason])}."


def _checkpoint(ledger: _Ledger, instance: dg.DagsterInstance) -> dg.AssetCheckResult:
    wrong = _against_files(ledger, instance)
    unlike = _against_history(ledger, instance)
    return dg.AssetCheckResult(
        check_name=CHECKPOINT,
        passed=not wrong and not unlike,
        severity=dg.AssetCheckSeverity.ERROR if wrong else dg.AssetCheckSeverity.WARN,
        description=_checkpoint_told(ledger.folder, wrong, unlike),
        metadata={"commits": ledger.commits, "differences": len(wrong) + len(unlike)},
    )


def _checkpoint_told(folder: RollOutFolder, wrong: list[str], unlike: list[str]) -> str:
    if not wrong and not unlike:
        return "They agree."
    mends = f"The ledger, results.csv, is the truth; a run that ends mends the others: {advice(folder.root)}."
    damaged = f" Where a file is damaged, `{command(folder.root, 'repair')}` comes first." if wrong else ""
    return f"{'; '.join([*wrong, *unlike])}. {mends}{damaged}"


def _against_files(ledger: _Ledger, instance: dg.DagsterInstance) -> list[str]:
    """In what the checkpoint differs from the ledger, the summary and Dagster's runs."""
    checkpoint = read_document(ledger.folder.checkpoint, Checkpoint)
    if checkpoint is None:
        return ["checkpoint.json is missing"]
    summary = read_summary(ledger.folder)
    told = checkpoint.state.value if checkpoint.state else "running"
    found = {
        f"the checkpoint is ahead of the ledger: {why_ahead(checkpoint, ledger.states, ledger.commits)}": bool(
            why_ahead(checkpoint, ledger.states, ledger.commits)
        ),
        f"the checkpoint knows {checkpoint.commits} commits, results.csv holds {ledger.commits}": (
            checkpoint.commits != ledger.commits
        ),
        f"the checkpoint says {told}, the summary {summary['state']}": told != summary["state"],
        f"the checkpoint is of run {checkpoint.dagster_run_id}, the summary of {summary['run_id']}": (
            checkpoint.dagster_run_id != summary["run_id"]
        ),
        f"Dagster knows no run {checkpoint.dagster_run_id}": not instance.has_run(checkpoint.dagster_run_id),
    }
    return [text for text, differs in found.items() if differs]


def _against_history(ledger: _Ledger, instance: dg.DagsterInstance) -> list[str]:
    """Batches of which the ledger and Dagster's materialisations tell different things."""
    unlike: list[str] = []
    complete = _complete_batches(ledger)
    for phase, name in NAMES.items():
        shown = instance.get_materialized_partitions(dg.AssetKey(name))
        done = {key for (number, key), whole in complete.items() if number is phase and whole}
        open_ = {key for (number, key), whole in complete.items() if number is phase and not whole}
        if missing := sorted(done - shown):
            unlike.append(f"{name}: done and not in Dagster's history: {', '.join(missing[:_SHOWN])}; backfill them")
        if early := sorted(open_ & shown):
            unlike.append(f"{name}: in Dagster's history with rows not reached: {', '.join(early[:_SHOWN])}; resume")
    return unlike


def _complete_batches(ledger: _Ledger) -> dict[tuple[Phase, str], bool]:
    """Each batch that holds rows, and whether all of them have a state."""
    manifest = ledger.registered.manifest
    complete: dict[tuple[Phase, str], bool] = {}
    for row_id, phase, position in ledger.ready.select("row_id", "phase", "position").iter_rows():
        batch = (Phase(phase), batch_key(manifest.input_id, (position - 1) // manifest.batch_size + 1))
        complete[batch] = complete.get(batch, True) and cell(row_id) in ledger.states
    return complete
