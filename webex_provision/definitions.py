"""The front door for Dagster. Nothing is computed here.

* the graph: ready_rows, rejected_rows -> phase_1_routing -> phase_2_users -> phase_3_services -> run_summary, its
  checks, and the jobs `intake` and `provision_batches` (`assets.roll_out`)
* the job `provision`, which runs these two one after the other (`assets.jobs`)
* the sensors `inbox` (off) and `dead_runs` (on)
"""

import logging
import os

import dagster as dg

from webex_provision.assets.dead_runs import dead_runs_sensor
from webex_provision.assets.jobs import provision_job
from webex_provision.assets.roll_out import roll_out_definitions
from webex_provision.assets.sensors import inbox_sensor


def build_defs() -> dg.Definitions:
    """Fresh definitions; loading them needs no secret and no setting."""
    graph = roll_out_definitions()
    front = dg.Definitions(jobs=[provision_job(graph)], sensors=[inbox_sensor(), dead_runs_sensor()])
    return dg.Definitions.merge(graph, front)


if not os.environ.get("DAGSTER_HOME"):
    logging.getLogger(__name__).warning(
        "DAGSTER_HOME is not set: Dagster keeps its history in a temporary folder and deletes it afterwards. "
        "Set it to the absolute path of the folder that holds dagster.yaml."
    )

defs = build_defs()
