"""A copy of the roll-out's files in an object store (MIRROR_URL, through fsspec), made in the background.

It follows the ledger and never leads: what is copied was on disk before, the checkpoint last, so that the mirror is at
any time a folder as a crash might have left it here some seconds or minutes ago. It never holds the run up and never
fails it: a mirror that does not work is told once, tried again at the next checkpoint, and told again at the end.

A folder brought back from a mirror is behind: rows may have been done since of which it knows nothing. That is the
case in which every row is looked up before anything is created. FROM_MIRROR tells the run that opens it to wait first
until lists show all that was written, however old its checkpoint looks.

Files that grow are copied whole, and cut at their last line: a record is one line.
"""

import json
import logging
import threading
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from webex_provision.ledger.errors import UnusableMirror
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.safe_text import printable, spellings

EVERY_SECONDS = 10.0
END_SECONDS = 30.0
_LONGEST_CAUSE = 300
_RENAMING = frozenset({"file", "local", "sftp", "ssh", "smb", "hdfs"})  # where a file could be seen half-written
_FOLDERS = _RENAMING | {"memory"}
_log = logging.getLogger(__name__)


class Mirror:
    """The mirror of one folder. A context manager: what has begun with the first checkpoint ends with one more copy.

    Raises UnusableMirror, when it is made, for a URL that nothing here can serve; after that nothing.
    """

    def __init__(self, folder: RollOutFolder, url: SecretStr) -> None:
        self._folder = folder
        self._secrets = secrets_in(url)
        self._files, base = self._opened(url.get_secret_value().strip())
        self._place = f"{base.rstrip('/')}/{folder.root.name}"
        self._copied: dict[str, tuple[int, int]] = {}
        self._begun = self._checked = False
        self._wanted, self._ending, self._abandoned = threading.Event(), threading.Event(), threading.Event()
        self._failure = self._told = ""
        self._thread = threading.Thread(target=self._follow, name="mirror", daemon=True)

    def checkpointed(self) -> None:
        """The folder's files are sound, have changed, and a checkpoint tells of it; returns at once."""
        if not self._begun:
            self._begun = True
            self._thread.start()
        self._wanted.set()

    def abandon(self) -> None:
        """Copy nothing more: the folder is no longer ours."""
        self._abandoned.set()

    @property
    def failure(self) -> str:
        """Why the last copy did not succeed; empty when it did."""
        return self._failure

    def news(self) -> str:
        """A line for people about a mirror that does not work, the first time that it is asked for."""
        if not self._failure or self._told:
            return ""
        self._told = self._failure
        return f"The mirror (MIRROR_URL) cannot be written: {self._failure}. The run goes on and tries again."

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._begun:
            return
        self._ending.set()
        self._wanted.set()
        self._thread.join(END_SECONDS)
        if self._thread.is_alive():
            self._failure = f"it was not complete {END_SECONDS:.0f} s after the end of the run"
        if self._failure and not self._abandoned.is_set():
            _log.warning("mirror_behind", extra={"cause": self._failure})

    def behind(self) -> str:
        """What to do about a mirror that is not complete after the end; empty when it is."""
        if not self._failure or self._abandoned.is_set():
            return ""
        return (
            f"The mirror (MIRROR_URL) is behind: {self._failure}. The roll-out's own folder is complete. "
            f"Mend the cause, then `webex-provision resume` brings the mirror up to date."
        )

    def _follow(self) -> None:
        """Copies after a checkpoint, at most every EVERY_SECONDS, and once more at the end."""
        while not self._abandoned.is_set():  # until the end
            self._wanted.wait()
            self._wanted.clear()
            ending = self._ending.is_set()
            try:
                self._copy()
            except Exception as error:  # whatever a store and its library may say: it is only a copy
                self._fails(error)
            else:
                self._failure = ""
            if ending:
                return
            self._ending.wait(EVERY_SECONDS)

    def _fails(self, error: Exception) -> None:
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        for spelling in self._secrets:
            said = said.replace(spelling, "***")
        self._failure = printable(" ".join(said.split()))[:_LONGEST_CAUSE]
        _log.warning("mirror_failed", extra={"cause": self._failure})

    def _copy(self) -> None:
        self._refuse_other_roll_out()
        changed = [path for path in self._sources() if self._stamp(path) != self._copied.get(path.name)]
        stamps = {path.name: self._stamp(path) for path in changed}
        # Read in this order, and written in the opposite one: what a file tells, those behind it know as well.
        contents = {path.name: _content(path) for path in changed}
        if not self._copied:
            contents[self._folder.from_mirror.name] = json.dumps({"folder": str(self._folder.root)}).encode() + b"\n"
        for name in reversed(contents):
            if self._abandoned.is_set():
                return
            self._write(name, contents[name])
            self._copied[name] = stamps.get(name, (0, 0))

    def _sources(self) -> list[Path]:
        """The checkpoint, the commits that it counts, the pending lines that these need, then all the rest."""
        place = self._folder
        first = [place.checkpoint, place.results, place.pending, place.intents]
        rest = [place.manifest, place.ready, place.rejected, place.pending_set_aside, place.runs, place.summary]
        return [path for path in (*first, *rest, place.row_errors, place.log) if path.is_file()]

    def _stamp(self, path: Path) -> tuple[int, int]:
        found = path.stat()
        return found.st_size, found.st_mtime_ns

    def _write(self, name: str, content: bytes) -> None:
        protocols = {self._files.protocol} if isinstance(self._files.protocol, str) else set(self._files.protocol)
        if protocols & _FOLDERS:
            self._files.makedirs(self._place, exist_ok=True)
        if not protocols & _RENAMING:
            self._files.pipe_file(f"{self._place}/{name}", content)
            return
        self._files.pipe_file(f"{self._place}/.{name}.part", content)
        self._files.mv(f"{self._place}/.{name}.part", f"{self._place}/{name}")

    def _refuse_other_roll_out(self) -> None:
        """The mirror may hold a roll-out of another folder with the same name."""
        if self._checked:
            return
        there = f"{self._place}/{self._folder.manifest.name}"
        if self._files.exists(there):
            theirs, ours = json.loads(self._files.cat_file(there)), json.loads(self._folder.manifest.read_bytes())
            if (theirs["input_hash"], theirs["created_at"]) != (ours["input_hash"], ours["created_at"]):
                raise ValueError(f"it holds another roll-out under the name {self._folder.root.name}")
        self._checked = True

    def _opened(self, url: str) -> tuple[Any, str]:
        try:
            core = import_module("fsspec.core")
            files, base = core.url_to_fs(url)
        except ImportError as error:
            raise UnusableMirror(f"{error}; for fsspec itself: pip install 'webex-provision[mirror]'") from None
        except Exception as error:
            self._fails(error)
            raise UnusableMirror(self._failure) from None
        return files, str(base)


def secrets_in(url: SecretStr) -> list[str]:
    """What no text may repeat of a URL: itself, its credentials and the values of its query, as they may be spelled."""
    text = url.get_secret_value().strip()
    parts = urlsplit(text)
    held = [value for _, value in parse_qsl(parts.query)]
    if "@" in parts.netloc:
        held += [text, *parts.netloc.rpartition("@")[0].split(":")]
    return spellings(held)


def _content(path: Path) -> bytes:
    """The file's bytes; of one that grows by lines, no half of one."""
    content = path.read_bytes()
    return content if path.suffix == ".json" else content[: content.rfind(b"\n") + 1]
