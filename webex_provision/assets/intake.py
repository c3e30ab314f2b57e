"""The assets `ready_rows` and `rejected_rows`: a CSV judged, its batch keys registered."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from webex_provision.assets.failures import EXPECTED, failure_of
from webex_provision.assets.registry import RegisteredRollOut, register
from webex_provision.assets.resources import command_of_run, settings_of_run, tell_dagster
from webex_provision.assets.run_config import IntakeConfig
from webex_provision.clock import Clock
from webex_provision.intake.roll_out import Prepared, prepare
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.safe_text import printable

READY = dg.AssetKey("ready_rows")
REJECTED = dg.AssetKey("rejected_rows")


@dg.multi_asset(
    specs=[
        dg.AssetSpec(READY, description="Rows that may be sent, normalised, in ready_to_load.csv.", kinds={"csv"}),
        dg.AssetSpec(
            REJECTED, description="Rows with bad data, never sent, in rejected_rows.csv with the reason.", kinds={"csv"}
        ),
    ],
    group_name="intake",
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
        tell_dagster(context.log, str(error))
        raise failure_of(error) from None
    for warning in prepared.warnings:
        context.log.warning(printable(warning))
    yield from _results(prepared, registered)


def _results(prepared: Prepared, registered: RegisteredRollOut) -> Iterator[dg.MaterializeResult[None]]:
    manifest, folder = prepared.manifest, RollOutFolder(registered.folder)
    shared: dict[str, dg.MetadataValue | str] = {
        "input_id": manifest.input_id,
        "folder": dg.MetadataValue.path(folder.root),
        "csv": dg.MetadataValue.path(manifest.csv_path),
        "first_batch": registered.keys[0],
        "last_batch": registered.keys[-1],
    }
    counts = {f"phase {int(phase)}": rows for phase, rows in manifest.rows.items()}
    yield dg.MaterializeResult(
        asset_key=READY,
        metadata={
            "rows": manifest.rows_read - manifest.rows_rejected,
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
            "by_reason": dg.MetadataValue.json(prepared.rejected),
            **shared,
            "file": dg.MetadataValue.path(folder.rejected),
        },
    )
