"""One lock: held by a process of this machine and, where there is a lock server, over all machines.

The operating system keeps it: a killed holder's lock is free at once. Who holds it stands in a side file, so that the
message of whoever is turned away can name the holder.
"""

import getpass
import logging
import os
import secrets
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Required, Self, TypedDict, Unpack

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from webex_provision.clock import Clock
from webex_provision.ledger.errors import LockHeld, OutputNotWritable
from webex_provision.ledger.files import write_atomically
from webex_provision.ledger.folder import FILE_MODE
from webex_provision.ledger.lock_server import LockServer
from webex_provision.ledger.machines import (
    boot_id,
    host_name,
    is_here,
    machine_id,
)
from webex_provision.ledger.shared_file_lock import SharedFileLock

_POLL_SECONDS = 0.1
_log = logging.getLogger(__name__)


class Holder(BaseModel):
    """Who holds a lock, since when (UTC), by which command and on which `input`, a path in full.

    `machine` and `boot` as in `machines`.
    """

    pid: int
    host: str
    user: str
    since: str
    input: str
    command: str
    machine: str = ""
    boot: str = ""

    def __str__(self) -> str:
        doing = " on ".join(part for part in (self.command, self.input) if part)
        return f"process {self.pid} of {self.user} on {self.host}, since {self.since}{doing and f' ({doing})'}"

    @property
    def gone(self) -> bool:
        """Whether it was a process of this machine that has ended."""
        if self.host != host_name() or not self.here:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass
        return False

    @property
    def here(self) -> bool:
        """Whether it was a process of this machine, or of a container on it."""
        return is_here(self.host, self.machine, self.boot)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


class Terms(TypedDict, total=False):
    """On which a lock is taken: what others are told of its holder (no secrets), and where else it is held."""

    clock: Required[Clock]
    input_name: str
    command: str
    server: LockServer | None


class RunLock:
    """One lock. `acquire`, then `release` (or `with lock.acquire(30):`); both may be repeated.

    Keep the object as long as the lock is to be held: when it is collected, the lock is free. A `shared` one is held
    together with others that share it.
    """

    def __init__(self, path: Path, what: str, *, shared: bool = False, **terms: Unpack[Terms]) -> None:
        """`what` is locked, in words for the message."""
        self.path = path
        self._holder_path = path.with_name(f"{path.name}-holder.json")
        if shared:  # each of them has a note of its own
            self._holder_path = path.with_name(f"{path.name}-holder-{secrets.token_hex(8)}.json")
        self._what = what
        self._terms = terms
        # Not thread-local: the thread that ends a run need not be the one that began it.
        self._lock = SharedFileLock(path) if shared else FileLock(path, mode=FILE_MODE, thread_local=False)
        self._alone = not shared
        self._server = terms.get("server")

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._lock.is_locked

    def acquire(self, wait_seconds: float = 0) -> Self:
        """Take the lock, waiting `wait_seconds` at most. Raises LockHeld naming the holder, OutputNotWritable."""
        if self.held:
            return self
        began = monotonic()
        try:
            self._lock.acquire(timeout=max(0.0, wait_seconds), poll_interval=_POLL_SECONDS)
        except Timeout as error:
            raise LockHeld(self._refusal(wait_seconds)) from error
        except OSError as error:
            raise OutputNotWritable(self.path, error.strerror or str(error)) from error
        try:
            me = self._me()
            self._reach_over_machines(me, wait_seconds, max(0.0, wait_seconds - (monotonic() - began)))
            if self._alone:
                self._forget_the_killed()
            write_atomically(self._holder_path, me.model_dump_json().encode() + b"\n")
        except BaseException:
            self._free()
            raise
        return self

    @property
    def taken_over(self) -> bool:
        """Whether somebody else has named itself as the holder of what this object holds, or held."""
        note = read_note(self._holder_path)
        return note is not None and (note.pid, note.host) != (os.getpid(), host_name())

    def release(self) -> None:
        """Give the lock back; without holding it, nothing happens."""
        if not self.held:
            return
        try:
            if not self.taken_over:
                self._holder_path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputNotWritable(self._holder_path, error.strerror or str(error)) from error
        finally:
            self._free()

    def _free(self) -> None:
        if self._server is not None:
            self._server.release(self._name())
        self._lock.release()

    def _name(self) -> str:
        """By which all machines know the lock."""
        return self.path.stem

    def _reach_over_machines(self, me: Holder, wait_seconds: float, left_seconds: float) -> list[Holder]:
        """Take the lock at the server, if there is one; returns who has held it there and not given it back."""
        if self._server is None:
            return []
        name, note = self._name(), me.model_dump_json()
        left = self._server.take(name, alone=self._alone, wait_seconds=left_seconds, holder=note)
        if left is None:
            told = [Holder.model_validate_json(note) for note in self._server.holders(name)]
            raise LockHeld(self._refusal(wait_seconds, told[0] if told else None))
        holders = [(Holder.model_validate_json(one.holder), one.quits) for one in left]
        gone = [holder.gone or (holder.pid, holder.host) == (me.pid, me.host) for holder, _ in holders]
        if quits := max((quits for (_, quits), ended in zip(holders, gone, strict=True) if not ended), default=0.0):
            # It may have lost the server alone, and not know it yet.
            _log.warning("waiting_for_lost_holder", extra={"lock": self._what, "seconds": quits})
            sleep(quits)
        return [holder for holder, _ in holders]

    def holder(self) -> Holder | None:
        """Who says to hold the lock; None when nobody says so. Of several, one that is not known to be gone."""
        found = [holder for path in self._notes() if (holder := read_note(path)) is not None]
        return next((holder for holder in found if not holder.gone), found[0] if found else None)

    def _notes(self) -> list[Path]:
        """What holders have written: the one that holds it alone first."""
        shared = sorted(self.path.parent.glob(f"{self.path.name}-holder-*.json"))
        return [self.path.with_name(f"{self.path.name}-holder.json"), *shared]

    def _forget_the_killed(self) -> None:
        """Nobody else holds it now."""
        try:
            for path in self._notes():
                path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputNotWritable(self.path.parent, error.strerror or str(error)) from error

    def _me(self) -> Holder:
        return Holder(
            pid=os.getpid(),
            host=host_name(),
            machine=machine_id(),
            boot=boot_id(),
            user=_user(),
            since=self._terms["clock"].timestamp(),
            input=self._terms.get("input_name", ""),
            command=self._terms.get("command", ""),
        )

    def _refusal(self, waited: float, holder: Holder | None = None) -> str:
        holder = holder or self.holder()
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


def read_note(note: Path) -> Holder | None:
    """Who says there to hold a lock; None: nobody."""
    try:
        return Holder.model_validate_json(note.read_bytes())
    except (OSError, ValidationError):
        return None
