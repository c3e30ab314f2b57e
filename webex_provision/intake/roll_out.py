"""Makes a CSV the input of a roll-out: judged, divided, written into its folder, with the manifest beside it.

A folder that holds the same input already is left as it is, so that a second launch resumes. A folder that holds
another input is refused before anything in it is touched.
"""

import hashlib
import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.input_files import UnusableFile, read_regular_file
from webex_provision.intake.csv_file import MAX_FILE_BYTES, UnusableCsv
from webex_provision.intake.data_pipeline import IntakeResult, run_intake, write_outputs
from webex_provision.ledger.establish import check_same_input, establish_manifest
from webex_provision.ledger.folder import RollOutFolder, input_id_of
from webex_provision.ledger.locks import FolderLock
from webex_provision.ledger.manifest import Identity, Manifest
from webex_provision.ledger.records import REJECTED_COLUMNS, plain, read_records
from webex_provision.ledger.rehearsal_mark import refuse_rehearsal_on
from webex_provision.vocabulary import Phase


@dataclass(frozen=True)
class Prepared:
    """A folder that is ready for a run.

    `rejected` counts the rejected rows by reason. `warnings` are told when the rows are divided; they are empty when
    the folder held this input already (`known`).
    """

    manifest: Manifest
    folder: RollOutFolder
    rejected: dict[str, int]
    warnings: tuple[str, ...] = ()
    known: bool = False


def prepare(
    csv_path: Path, settings: Settings, *, clock: Clock, folder: Path | None = None, command: str = ""
) -> Prepared:
    """Divide the rows of `csv_path` into ready and rejected ones, in `folder` (default: OUTPUT_DIR/<input id>).

    `command` is told to whoever meets the folder's lock. Raises UnusableCsv (also when a phase would need more than
    MAX_BATCHES batches), NotForThis, InputChanged, CorruptLedger, LockHeld, OutputNotWritable; only the last one can
    leave something written.
    """
    input_hash = _hash_of(csv_path)
    place = RollOutFolder(folder or settings.output_dir / input_id_of(csv_path, input_hash))
    refuse_rehearsal_on(place, settings.webex_base_url)
    identity = Identity(input_hash, settings.pipeline_version)
    known = check_same_input(place, identity)
    if known is not None and place.ready.exists() and place.rejected.exists():
        return Prepared(known, place, _rejected_by_reason(place), known=True)
    result = run_intake(csv_path, settings, clock)
    if result.input_hash != input_hash:
        raise UnusableCsv(csv_path, "the file is being changed at this moment; run again when it is complete")
    fresh = _manifest(result, settings, clock, known)
    place.create()
    lock = FolderLock(place, clock=clock, input_name=str(place.root.resolve()), command=command)
    with lock.acquire(settings.lock_wait_seconds):
        check_same_input(place, identity)
        write_outputs(result, place.root)
        manifest = establish_manifest(place, fresh)
    return Prepared(manifest, place, dict(result.rejected_by_reason), tuple(result.warnings))


def _hash_of(path: Path) -> str:
    """The sha256 of the file's bytes; that of no bytes when it can't be read, which intake then explains."""
    try:
        return hashlib.sha256(read_regular_file(path, MAX_FILE_BYTES)).hexdigest()
    except UnusableFile:
        return hashlib.sha256().hexdigest()


def _manifest(result: IntakeResult, settings: Settings, clock: Clock, known: Manifest | None) -> Manifest:
    """What the roll-out is; the batch size of a folder that is known stays."""
    size = known.batch_size if known is not None else settings.batch_size
    rows = _rows_by_phase(result.ready)
    batches = {phase: math.ceil(count / size) for phase, count in rows.items()}
    for phase, count in batches.items():
        if count > settings.batches_limit:
            why = (
                f"phase {int(phase)} needs {count} batches of {size} rows, more than MAX_BATCHES allows "
                f"({settings.batches_limit}); split the file, or raise MAX_BATCHES or BATCH_SIZE"
            )
            raise UnusableCsv(result.path, why)
    return Manifest(
        input_id=input_id_of(result.path, result.input_hash),
        csv_path=str(result.path.resolve()),
        csv_name=result.path.name,
        input_hash=result.input_hash,
        pipeline_version=settings.pipeline_version,
        batch_size=size,
        rows_read=result.rows_read,
        rows_rejected=result.rejected.height,
        rows=rows,
        batches=batches,
        warnings=tuple(result.warnings),
        created_at=clock.timestamp(),
    )


def _rows_by_phase(ready: pl.DataFrame) -> dict[Phase, int]:
    counts = Counter(ready.get_column("phase").to_list())
    return {phase: counts[int(phase)] for phase in Phase}


def _rejected_by_reason(folder: RollOutFolder) -> dict[str, int]:
    reason = REJECTED_COLUMNS.index("reason_code")
    return dict(Counter(plain(record.fields[reason]) for record in read_records(folder.rejected, REJECTED_COLUMNS)))
