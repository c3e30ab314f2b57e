"""Where rehearsals are kept: apart from real roll-outs, one folder an input, and never gone on with on a tenant."""

import shutil
from pathlib import Path

from webex_provision.console.roll_outs import base_folder
from webex_provision.ledger.errors import LedgerError
from webex_provision.ledger.folder import FOLDER_MODE, RollOutFolder
from webex_provision.vocabulary import ExitCode

_FOLDER, _MARK = "rehearsals", ".rehearsal"


class NotForThis(LedgerError):
    """The folder is of the other kind: a rehearsal where a roll-out was meant, or the other way round."""

    exit_code = ExitCode.USAGE


def rehearsals() -> Path:
    """The folder of all rehearsals, in OUTPUT_DIR."""
    return base_folder() / _FOLDER


def fresh_folder(folder: Path) -> None:
    """Makes a rehearsal's folder, empty; an earlier rehearsal in it is deleted, anything else is refused."""
    if folder.exists():
        if not (folder / _MARK).is_file():
            raise NotForThis(f"{folder} holds no rehearsal; move it away, then rehearse again")
        shutil.rmtree(folder)
    folder.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    RollOutFolder(folder).create()
    (folder / _MARK).write_text("A rehearsal: what is here was played on a simulated tenant.\n", encoding="utf-8")


def refuse_rehearsal(folder: Path) -> None:
    """Raises NotForThis for a rehearsal's folder: on a tenant, its rows would count as done."""
    if (folder / _MARK).is_file():
        raise NotForThis(
            f"{folder} is a rehearsal, played on a simulated tenant; run its CSV: webex-provision run <CSV>"
        )
