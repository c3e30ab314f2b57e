"""Where rehearsals are kept: apart from real roll-outs, one folder an input, and never gone on with on a tenant."""

import shutil
from pathlib import Path

from webex_provision.console.roll_outs import base_folder
from webex_provision.ledger.folder import FOLDER_MODE, RollOutFolder
from webex_provision.ledger.rehearsal_mark import NotForThis, is_rehearsal, mark_rehearsal

_FOLDER = "rehearsals"


def rehearsals() -> Path:
    """The folder of all rehearsals, in OUTPUT_DIR."""
    return base_folder() / _FOLDER


def fresh_folder(folder: Path) -> None:
    """Makes a rehearsal's folder, empty; an earlier rehearsal in it is deleted, anything else is refused."""
    if folder.exists():
        if not is_rehearsal(RollOutFolder(folder)):
            raise NotForThis(f"{folder} holds no rehearsal; move it away, then rehearse again")
        shutil.rmtree(folder)
    folder.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    RollOutFolder(folder).create()
    mark_rehearsal(RollOutFolder(folder))
