"""The asset `run_summary`: ends the roll-out of this run and shows how it stands."""

import dagster as dg

from webex_provision.assets.failure_event import how_to_go_on
from webex_provision.assets.failures import EXPECTED, WrongRequest, failure_of
from webex_provision.assets.phases import NAMES
from webex_provision.assets.registry import RegisteredRollOut, divided_key, find, key_of_tags
from webex_provision.assets.resources import WebexResource
from webex_provision.assets.shown import GROUP, OWNERS
from webex_provision.assets.standing import RUN_SUMMARY, read_summary, standing
from webex_provision.assets.tags import PARENT_TAG, outcome_tags
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.vocabulary import Phase

_DESCRIPTION = """How the roll-out stands: rows that are success, pending, rejected (never sent) or not reached yet.

What the pending ones wait for, and what to do about it, stands in *what_to_do*.

The figures below are those of the last run; *Plots* shows them over the runs. The checks say whether every row is
accounted for. For a page to mail, type `webex-provision report`."""


@dg.asset(
    key=RUN_SUMMARY,
    description=_DESCRIPTION,
    deps=[dg.AssetDep(NAMES[Phase.SERVICES], partition_mapping=dg.AllPartitionMapping())],
    group_name=GROUP,
    owners=OWNERS,
    kinds={"json", "csv"},
    hooks={how_to_go_on},
)
def run_summary(context: dg.AssetExecutionContext, webex: WebexResource) -> dg.MaterializeResult[None]:
    """Closes the roll-out, which writes the summary; then reads it."""
    try:
        webex.close()
        registered = roll_out_of(context.run, context.instance)
        folder = RollOutFolder(registered.folder)
        summary = read_summary(folder)
    except EXPECTED as error:
        raise failure_of(error) from None
    context.instance.add_run_tags(context.run.run_id, outcome_tags(summary["state"]))
    parent = context.run.tags.get(PARENT_TAG)
    launched_by = {"launched_by": dg.MetadataValue.dagster_run(parent)} if parent else {}
    return dg.MaterializeResult(metadata={**standing(folder, summary), **launched_by})


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
