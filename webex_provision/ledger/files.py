"""The two ways in which a file is written: one record by one write at its end, or whole and atomically."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from webex_provision.ledger.errors import OutputNotWritable
from webex_provision.ledger.folder import FILE_MODE

# A link in a file's place would lead the writing elsewhere.
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def _why(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "a symbolic link stands in its place; remove it"
    return error.strerror or str(error)


def open_private(path: Path, flags: int) -> int:
    """A descriptor to write to `path`, which is its owner's alone from now on, whatever the umask. Raises OSError."""
    fd = os.open(path, _NEW_FILE | flags, FILE_MODE)
    try:
        os.fchmod(fd, FILE_MODE)
    except BaseException:
        os.close(fd)
        raise
    return fd


def sync_folder(folder: Path) -> None:
    """Make renames and new names in `folder` durable."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, that takes `path`'s place, whole and durable, when the block ends without an error.

    Otherwise `path` is as it was. Raises OutputNotWritable for any OSError of the block. One writer at a time: the
    temporary name is fixed, so that a killed writer leaves one file at most, which the next one overwrites.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        fd = open_private(temporary, os.O_TRUNC)
        with os.fdopen(fd, "wb") as handle:
            yield handle
            handle.flush()
            os.fsync(fd)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        _discard(temporary)
        raise OutputNotWritable(path, _why(error)) from error
    except BaseException:
        _discard(temporary)
        raise


def _discard(temporary: Path) -> None:
    with suppress(OSError):
        temporary.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` by `content`; see `atomic_file`."""
    with atomic_file(path) as handle:
        handle.write(content)


class AppendFile:
    """A file that grows by whole records, each by ONE write on an O_APPEND descriptor.

    No buffer of ours: what `append` returned from survives a kill of the process; what `sync` returned from survives
    a power cut. A failed or short write is taken back; where that fails too, the file refuses further writes.
    """

    def __init__(self, path: Path, header: bytes = b"") -> None:
        """Open `path` to append; a missing file is made with `header`, atomically and durably."""
        self.path = path
        self._fd = -1
        self._broken = ""
        self._dirty = True  # whoever wrote it may have been killed before the fsync
        try:
            if not path.exists():
                write_atomically(path, header)
            self._fd = open_private(path, os.O_APPEND)
            self.size = os.fstat(self._fd).st_size
        except OSError as error:
            raise OutputNotWritable(path, _why(error)) from error

    def append(self, record: bytes) -> int:
        """Write one record; returns the offset at which it starts. Raises OutputNotWritable."""
        self._refuse_when_broken()
        start = self.size
        try:
            written = os.write(self._fd, record)
        except OSError as error:
            self.take_back(start)
            raise OutputNotWritable(self.path, _why(error)) from error
        if written != len(record):
            self.take_back(start)
            raise OutputNotWritable(self.path, f"only {written} of {len(record)} bytes fitted")
        self.size = start + written
        self._dirty = True
        return start

    def take_back(self, start: int) -> None:
        """Cut the file to `start` bytes: what was appended since never was. Failing that, refuse further writes."""
        try:
            os.ftruncate(self._fd, start)
        except OSError as error:
            self._broken = f"a half-written record could not be taken back ({_why(error)})"
        else:
            self.size = start
            self._dirty = True

    def sync(self) -> None:
        """Make all records durable. After a failed fsync the file refuses writes: the kernel may have lost some."""
        self._refuse_when_broken()
        if not self._dirty:
            return
        self._dirty = False  # first: a record appended while a thread waits in fsync makes it dirty again
        try:
            os.fsync(self._fd)
        except OSError as error:
            self._broken = f"an fsync failed ({_why(error)})"
            raise OutputNotWritable(self.path, self._broken) from error

    def close(self) -> None:
        """Sync and close; closing twice is fine."""
        if self._fd < 0:
            return
        try:
            if not self._broken:
                self.sync()
        finally:
            os.close(self._fd)
            self._fd = -1
            self._broken = "the file is closed"

    def _refuse_when_broken(self) -> None:
        if self._broken:
            raise OutputNotWritable(self.path, self._broken)
