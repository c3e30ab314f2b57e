"""The mark of a rehearsal's folder: what stands there was played on a simulated tenant, and never goes on with another.

On a real tenant its rows would count as done, though nothing of them is there.
"""

from urllib.parse import urlsplit

from webex_provision.config import LOOPBACK_HOSTS
from webex_provision.ledger.errors import LedgerError
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.vocabulary import ExitCode

_MARK = ".rehearsal"


class NotForThis(LedgerError):
    """The folder is of the other kind: a rehearsal where a roll-out was meant, or the other way round."""

    exit_code = ExitCode.USAGE


def mark_rehearsal(folder: RollOutFolder) -> None:
    """From now on the folder is a rehearsal's."""
    text = "A rehearsal: what is here was played on a simulated tenant.\n"
    (folder.root / _MARK).write_text(text, encoding="utf-8")


def is_rehearsal(folder: RollOutFolder) -> bool:
    """Whether the folder is a rehearsal's."""
    return (folder.root / _MARK).is_file()


def refuse_rehearsal(folder: RollOutFolder) -> None:
    """Raises NotForThis for a rehearsal's folder."""
    if is_rehearsal(folder):
        raise NotForThis(
            f"{folder.root} is a rehearsal, played on a simulated tenant: nothing of it is in a real one. Nothing was "
            f"touched. Run its CSV into a folder of its own: webex-provision run <CSV>"
        )


def refuse_rehearsal_on(folder: RollOutFolder, base_url: str) -> None:
    """Raises NotForThis for a rehearsal's folder, unless the tenant is simulated: one on this machine."""
    if urlsplit(base_url).hostname not in LOOPBACK_HOSTS:
        refuse_rehearsal(folder)
