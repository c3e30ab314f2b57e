"""The asset `run_summary`: ends the roll-out of this run and shows how it stands."""

import json
from typing import Any

import dagster as dg

from webex_provision.assets.failures import EXPECTED, WrongRequest, failure_of
from webex_provision.assets.phases import NAMES
from webex_provision.assets.registry import RegisteredRollOut, divided_key, find, key_of_tags
from webex_provision.assets.resources import WebexResource
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.vocabulary import Phase, Reason

RUN_SUMMARY = dg.AssetKey("run_summary")


@dg.asset(
    key=RUN_SUMMARY,
    description="How the roll-out stands after this run: run_summary.json and row_errors.csv.",
    deps=[dg.AssetDep(NAMES[Phase.SERVICES], partition_mapping=dg.AllPartitionMapping())],
    group_name="roll_out",
    kinds={"json"},
)
def run_summary(context: dg.AssetExecutionContext, webex: WebexResource) -> dg.MaterializeResult[None]:
    """Closes the roll-out, which writes the summary; then reads it."""
    try:
        webex.close()
        registered = roll_out_of(context.run, context.instance)
        summary = read_summary(RollOutFolder(registered.folder))
    except EXPECTED as error:
        raise failure_of(error) from None
    counts = summary["counts"]
    return dg.MaterializeResult(
        metadata={
            "input_id": registered.manifest.input_id,
            "state": summary["state"],
            **{name: counts[name] for name in ("read", "rejected", "success", "pending", "not_reached")},
            "what_to_do": dg.MetadataValue.md(_remedies(counts["pending_by_reason"])),
            "calls": sum(family["sends"] for family in summary["calls"].values()),
            "token_owner": summary["token_owner"],
            "folder": dg.MetadataValue.path(registered.folder),
            "errors": dg.MetadataValue.path(RollOutFolder(registered.folder).row_errors),
        }
    )


def roll_out_of(run: dg.DagsterRun, instance: dg.DagsterInstance) -> RegisteredRollOut:
    """The roll-out whose batches a run was launched for; without batches, the one that was summarised last.

    Raises WrongRequest, LedgerError.
    """
    key = key_of_tags(run.tags)
    if key is not None:
        return find(instance, divided_key(key)[0])
    event = instance.get_latest_materialization_event(RUN_SUMMARY)
    found = event.asset_materialization.metadata.get("input_id") if event and event.asset_materialization else None
    if found is None:
        raise WrongRequest("no roll-out has been summarised yet; launch the job `provision`")
    return find(instance, str(found.value))


def read_summary(folder: RollOutFolder) -> dict[str, Any]:
    """run_summary.json. Raises WrongRequest when there is none."""
    try:
        summary: dict[str, Any] = json.loads(folder.summary.read_bytes())
    except (OSError, ValueError) as error:
        raise WrongRequest(f"{folder.summary} can't be read; launch a run of this roll-out, which writes it") from error
    return summary


def _remedies(pending: dict[str, int]) -> str:
    """The pending reasons with their remedies, as a table."""
    if not pending:
        return "Nothing: no row is pending."
    lines = [f"| {reason} | {count} | {Reason(reason).remedy} |" for reason, count in pending.items()]
    return "\n".join(["| reason | rows | what to do |", "|---|---|---|", *lines])
