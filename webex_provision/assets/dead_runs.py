"""Runs whose process was killed: Dagster would show them as running for ever, and its queue would wait for them.

Every run notes its process; whoever comes next, or the sensor `dead_runs` under the daemon, ends those whose process
is gone. What such a run has done stands in the ledger, and a resume goes on from there.
"""

import os
from collections.abc import Mapping

import dagster as dg

from webex_provision.assets.tags import PARENT_TAG, UNSEEN
from webex_provision.ledger.machines import host_name, process_began

PROCESS_TAG = "webex_provision/process"
BEGAN_TAG = f"{UNSEEN}process_began"
MOST_RUNS = 100
_GOING_ON = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def process_tags() -> dict[str, str]:
    """The tags that say which process executes a run: its number, which another may have later, and its beginning."""
    return {PROCESS_TAG: f"{host_name()}:{os.getpid()}", BEGAN_TAG: process_began(os.getpid())}


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """Mark runs of dead processes as failed; returns their ids.

    Of this machine's processes it is known; a child run on another machine is dead when the run that executes it has
    ended, of which Dagster's own run monitoring knows.
    """
    runs = instance.get_runs(filters=dg.RunsFilter(statuses=_GOING_ON), limit=MOST_RUNS)
    dead = [run for run in runs if _is_dead(run.tags) or _is_orphan(run, instance)]
    for run in dead:
        instance.report_run_failed(run, "The process of this run is gone. Its ledger knows what is done: resume it.")
    return [run.run_id for run in dead]


def _is_dead(tags: Mapping[str, str]) -> bool:
    """Whether the process that they name is of this machine and has ended."""
    host, _, pid = tags.get(PROCESS_TAG, "").rpartition(":")
    if host != host_name() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    # In a container that has started again, the same few numbers are taken again.
    then, now = tags.get(BEGAN_TAG, ""), process_began(int(pid))
    return bool(then and now) and then != now


def _is_orphan(run: dg.DagsterRun, instance: dg.DagsterInstance) -> bool:
    """Whether the run in whose process it was executed has ended."""
    parent = instance.get_run_by_id(run.tags[PARENT_TAG]) if PARENT_TAG in run.tags else None
    return parent is not None and parent.is_finished


def dead_runs_sensor() -> dg.SensorDefinition:
    """The sensor `dead_runs`, on by default: it only ends what is dead."""

    @dg.sensor(
        name="dead_runs",
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Ends runs whose process was killed, so that the queue does not wait for them.",
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        ended = end_dead_runs(context.instance)
        return dg.SkipReason(f"ended {len(ended)} dead runs" if ended else "no run is dead")

    return dead_runs
