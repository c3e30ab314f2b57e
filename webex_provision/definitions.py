"""The front door for Dagster. Nothing is computed here.

* the graph: ready_rows, rejected_rows -> phase_1_routing -> phase_2_users -> phase_3_services -> run_summary, its
  checks, and the jobs `intake` and `provision_batches` (`assets.roll_out`)
* the job `provision`, which runs these two one after the other (`assets.jobs`)
* the sensors `dead_runs` (on), `resume_dead_runs` and `inbox` (off), the schedule `retry_user_not_found_nightly` (off)
"""

import logging
import os

import dagster as dg

from webex_provision.assets.dead_runs import dead_runs_sensor
from webex_provision.assets.jobs import provision_job
from webex_provision.assets.nightly import nightly_schedule
from webex_provision.assets.resume_dead_runs import resume_dead_runs_sensor
from webex_provision.assets.roll_out import roll_out_definitions
from webex_provision.assets.sensors import inbox_sensor
from webex_provision.logging_setup import collect_other_logs


def build_defs() -> dg.Definitions:
    """Fresh definitions; loading them needs no secret and no setting."""
    graph = roll_out_definitions()
    front = dg.Definitions(
        jobs=[provision_job(graph)],
        sensors=[inbox_sensor(), dead_runs_sensor(), resume_dead_runs_sensor()],
        schedules=[nightly_schedule()],
    )
    return dg.Definitions.merge(graph, front)


collect_other_logs()
if not os.environ.get("DAGSTER_HOME"):
    logging.getLogger(__name__).warning(
        "DAGSTER_HOME is not set: Dagster keeps its history in a temporary folder and deletes it afterwards. "
        "Set it to the absolute path of the folder that holds dagster.yaml."
    )

defs = build_defs()
