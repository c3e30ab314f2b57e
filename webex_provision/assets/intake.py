"""The assets `ready_rows` and `rejected_rows`: a CSV judged, its batch keys registered."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from webex_provision.assets.failure_event import how_to_go_on
from webex_provision.assets.failures import EXPECTED, failure_of
from webex_provision.assets.registry import RegisteredRollOut, register
from webex_provision.assets.resources import command_of_run, settings_of_run
from webex_provision.assets.run_config import IntakeConfig
from webex_provision.assets.shown import GROUP, HASH_SHOWN, OWNERS, Line, rows_of, table
from webex_provision.assets.tags import roll_out_tags
from webex_provision.clock import Clock
from webex_provision.intake.roll_out import Prepared, prepare
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.safe_text import printable

READY = dg.AssetKey("ready_rows")
REJECTED = dg.AssetKey("rejected_rows")


_READY_DESCRIPTION = """The rows that may be sent, normalised and in their order, in ready_to_load.csv.

To bring up a site, launch the job `provision` (*Jobs*, *provision*, *Launchpad*) with the path of its CSV: it does what
this graph shows, from left to right. Materialising these two alone judges the CSV and sends nothing."""
_REJECTED_DESCRIPTION = """The rows with bad data, in rejected_rows.csv: nothing of them was sent.

Each names its row, its column and the cure. Mend the CSV and launch `provision` again: what is in the tenant already is
found there, and not made a second time."""


@dg.multi_asset(
    specs=[
        dg.AssetSpec(key, description=text, kinds={"csv", "polars"}, owners=OWNERS, group_name=GROUP)
        for key, text in ((READY, _READY_DESCRIPTION), (REJECTED, _REJECTED_DESCRIPTION))
    ],
    hooks={how_to_go_on},
)
def intake_rows(context: dg.AssetExecutionContext, config: IntakeConfig) -> Iterator[dg.MaterializeResult[None]]:
    """Judges the CSV, writes both files and the manifest, registers the batches."""
    try:
        prepared = prepare(
            Path(config.csv_path),
            settings_of_run(),
            clock=Clock(),
            folder=Path(config.output_dir) if config.output_dir else None,
            command=command_of_run(context.run.run_id),
        )
        registered = register(context.instance, prepared.folder.root)
    except EXPECTED as error:
        raise failure_of(error) from None
    context.instance.add_run_tags(context.run.run_id, roll_out_tags(registered))
    for warning in prepared.warnings:
        context.log.warning(printable(warning))
    yield from _results(prepared, registered)


def _results(prepared: Prepared, registered: RegisteredRollOut) -> Iterator[dg.MaterializeResult[None]]:
    manifest, folder = prepared.manifest, RollOutFolder(registered.folder)
    shared: dict[str, dg.MetadataValue | str] = {
        "input_id": manifest.input_id,
        "input_hash": manifest.input_hash[:HASH_SHOWN],
        "folder": dg.MetadataValue.path(folder.root),
        "csv": dg.MetadataValue.path(manifest.csv_path),
        "first_batch": registered.keys[0],
        "last_batch": registered.keys[-1],
    }
    ready = manifest.rows_read - manifest.rows_rejected
    counts = {f"phase {int(phase)}": rows for phase, rows in manifest.rows.items()}
    reasons: list[Line] = [{"reason": reason, "rows": rows} for reason, rows in prepared.rejected.items()]
    yield dg.MaterializeResult(
        asset_key=READY,
        metadata={
            "rows": ready,
            "dagster/row_count": ready,
            **counts,
            **shared,
            "file": dg.MetadataValue.path(folder.ready),
            "warnings": dg.MetadataValue.json([printable(warning) for warning in prepared.warnings]),
            "resumed": prepared.known,
        },
    )
    yield dg.MaterializeResult(
        asset_key=REJECTED,
        metadata={
            "rows": manifest.rows_rejected,
            "dagster/row_count": manifest.rows_rejected,
            "by_reason": table(reasons),
            "rejected_rows": rows_of(folder.rejected),
            **shared,
            "file": dg.MetadataValue.path(folder.rejected),
        },
    )
