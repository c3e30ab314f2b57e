"""The three jobs. `intake` and `provision_batches` run assets; `provision` runs both, one after the other.

Keys have to exist before a run over their range is created, so one run can't do it all: `provision` is one op that
executes the two others as child runs, in this process, on the same instance.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import dagster as dg

from webex_provision.assets.checks import VERIFY_TAG
from webex_provision.assets.console_logger import launch_config
from webex_provision.assets.dead_runs import process_tags
from webex_provision.assets.failure_event import how_to_go_on
from webex_provision.assets.failures import EXPECTED, Verdict, WrongRequest, failure, failure_of, verdict_in
from webex_provision.assets.going_on import JOB, LAUNCHPAD_CSV, OP
from webex_provision.assets.intake import READY, REJECTED
from webex_provision.assets.phases import NAMES
from webex_provision.assets.registry import RANGE_END_TAG, RANGE_START_TAG, RegisteredRollOut, find, register
from webex_provision.assets.run_config import (
    IntakeConfig,
    ProvisionConfig,
    phases_of,
    refuse_other_content,
    selection_of,
)
from webex_provision.assets.standing import RUN_SUMMARY, read_summary, rows_told
from webex_provision.assets.tags import PARENT_TAG, outcome_tags, roll_out_tags
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.vocabulary import ExitCode, Phase, RunMode

INTAKE_JOB, BATCHES_JOB, PROVISION_JOB, PROVISION_OP = "intake", "provision_batches", JOB, OP
REPOSITORY_TAG = ".dagster/repository"
REPOSITORY = "__repository__@webex_provision.definitions"
TENANT_TAG = "webex_provision/tenant"
INTAKE_OP = "intake_rows"
_BATCHES_DESCRIPTION = """The three phases and the summary, over batches of one CSV that the job intake has registered.

Choose a partition (a batch), or launch a backfill of several from the graph. For a whole CSV, launch `provision`."""
_PROVISION_DESCRIPTION = """A whole roll-out: judges the CSV, runs the three phases in order, and summarises.

In the *Launchpad* give `csv_path` (a new CSV, or the same one to go on), or `output_dir` of a roll-out with a `mode`:
`resume`, `retry_pending` or `replay`. Token and tenant come from the environment, never from here.

