"""A lock of the operating system that several hold together; whoever wants it alone takes `filelock.FileLock`."""

import fcntl
import os
import time
from pathlib import Path

from filelock import Timeout

from webex_provision.ledger.folder import FILE_MODE

_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class SharedFileLock:
    """`flock` in its shared form, on the same file as the exclusive one, which never removes that file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1

    @property
    def is_locked(self) -> bool:
        """Whether this object holds the lock."""
        return self._fd >= 0

    def acquire(self, timeout: float, poll_interval: float) -> None:
        """Take it, waiting `timeout` seconds at most. Raises Timeout, OSError."""
        deadline = time.monotonic() + timeout
        fd = os.open(self._path, _FLAGS, FILE_MODE)
        try:
            while not (taken := _taken(fd)) and time.monotonic() < deadline:
                time.sleep(poll_interval)
        except BaseException:
            os.close(fd)
            raise
        if not taken:
            os.close(fd)
            raise Timeout(str(self._path))
        self._fd = fd

    def release(self) -> None:
        """Give it back; without holding it, nothing happens."""
        if self._fd >= 0:
            os.close(self._fd)  # and with its only descriptor goes the lock
            self._fd = -1


def _taken(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
