"""Two locks for a whole run: on the roll-out folder, and on the tenant (base URL and organisation).

They are the operating system's: a killed holder's locks are free at once. Who holds one stands in a side file, so
that the message of whoever is turned away can name the holder.
"""

import getpass
import hashlib
import json
import os
import re
import socket
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from filelock import FileLock, Timeout
from platformdirs import user_state_dir
from pydantic import BaseModel, ValidationError

from webex_provision.clock import Clock
from webex_provision.ledger.errors import LockHeld, OutputNotWritable
from webex_provision.ledger.files import write_atomically
from webex_provision.ledger.folder import FILE_MODE, RollOutFolder, make_private

STATE_DIR_VARIABLE = "WEBEX_PROVISION_STATE_DIR"
_POLL_SECONDS = 0.1


class Holder(BaseModel):
    """Who holds a lock, since when (UTC), and for what."""

    pid: int
    host: str
    user: str
    since: str
    input: str
    command: str

    def __str__(self) -> str:
        doing = f" ({self.command} {self.input})" if self.command or self.input else ""
        return f"process {self.pid} of {self.user} on {self.host}, since {self.since}{doing}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


class RunLock:
    """One of the two locks. `acquire`, then `release` (or `with lock.acquire(30):`); both may be repeated.

    Keep the object as long as the lock is to be held: when it is collected, the lock is free.
    """

    def __init__(self, path: Path, what: str, *, clock: Clock, input_name: str = "", command: str = "") -> None:
        """`what` is locked, in words for the message; `input_name` and `command` are told to others: no secrets."""
        self.path = path
        self._holder_path = path.with_name(f"{path.name}-holder.json")
        self._what = what
        self._clock = clock
        self._input = input_name
        self._command = command
        # Not thread-local: the thread that ends a run need not be the one that began it.
        self._lock = FileLock(path, mode=FILE_MODE, thread_local=False)

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._lock.is_locked

    def acquire(self, wait_seconds: float = 0) -> Self:
        """Take the lock, waiting `wait_seconds` at most. Raises LockHeld naming the holder, OutputNotWritable."""
        if self.held:
            return self
        try:
            self._lock.acquire(timeout=max(0.0, wait_seconds), poll_interval=_POLL_SECONDS)
        except Timeout as error:
            raise LockHeld(self._refusal(wait_seconds)) from error
        except OSError as error:
            raise OutputNotWritable(self.path, error.strerror or str(error)) from error
        try:
            write_atomically(self._holder_path, self._me().model_dump_json().encode() + b"\n")
        except BaseException:
            self._lock.release()
            raise
        return self

    def release(self) -> None:
        """Give the lock back; without holding it, nothing happens."""
        if not self.held:
            return
        try:
            self._holder_path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputNotWritable(self._holder_path, error.strerror or str(error)) from error
        finally:
            self._lock.release()

    def holder(self) -> Holder | None:
        """Who says to hold the lock; None when nobody says so."""
        try:
            return Holder.model_validate_json(self._holder_path.read_bytes())
        except (OSError, ValidationError):
            return None

    def _me(self) -> Holder:
        return Holder(
            pid=os.getpid(),
            host=socket.gethostname(),
            user=_user(),
            since=self._clock.timestamp(),
            input=self._input,
            command=self._command,
        )

    def _refusal(self, waited: float) -> str:
        holder = self.holder()
        patience = f" after waiting {waited:g} s" if waited > 0 else ""
        return (
            f"{self._what} is in use{patience}: held by {holder or 'a process that has not named itself'}. "
            f"Wait until it has ended, or stop it (Ctrl-C there loses nothing), then run this again. "
            f"A killed process frees the lock by itself; deleting {self.path} is never needed."
        )

    def __enter__(self) -> Self:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class FolderLock(RunLock):
    """The lock of a roll-out folder; the folder is made, its owner's only, when it is not there yet."""

    def __init__(self, folder: RollOutFolder, *, clock: Clock, input_name: str = "", command: str = "") -> None:
        self._folder = folder
        super().__init__(
            folder.lock, f"The roll-out folder {folder.root}", clock=clock, input_name=input_name, command=command
        )

    def acquire(self, wait_seconds: float = 0) -> Self:
        """Make the folder, then as `RunLock.acquire`."""
        self._folder.create()
        return super().acquire(wait_seconds)


class TenantLock(RunLock):
    """The lock of a tenant on this machine, for this user, whatever the folder."""

    def __init__(self, base_url: str, org_id: str, *, clock: Clock, input_name: str = "", command: str = "") -> None:
        digest = hashlib.sha256(json.dumps([base_url, org_id]).encode()).hexdigest()[:16]
        host = re.sub(r"[^A-Za-z0-9.-]+", "-", urlsplit(base_url).netloc)[:60]
        path = state_folder() / "locks" / f"{host}-{digest}.lock"
        what = f"The tenant {org_id} at {base_url}"
        super().__init__(path, what, clock=clock, input_name=input_name, command=command)

    def acquire(self, wait_seconds: float = 0) -> Self:
        """Make the folder of locks, then as `RunLock.acquire`."""
        try:
            make_private(self.path.parent)
        except OSError as error:
            raise OutputNotWritable(self.path.parent, error.strerror or str(error)) from error
        return super().acquire(wait_seconds)


def state_folder() -> Path:
    """Where this user's locks live: WEBEX_PROVISION_STATE_DIR, else the platform's folder for state."""
    chosen = os.environ.get(STATE_DIR_VARIABLE, "")
    return Path(chosen) if chosen else Path(user_state_dir("webex-provision", appauthor=False))
