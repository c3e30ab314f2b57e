"""A schedule that tries again, every night, the rows whose user the directory had not synchronised."""

from itertools import groupby
from typing import Any

import dagster as dg

from webex_provision.assets.console_logger import launch_config
from webex_provision.assets.failures import EXPECTED
from webex_provision.assets.going_on import JOB, OP
from webex_provision.assets.registry import BATCHES, RegisteredRollOut, divided_key, find
from webex_provision.assets.run_config import settings_from_environment
from webex_provision.assets.standing import read_summary
from webex_provision.config import Settings
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.runs import RunRecord, read_runs
from webex_provision.vocabulary import Reason, RunMode, RunState
from webex_provision.webex.organisation import organisation_uuid

SCHEDULE = "retry_user_not_found_nightly"
_CRON = "0 2 * * *"
_DESCRIPTION = """Every night at 02:00 UTC: retries the rows that wait for a user whom the directory had not yet synced
(user_not_found). Off until you switch it on.

Of the roll-outs of each file name it takes the one last used, if its last run ended as COMPLETED_WITH_PENDING on the
tenant that is configured now. Where nothing waits, the tick says so and starts nothing. Runs on one tenant go one after
the other."""


def nightly_schedule() -> dg.ScheduleDefinition:
    """The schedule `retry_user_not_found_nightly`; it is off until somebody switches it on."""

    @dg.schedule(
        name=SCHEDULE,
        cron_schedule=_CRON,
        execution_timezone="UTC",
        job_name=JOB,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=_DESCRIPTION,
    )
    def nightly(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        try:
            settings = settings_from_environment()
        except EXPECTED as error:
            return dg.SkipReason(str(error))
        asked, skipped = [], []
        for registered in _last_used(context.instance):
            why = _why_not(registered, settings)
            if why:
                skipped.append(f"{registered.manifest.input_id}: {why}")
            else:
                asked.append(_request(registered, f"{context.scheduled_execution_time:%Y-%m-%d}"))
        return asked or dg.SkipReason("; ".join(skipped) or "no roll-out is known yet: launch the job provision")

    return nightly


def _last_used(instance: dg.DagsterInstance) -> list[RegisteredRollOut]:
    """Of the roll-outs of each file name the one whose last run began last: a mended CSV replaces what it mends."""
    ids = sorted({divided_key(key)[0] for key in instance.get_dynamic_partitions(BATCHES.name or "")})
    known = []
    for input_id in ids:
        try:
            registered = find(instance, input_id)
            known.append((registered.manifest.csv_name, _last_run_of(registered), registered))
        except EXPECTED:  # its folder was moved away
            continue
    newest = sorted(known, key=lambda one: (one[0], one[1].started_at if one[1] else ""))
    return [list(same)[-1][2] for _, same in groupby(newest, key=lambda one: one[0])]


def _last_run_of(registered: RegisteredRollOut) -> RunRecord | None:
    records = read_runs(RollOutFolder(registered.folder)).records
    return records[-1] if records else None


def _why_not(registered: RegisteredRollOut, settings: Settings) -> str:
    """Why a roll-out is not retried; empty when it is."""
    last = _last_run_of(registered)
    if last is None or last.tenant != settings.webex_base_url or _another(last.org_id, settings.webex_org_id):
        return "its last run was on another tenant than the one that is configured"
    if last.state is not RunState.COMPLETED_WITH_PENDING:
        ended = f"ended as {last.state}" if last.state else "has not ended"
        return f"its last run {ended}" + ("" if last.state is RunState.COMPLETED else "; resume it first")
    try:
        counts: dict[str, Any] = read_summary(RollOutFolder(registered.folder))["counts"]
    except EXPECTED as error:
        return str(error)
    return "" if Reason.USER_NOT_FOUND.value in counts["pending_by_reason"] else "no row waits for a user"


def _another(known: str, expected: str) -> bool:
    """Whether an organisation is another than WEBEX_ORG_ID, where that is set."""
    return bool(expected) and organisation_uuid(known) != organisation_uuid(expected)


def _request(registered: RegisteredRollOut, night: str) -> dg.RunRequest:
    config = {
        "output_dir": str(registered.folder),
        "mode": RunMode.RETRY_PENDING.value,
        "reasons": [Reason.USER_NOT_FOUND.value],
    }
    key = f"{registered.manifest.input_id}-{night}"
    return dg.RunRequest(run_key=key, run_config={"ops": {OP: {"config": config}}, **launch_config()})
