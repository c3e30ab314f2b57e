"""The three jobs. `intake` and `provision_batches` run assets; `provision` runs both, one after the other.

Keys have to exist before a run over their range is created, so one run can't do it all: `provision` is one op that
executes the two others as child runs, in this process, on the same instance.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dagster as dg

from webex_provision.assets.checks import VERIFY_TAG
from webex_provision.assets.dead_runs import process_tags
from webex_provision.assets.failures import EXPECTED, Verdict, WrongRequest, failure, failure_of, verdict_in
from webex_provision.assets.intake import READY, REJECTED
from webex_provision.assets.phases import NAMES
from webex_provision.assets.registry import RANGE_END_TAG, RANGE_START_TAG, RegisteredRollOut, find, register
from webex_provision.assets.report import RUN_SUMMARY
from webex_provision.assets.run_config import ProvisionConfig, phases_of, selection_of
from webex_provision.vocabulary import ExitCode, Phase, RunMode

INTAKE_JOB, BATCHES_JOB, PROVISION_JOB, PROVISION_OP = "intake", "provision_batches", "provision", "roll_out"
REPOSITORY_TAG = ".dagster/repository"
REPOSITORY = "__repository__@webex_provision.definitions"
PARENT_TAG = "webex_provision/launched_by"
TENANT_TAG = "webex_provision/tenant"
QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}


def tenant_tags() -> dict[str, str]:
    """The tag by which the run queue lets one run at a time near a tenant: the host of WEBEX_BASE_URL."""
    return {TENANT_TAG: urlsplit(os.environ.get("WEBEX_BASE_URL", "")).netloc or "unknown"}


def asset_jobs() -> list[Any]:
    """The jobs `intake` and `provision_batches`."""
    return [
        dg.define_asset_job(
            INTAKE_JOB,
            selection=dg.AssetSelection.assets(READY, REJECTED),
            description="Judges a CSV, divides its rows, registers its batches. Sends nothing.",
        ),
        dg.define_asset_job(
            BATCHES_JOB,
            selection=dg.AssetSelection.assets(*NAMES.values(), RUN_SUMMARY),
            description="Runs the three phases and the summary over batches of ONE input.",
            tags=tenant_tags(),
        ),
    ]


def provision_job(children: dg.Definitions) -> dg.JobDefinition:
    """The job `provision`; `children` holds the two jobs that it runs."""

    @dg.op(name=PROVISION_OP, description="Runs `intake`, then `provision_batches` over all batches of the input.")
    def roll_out(context: dg.OpExecutionContext, config: ProvisionConfig) -> None:
        context.instance.add_run_tags(context.run.run_id, process_tags())
        try:
            phases = phases_of(config.phases)
            selection_of(config.types, config.reasons, RunMode(config.mode.value))
            registered = _registered(context, children, config)
        except EXPECTED as error:
            raise failure_of(error) from None
        _run_batches(context, children, config, registered, phases)

    @dg.job(
        name=PROVISION_JOB,
        description="A whole roll-out in one command: a CSV, or a folder to go on with.",
        tags=tenant_tags(),
        executor_def=dg.in_process_executor,
    )
    def provision() -> None:
        roll_out()

    return provision


def _registered(context: dg.OpExecutionContext, children: dg.Definitions, config: ProvisionConfig) -> RegisteredRollOut:
    if not config.csv_path:
        if not config.output_dir:
            raise WrongRequest("name a CSV (csv_path), or the folder of a roll-out to go on with (output_dir)")
        return register(context.instance, Path(config.output_dir))
    intake = {"csv_path": config.csv_path, "output_dir": config.output_dir}
    result = _execute(context, children, INTAKE_JOB, {"ops": {"intake_rows": {"config": intake}}})
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
    webex = {"mode": config.mode.value, "types": config.types, "reasons": config.reasons}
    asked = {name: value for name, value in context.run.tags.items() if name == VERIFY_TAG}
    _execute(
        context,
        children,
        BATCHES_JOB,
        {"resources": {"webex": {"config": webex}}},
        tags={RANGE_START_TAG: keys[0], RANGE_END_TAG: keys[-1], **asked},
        assets=[*chosen, RUN_SUMMARY] if len(chosen) < len(Phase) else None,
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
    result = children.resolve_job_def(job).execute_in_process(
        run_config={**run_config, **({"loggers": loggers} if loggers else {})},
        instance=context.instance,
        tags={REPOSITORY_TAG: origin, PARENT_TAG: context.run.run_id, **process_tags(), **(tags or {})},
        asset_selection=assets,
        raise_on_error=False,
    )
    context.log.info(f"child run {result.run_id} of {job}: {'success' if result.success else 'failure'}")
    if not result.success:
        unknown = Verdict(f"the run {result.run_id} of {job} ended without a word", None, ExitCode.UNEXPECTED)
        raise failure(verdict_in(result.all_events) or unknown)
    return result
