"""Reading a roll-out's ledger back and holding its files against each other; nothing is written."""

from webex_provision.ledger.checkpoint import Checkpoint, why_ahead, why_foreign
from webex_provision.ledger.errors import CorruptLedger
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.intents import read_intents
from webex_provision.ledger.manifest import Manifest
from webex_provision.ledger.states import History, read_history, refuse_unexplained


def verified_history(folder: RollOutFolder, manifest: Manifest, checkpoint: Checkpoint | None) -> History:
    """All commits, once results, pending rows, intents and checkpoint are known to go together.

    Nobody may work on the folder meanwhile: a line that is just being written is a torn one here. Raises
    CorruptLedger.
    """
    if checkpoint is not None and (why := why_foreign(checkpoint, manifest)):
        raise CorruptLedger(folder.checkpoint, 1, why)
    history = read_history(folder)
    refuse_unexplained(folder, history)
    if checkpoint is not None and (why := why_ahead(checkpoint, history.states, history.commits)):
        raise CorruptLedger(folder.checkpoint, 1, f"the checkpoint is ahead of the ledger: {why}")
    read_intents(folder.intents)
    return history
