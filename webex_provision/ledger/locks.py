"""Locks for a whole run: on the roll-out folder, on the tenant (base URL and organisation), and on things within it.

A run with all tokens holds the tenant alone. A run in a slot (TOKEN_SLOT) shares it with others in slots, and holds
alone: its token, the token's user, whose rate limit it spends, and whatever its rows could create (see
`engine.claims`).

Locks reach no further than this machine. Where DAGSTER_POSTGRES_URL names a server, each is also taken there (see
`lock_server`). Where it does not, a folder that another machine may be using is refused.
"""

import hashlib
import json
import os
import re
import secrets
import shlex
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Self, Unpack
from urllib.parse import urlsplit

from platformdirs import user_state_dir

from webex_provision.ledger.errors import LockOutOfReach, OutputNotWritable
from webex_provision.ledger.files import write_atomically
from webex_provision.ledger.folder import RollOutFolder, make_private
from webex_provision.ledger.lock_server import URL_VARIABLE, LockServer
from webex_provision.ledger.machines import ONE_MACHINE_VARIABLE, network_file_system
from webex_provision.ledger.run_lock import Holder, RunLock, Terms, read_note

STATE_DIR_VARIABLE = "WEBEX_PROVISION_STATE_DIR"


class FolderLock(RunLock):
    """The lock of a roll-out folder; the folder is made, its owner's only, when it is not there yet.

    Without a `server` it opens a session of its own where one is configured.
    """

    def __init__(self, folder: RollOutFolder, **terms: Unpack[Terms]) -> None:
        self._folder = folder
        self._own: LockServer | None = None
        what = f"The roll-out folder {folder.root}"
        super().__init__(folder.lock, what, **terms)

    def acquire(self, wait_seconds: float = 0) -> Self:
        """Make the folder, then as `RunLock.acquire`. Raises LockOutOfReach where other machines may be at work."""
        if self.held:
            return self
        if self._server is None:
            self._server = self._own = LockServer.configured()
        try:
            self._refuse_network_folder()
            self._folder.create()
            return super().acquire(wait_seconds)
        except BaseException:
            self._close_own()
            raise

    def release(self) -> None:
        """As `RunLock.release`."""
        try:
            super().release()
        finally:
            self._close_own()

    def _close_own(self) -> None:
        if self._own is not None:
            self._own.close()
            self._server = self._own = None

    def _refuse_network_folder(self) -> None:
        if self._server is not None or os.environ.get(ONE_MACHINE_VARIABLE, "").lower() == "true":
            return
        if kind := network_file_system(self._folder.root):
            raise LockOutOfReach(
                f"The roll-out folder {self._folder.root} lies on a network file system ({kind}), which other machines "
                f"may share; a lock of this one does not reach them. Name a local folder (--output-dir), or set "
                f"{URL_VARIABLE} on every machine. If no other machine uses this folder: "
                f"`export {ONE_MACHINE_VARIABLE}=true`. Then run this again."
            )

    def _reach_over_machines(self, me: Holder, wait_seconds: float, left_seconds: float) -> list[Holder]:
        known = super()._reach_over_machines(me, wait_seconds, left_seconds)
        last = read_note(self._holder_path)
        if last is not None and not last.here and last not in known:
            raise LockOutOfReach(
                f"{self._what} was last in use by {last}, which has not said that it ended; a lock of this machine "
                f"does not reach that one. Make sure that it has ended there, then go on here: "
                f"`rm {shlex.quote(str(self._holder_path))}`, and run this again. With {URL_VARIABLE} set on every "
                f"machine this is not needed."
            )
        return known

    def _name(self) -> str:
        """A name that lies in the folder, for it may have another path on each machine. Raises OutputNotWritable."""
        path = self._folder.root / ".lock-name"
        try:
            if not path.exists():
                fresh = path.with_name(f".lock-name-{secrets.token_hex(8)}")
                write_atomically(fresh, f"folder-{uuid.uuid4()}".encode())
                with suppress(FileExistsError):  # another machine was quicker
                    path.hardlink_to(fresh)
                fresh.unlink()
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise OutputNotWritable(path, error.strerror or str(error)) from error


class _StateLock(RunLock):
    """A lock on this machine, for this user, whatever the folder; `named_by` tells it from all others of the host."""

    def __init__(
        self, base_url: str, named_by: tuple[str, ...], what: str, *, shared: bool = False, **terms: Unpack[Terms]
    ) -> None:
        digest = hashlib.sha256(json.dumps([base_url, *named_by]).encode()).hexdigest()[:16]
        host = re.sub(r"[^A-Za-z0-9.-]+", "-", urlsplit(base_url).netloc)[:60]
        super().__init__(state_folder() / "locks" / f"{host}-{digest}.lock", what, shared=shared, **terms)

    def acquire(self, wait_seconds: float = 0) -> Self:
        """Make the folder of locks, then as `RunLock.acquire`."""
        try:
            make_private(self.path.parent)
        except OSError as error:
            raise OutputNotWritable(self.path.parent, error.strerror or str(error)) from error
        return super().acquire(wait_seconds)


class TenantLock(_StateLock):
    """The lock of a tenant."""

    def __init__(self, base_url: str, org_id: str, *, shared: bool = False, **terms: Unpack[Terms]) -> None:
        super().__init__(base_url, (org_id,), f"The tenant {org_id} at {base_url}", shared=shared, **terms)


class TokenLock(_StateLock):
    """The lock of one token, for as long as it is not known whose it is; `name` is where the token was given."""

    def __init__(self, base_url: str, token: str, name: str, **terms: Unpack[Terms]) -> None:
        digest = hashlib.sha256(token.encode()).hexdigest()
        what = f"The token of {name}" if name.isupper() else f"The {name}"
        super().__init__(base_url, ("token", digest), what, **terms)


class PartLock(_StateLock):
    """The lock of one thing in a tenant: the user of a token, a location, what one name stands for."""

    def __init__(self, base_url: str, org_id: str, part: str, what: str, **terms: Unpack[Terms]) -> None:
        super().__init__(base_url, (org_id, part), what, **terms)


def state_folder() -> Path:
    """Where this user's locks live: WEBEX_PROVISION_STATE_DIR, else the platform's folder for state."""
    chosen = os.environ.get(STATE_DIR_VARIABLE, "")
    return Path(chosen) if chosen else Path(user_state_dir("webex-provision", appauthor=False))
