"""The hook that tells of a failed step what has happened, how far the roll-out came, and how to go on.

A hook and not a run-failure sensor: it works in every process that executes a run, without the daemon. Whoever launches
from the command line reads the same on the screen; a killed process tells nothing, and the sensor `dead_runs` ends it.
"""

import dagster as dg

from webex_provision.assets.failures import read_back, verdict_of
from webex_provision.assets.resources import tell_dagster


@dg.failure_hook(name="how_to_go_on")
def how_to_go_on(context: dg.HookContext) -> None:
    """One critical line in the log of the run."""
    error = context.op_exception
    told = isinstance(error, dg.Failure) and "exit_code" in error.metadata
    verdict = read_back(error.metadata) if told and isinstance(error, dg.Failure) else verdict_of(error or Exception())
    tell_dagster(context.log, verdict.story)
