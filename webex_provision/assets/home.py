"""DAGSTER_HOME: where runs and their history are kept. Imports nothing of Dagster, so that it costs nothing."""

import json
import secrets
import shlex
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from click import ClickException

from webex_provision.ledger.folder import FOLDER_MODE, make_private
from webex_provision.resources import resource
from webex_provision.vocabulary import ExitCode

CONFIG = "dagster.yaml"
POSTGRES_VARIABLE = "DAGSTER_POSTGRES_URL"
_STORAGE = '"data/.dagster"'  # as the packaged dagster.yaml writes it: relative to a checkout


class UnusableHistory(Exception):
    """Dagster's own files can't be read or written. The roll-out's are not among them: its ledger stands by itself."""

    exit_code: ClassVar[ExitCode] = ExitCode.STATE

    def __init__(self, home: Path, why: str) -> None:
        aside = shlex.quote(f"{home}.aside")
        place = shlex.quote(str(home))
        super().__init__(
            f"The history of runs in {home} cannot be used: {why}. No row is lost: the ledger is kept elsewhere. Free "
            f"space or mend the permissions; where it is damaged, begin a new one: `mv {place} {aside} && mkdir "
            f"{place}`. Then run the same command again."
        )


class UnusableStorage(ClickException):
    """The database that POSTGRES_VARIABLE names can't be used; its text never holds the password.

    A ClickException, so that Dagster's own commands show it as one line, too.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.USAGE


class StorageDown(UnusableStorage):
    """Its server can't be reached or does not let us in."""

    exit_code: ClassVar[ExitCode] = ExitCode.PREFLIGHT


def dagster_home(base: Path) -> Path:
    """`<base>/.dagster`, absolute, made with a dagster.yaml in it whose storage is that folder.

    The folder is its owner's only, for Dagster's own files have the modes that the umask gives them. A dagster.yaml
    that is there already is somebody's choice and stays. In a checkout, `data` as base gives the history that
    `dagster dev` shows when it is started at the top of the checkout.
    """
    home = (base / ".dagster").resolve()
    make_private(home)
    with suppress(PermissionError):  # somebody else's, who lets us in
        home.chmod(FOLDER_MODE)
    config = home / CONFIG
    if not config.exists():
        packaged = resource(CONFIG).read_text(encoding="utf-8")
        fresh = home / f".{CONFIG}-{secrets.token_hex(8)}"  # whoever else starts now must not read half of it
        fresh.write_text(packaged.replace(_STORAGE, json.dumps(str(home), ensure_ascii=False)), encoding="utf-8")
        fresh.replace(config)
    return home