It runs `intake` and `provision_batches` as runs of their own: the phases' progress is in the latter. The asset
`run_summary` then says how the roll-out stands, and what to do."""
QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}


def tenant_tags() -> dict[str, str]:
    """The tag by which the run queue lets one run at a time near a tenant, or near the token of TOKEN_SLOT."""
    slot = os.environ.get("TOKEN_SLOT", "")
    return {TENANT_TAG: slot_tag(slot) if slot.isdigit() else _tenant()}


def slot_tag(slot: int | str) -> str:
    """The value of TENANT_TAG for runs on one token: the queue lets them run beside those on other tokens."""
    return f"{_tenant()}#{slot}"


def tenant_of(tags: Mapping[str, str]) -> str:
    """The tenant that these tags name, whichever the token."""
    return tags.get(TENANT_TAG, "").partition("#")[0]


def _tenant() -> str:
    """The host of WEBEX_BASE_URL."""
    return urlsplit(os.environ.get("WEBEX_BASE_URL", "")).netloc or "unknown"


def _launchpad_config(op: str, config: type[dg.Config]) -> dict[str, Any]:
    """What the Launchpad opens with: the CSV that LAUNCHPAD_CSV names, if it is set, and the defaults."""
    defaults = config.model_construct(csv_path=os.environ.get(LAUNCHPAD_CSV, ""))
    return {"ops": {op: {"config": defaults.model_dump(mode="json")}}}


def asset_jobs() -> list[Any]:
    """The jobs `intake` and `provision_batches`."""
    return [
        dg.define_asset_job(
            INTAKE_JOB,
            selection=dg.AssetSelection.assets(READY, REJECTED),
            description="Judges a CSV: divides its rows into ready and rejected ones. Sends nothing to Webex.",
            config=_launchpad_config(INTAKE_OP, IntakeConfig) if os.environ.get(LAUNCHPAD_CSV) else None,
        ),
        dg.define_asset_job(
            BATCHES_JOB,
            selection=dg.AssetSelection.assets(*NAMES.values(), RUN_SUMMARY),
            description=_BATCHES_DESCRIPTION,
            config=launch_config() or None,
            tags=tenant_tags(),
        ),
    ]


def provision_job(children: dg.Definitions) -> dg.JobDefinition:
    """The job `provision`; `children` holds the two jobs that it runs."""

    @dg.op(name=PROVISION_OP, description="Runs the job intake, then provision_batches over all batches of the input.")
    def roll_out(context: dg.OpExecutionContext, config: ProvisionConfig) -> None:
        context.instance.add_run_tags(context.run.run_id, process_tags())
        try:
            phases = phases_of(config.phases)
            selection_of(config.types, config.reasons, RunMode(config.mode.value))
            registered = _registered(context, children, config)
        except EXPECTED as error:
            raise failure_of(error) from None
        context.instance.add_run_tags(context.run.run_id, roll_out_tags(registered))
        _run_batches(context, children, config, registered, phases)
        _tell_the_end(context, registered)

    @dg.job(
        name=PROVISION_JOB,
        description=_PROVISION_DESCRIPTION,
        tags=tenant_tags(),
        config={**_launchpad_config(PROVISION_OP, ProvisionConfig), **launch_config()},
        executor_def=dg.in_process_executor,
        hooks={how_to_go_on},
    )
    def provision() -> None:
        roll_out()

    return provision


def _registered(context: dg.OpExecutionContext, children: dg.Definitions, config: ProvisionConfig) -> RegisteredRollOut:
    if not config.csv_path:
        if not config.output_dir:
            raise WrongRequest("name a CSV (csv_path), or the folder of a roll-out to go on with (output_dir)")
        return register(context.instance, Path(config.output_dir))
    refuse_other_content(config)
    intake = {"csv_path": config.csv_path, "output_dir": config.output_dir}
    result = _execute(context, children, INTAKE_JOB, {"ops": {INTAKE_OP: {"config": intake}}})
    for event in result.all_events:
        if event.is_step_materialization and event.asset_key == READY:
            found = event.step_materialization_data.materialization.metadata["input_id"]
            return find(context.instance, str(found.value))
    raise WrongRequest("the intake has left no trace of its input")


def _run_batches(
    context: dg.OpExecutionContext,
    children: dg.Definitions,
    config: ProvisionConfig,
    registered: RegisteredRollOut,
    phases: Sequence[Phase],
) -> None:
    keys = registered.keys
    chosen = [dg.AssetKey(NAMES[phase]) for phase in phases]
    webex = {
        "mode": config.mode.value,
        "types": config.types,
        "reasons": config.reasons,
        "token_slot": config.token_slot,
    }
    verify = config.verify or context.run.tags.get(VERIFY_TAG) == "true"
    asked = {VERIFY_TAG: "true"} if verify else {}
    _execute(
        context,
        children,
        BATCHES_JOB,
        {"resources": {"webex": {"config": webex}}},
        tags={RANGE_START_TAG: keys[0], RANGE_END_TAG: keys[-1], **asked},
        assets=[*chosen, RUN_SUMMARY] if len(chosen) < len(Phase) else None,
    )


def _tell_the_end(context: dg.OpExecutionContext, registered: RegisteredRollOut) -> None:
    """How the roll-out stands, with the ways to its parts, for whoever looks at this run alone."""
    folder = RollOutFolder(registered.folder)
    try:
        summary = read_summary(folder)
    except EXPECTED as error:
        raise failure_of(error) from None
    context.instance.add_run_tags(context.run.run_id, outcome_tags(summary["state"]))
    context.log.info(f"{summary['state']}: {rows_told(summary)}")
    context.add_output_metadata(
        {
            "state": summary["state"],
            "rows": rows_told(summary),
            "what to do": dg.MetadataValue.asset(RUN_SUMMARY),
            "run of the phases": dg.MetadataValue.dagster_run(summary["run_id"]),
            "csv": dg.MetadataValue.path(registered.manifest.csv_path),
            "folder": dg.MetadataValue.path(folder.root),
        }
    )


def _execute(
    context: dg.OpExecutionContext,
    children: dg.Definitions,
    job: str,
    run_config: dict[str, object],
    *,
    tags: dict[str, str] | None = None,
    assets: Sequence[dg.AssetKey] | None = None,
) -> dg.ExecuteInProcessResult:
    """A child run, seen in the UI under its own job. Raises Failure with the child's verdict when it fails."""
    mine = context.run
    origin = mine.tags.get(REPOSITORY_TAG, REPOSITORY)
    loggers = mine.run_config.get("loggers")
    run_id = str(uuid4())
    context.log.info(f"the run {run_id} of {job} begins")
    result = children.resolve_job_def(job).execute_in_process(
        run_config={**run_config, **({"loggers": loggers} if loggers else {})},
        instance=context.instance,
        tags={REPOSITORY_TAG: origin, PARENT_TAG: context.run.run_id, **process_tags(), **(tags or {})},
        asset_selection=assets,
        raise_on_error=False,
        run_id=run_id,
    )
    context.log.info(f"the run {run_id} of {job} has {'succeeded' if result.success else 'failed'}")
    if not result.success:
        unknown = Verdict(f"the run {run_id} of {job} ended without a word", None, ExitCode.UNEXPECTED)
        raise failure(verdict_in(result.all_events) or unknown)
    return result
