"""The graph from a CSV to its summary, with the two jobs over it: what Dagster shows, and what `provision` runs."""

import dagster as dg

from webex_provision.assets.checks import ledger_promises, tenant_promise
from webex_provision.assets.console_logger import loggers
from webex_provision.assets.intake import intake_rows
from webex_provision.assets.jobs import asset_jobs
from webex_provision.assets.phases import phase_asset
from webex_provision.assets.report import run_summary
from webex_provision.assets.resources import WebexResource
from webex_provision.vocabulary import Phase


def roll_out_definitions() -> dg.Definitions:
    """Fresh definitions of assets, checks, the jobs `intake` and `provision_batches`, and their resource."""
    return dg.Definitions(
        assets=[intake_rows, *(phase_asset(phase) for phase in Phase), run_summary],
        asset_checks=[ledger_promises, tenant_promise],
        jobs=asset_jobs(),
        resources={"webex": WebexResource()},
        loggers=loggers(),
        # One process a run: the phases share one pace, one breaker, one lock, and die together.
        executor=dg.in_process_executor,
    )
