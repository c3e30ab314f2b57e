"""Making a folder the home of a roll-out, or refusing because it is another's."""

from webex_provision.ledger.checkpoint import Checkpoint, why_foreign
from webex_provision.ledger.errors import CorruptLedger, LedgerInvariant
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.manifest import Identity, Manifest, read_document, refuse_other_input


def check_same_input(folder: RollOutFolder, wanted: Identity) -> Manifest | None:
    """The folder's manifest when it belongs to the same roll-out, None when it is free.

    For intake, before it writes anything. Raises InputChanged or CorruptLedger; nothing is touched.
    """
    manifest = read_document(folder.manifest, Manifest)
    if manifest is not None:
        refuse_other_input(folder, manifest.identity, wanted, manifest.csv_path)
    checkpoint = read_document(folder.checkpoint, Checkpoint)
    if checkpoint is not None and manifest is None:
        refuse_other_input(folder, Identity(checkpoint.input_hash, checkpoint.pipeline_version), wanted, "")
    if checkpoint is not None and manifest is not None and (why := why_foreign(checkpoint, manifest)):
        raise CorruptLedger(folder.checkpoint, 1, why)
    return manifest


def establish_manifest(folder: RollOutFolder, fresh: Manifest) -> Manifest:
    """Save `fresh`, keeping the generation and the creation time that the folder already has.

    The batch size is pinned for a roll-out: the caller takes it from `check_same_input`'s manifest before it counts
    batches. Raises InputChanged, CorruptLedger, OutputNotWritable, LedgerInvariant.
    """
    known = check_same_input(folder, fresh.identity)
    if known is not None:
        if known.batch_size != fresh.batch_size:
            raise LedgerInvariant(f"the roll-out's batch size is {known.batch_size}, not {fresh.batch_size}")
        kept = {"created_at": known.created_at, "generation": known.generation, "stopped_auth": known.stopped_auth}
        fresh = fresh.model_copy(update=kept)
    fresh.save(folder)
    return fresh
