"""Goes on with roll-outs whose worker was killed: off until somebody switches it on.

A run counts as killed when it is marked as failed (by `dead_runs`, or by Dagster's own run monitoring, which also ends
one that was launched and has not begun) and no step of it has: whoever stops on purpose, or meets an error, says so in
a step. Asked for is a run in the mode `resume`, so nothing is done twice, on whatever machine it comes to execute; the
locks settle who may.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from webex_provision.assets.console_logger import launch_config
from webex_provision.assets.dead_runs import end_dead_runs
from webex_provision.assets.failures import WrongRequest
from webex_provision.assets.jobs import BATCHES_JOB, PROVISION_JOB, PROVISION_OP, TENANT_TAG, tenant_of, tenant_tags
from webex_provision.assets.registry import divided_key, find, key_of_tags
from webex_provision.assets.sensors import BYTES_TAG, CONTENT_TAG, FILE_TAG
from webex_provision.assets.tags import PARENT_TAG, UNSEEN
from webex_provision.ledger.errors import LedgerError
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.vocabulary import RunMode

RESUMES_TAG = "webex_provision/automatic_resumes"
RUN_KEY_TAG = "dagster/run_key"
RECORDED_TAG = f"{UNSEEN}recorded_before"
MOST_RESUMES = 3
MOST_RUNS = 50
_RECENT = timedelta(days=1)
_KEPT = {TENANT_TAG, CONTENT_TAG, FILE_TAG, BYTES_TAG}


def resume_dead_runs_sensor() -> dg.SensorDefinition:
    """The sensor `resume_dead_runs`; each killed run is gone on with once, by a run key."""

    @dg.sensor(
        name="resume_dead_runs",
        job_name=PROVISION_JOB,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=f"Goes on with roll-outs whose worker was killed, {MOST_RESUMES} times at most without progress. "
        f"Off until you switch it on.",
    )
    def resume_dead_runs(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        end_dead_runs(context.instance)
        yield from resumes(context.instance)

    return resume_dead_runs


def resumes(instance: dg.DagsterInstance) -> list[dg.RunRequest | dg.SkipReason]:
    """A request for each killed run of the last day near this environment's tenant, or why there is none."""
    recent = dg.RunsFilter(
        job_name=PROVISION_JOB, statuses=[dg.DagsterRunStatus.FAILURE], updated_after=datetime.now(UTC) - _RECENT
    )
    killed = [run for run in instance.get_runs(filters=recent, limit=MOST_RUNS) if _was_killed(run, instance)]
    found = [_request(run, instance) for run in killed]
    requests = [one for one in found if isinstance(one, dg.RunRequest)]
    return [*requests] or found[:1] or [dg.SkipReason("no worker was killed")]


def _was_killed(run: dg.DagsterRun, instance: dg.DagsterInstance) -> bool:
    """Whether it was near our tenant, nothing in it has said how it ended, and no code server resumes it."""
    if tenant_of(run.tags) != tenant_of(tenant_tags()):
        return False
    if instance.get_runs(filters=dg.RunsFilter(tags={RUN_KEY_TAG: _key_of(run)}), limit=1):
        return False
    return not instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)


def _request(run: dg.DagsterRun, instance: dg.DagsterInstance) -> dg.RunRequest | dg.SkipReason:
    folder = _folder_of(run, instance)
    recorded = _recorded(folder)
    progress = recorded > int(run.tags.get(RECORDED_TAG, recorded))
    count = 1 if progress else int(run.tags.get(RESUMES_TAG, 0)) + 1
    if count > MOST_RESUMES:
        return dg.SkipReason(
            f"{folder or run.run_id}: killed after {MOST_RESUMES} automatic resumes without progress; read run.log, "
            f"then resume it by hand"
        )
    counted = {RESUMES_TAG: str(count), RECORDED_TAG: str(recorded)}
    return dg.RunRequest(
        run_key=_key_of(run),
        run_config={"ops": {PROVISION_OP: {"config": _config(run, folder)}}, **launch_config()},
        # In the same lane of the queue, and for the inbox a run of the same content.
        tags={**{name: value for name, value in run.tags.items() if name in _KEPT}, **counted},
    )


def _key_of(run: dg.DagsterRun) -> str:
    return f"resume-{run.run_id}"


def _config(run: dg.DagsterRun, folder: Path | None) -> dict[str, Any]:
    """What was asked for, in the mode `resume`: a retry or replay that was killed is gone on with by it."""
    asked: Any = run.run_config.get("ops", {})
    config: dict[str, Any] = asked.get(PROVISION_OP, {}).get("config", {})
    config = config | {"mode": RunMode.RESUME.value, "reasons": []}
    if folder is not None:  # its input has done its part, and may have been moved meanwhile
        config |= {"csv_path": "", "output_dir": str(folder)}
    return config


def _folder_of(run: dg.DagsterRun, instance: dg.DagsterInstance) -> Path | None:
    """The roll-out's folder; None when the run was killed before it had one."""
    children = instance.get_runs(filters=dg.RunsFilter(job_name=BATCHES_JOB, tags={PARENT_TAG: run.run_id}), limit=1)
    key = key_of_tags(children[0].tags) if children else None
    try:
        return find(instance, divided_key(key)[0]).folder if key is not None else None
    except (WrongRequest, LedgerError):
        return None


def _recorded(folder: Path | None) -> int:
    """Bytes of records: any row's record is progress."""
    if folder is None:
        return 0
    try:
        return RollOutFolder(folder).results.stat().st_size
    except OSError:
        return 0
