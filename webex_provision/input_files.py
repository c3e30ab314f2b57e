"""Reads files that somebody names: regular files only, up to a bound, never waiting for one to come.

A path may lead to a device that never ends, or to a pipe that nobody writes to.
"""

import os
import stat
from pathlib import Path

_CHUNK = 2**20


class UnusableFile(Exception):
    """The file can't be read; the message says why and what to do, without the path."""


class TooLarge(UnusableFile):
    """The file is larger than its reader allows."""


def read_regular_file(path: Path, most_bytes: int) -> bytes:
    """The bytes of a regular file of at most `most_bytes`; symbolic links are followed. Raises UnusableFile."""
    try:
        # Not blocking: opening a pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UnusableFile("there is no such file; check the path") from None
    except (OSError, ValueError) as error:
        raise UnusableFile(f"the file cannot be read ({_why(error)})") from None
    try:
        with os.fdopen(descriptor, "rb", closefd=True) as handle:
            _refuse_all_but_regular(os.fstat(handle.fileno()).st_mode)
            content = bytearray()
            for _ in range(most_bytes // _CHUNK + 2):
                if not (chunk := handle.read(_CHUNK)) or len(content) > most_bytes:
                    break
                content += chunk
    except OSError as error:
        raise UnusableFile(f"the file cannot be read ({_why(error)})") from None
    if len(content) > most_bytes:
        raise TooLarge(f"the file is larger than {most_bytes / 2**20:g} MiB")
    return bytes(content)


def _refuse_all_but_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise UnusableFile("this is a folder; name a file")
    if not stat.S_ISREG(mode):
        raise UnusableFile("this is not a regular file; name one")


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
