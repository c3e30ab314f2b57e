"""What `repair` did, told with the command to go on with."""

from webex_provision.clock import Clock
from webex_provision.console.screen import say
from webex_provision.console.standing import standing_of
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.repair import repair


def mend(folder: RollOutFolder) -> None:
    """Repairs the folder. Raises LedgerError where that can't be done."""
    actions = repair(folder, clock=Clock()).actions
    for action in actions or ("nothing was wrong",):
        say(f"{folder.root}: {action}")
    if folder.manifest.exists() and folder.ready.exists():
        for _, command in standing_of(folder, Clock()).next_commands():
            say(f"Go on with: {command}")
