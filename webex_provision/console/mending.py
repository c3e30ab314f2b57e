"""What `repair` did, told with the command to go on with."""

import shlex

from webex_provision.clock import Clock
from webex_provision.console.screen import say
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.repair import repair


def mend(folder: RollOutFolder) -> None:
    """Repairs the folder. Raises LedgerError where that can't be done."""
    actions = repair(folder, clock=Clock()).actions
    for action in actions or ("nothing was wrong",):
        say(f"{folder.root}: {action}")
    if folder.manifest.exists() and folder.ready.exists():
        say(f"Go on with: webex-provision resume --output-dir {shlex.quote(str(folder.root))}")
