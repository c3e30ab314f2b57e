"""What lies in the inbox, judged file by file. Looks only; who starts runs is `assets.sensors`.

A file is taken when it looks the same in two ticks, so no clock of any machine counts. What is remembered from tick to
tick is a mark of 11 characters for each file that lies there now, and nothing of those that are gone.
"""

import base64
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ValidationError

from webex_provision.intake.input_file import SUFFIXES
from webex_provision.safe_text import printable

MOST_ENTRIES = 1_000  # marks make up to 11 KB, which Dagster keeps with every tick
MOST_FILES = 100  # hashed in one tick
MOST_BYTES = 2**28
_MOST_TOLD = 10
_HIDDEN = (".", "~$")  # rsync's own copies; what a spreadsheet program keeps beside a workbook that is open
_COPIES = (".part", ".partial", ".filepart", ".crdownload", ".tmp")


class Memory(BaseModel):
    """The sensor's cursor: marks of files that were there at the last tick, and of those that are dealt with.

    Dealt with is also what another code server's share has: with another `share` of ours, that is open again.
    """

    share: str
    seen: set[str] = set()
    done: set[str] = set()

    @classmethod
    def read(cls, cursor: str | None, share: str) -> "Memory":
        """A cursor of another share, or one that can't be read: files are judged again, and none runs twice for it."""
        try:
            before = cls.model_validate_json(cursor or "")
        except ValidationError:
            return cls(share=share)
        return before if before.share == share else cls(share=share)

    def written(self) -> str:
        """The same memory is the same text."""
        return json.dumps({"share": self.share, "seen": sorted(self.seen), "done": sorted(self.done)})


@dataclass(frozen=True)
class Dropped:
    """A settled, readable file that nobody has dealt with yet."""

    path: Path
    sha256: str
    size: int
    mark: str


@dataclass
class Look:
    """One look: files to decide on, what stands in the way of others, and the memory for the next look."""

    memory: Memory
    files: list[Dropped] = field(default_factory=list)
    faults: list[tuple[str, str, str]] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    def told(self) -> list[str]:
        """In words, a clause a kind."""
        return [
            *_clause("not taken", [f"{name} ({why})" for name, why, _ in self.faults]),
            *_clause("waiting", self.waiting),
        ]


def look_into(folder: Path, before: Memory) -> Look:
    """Judge every entry directly in `folder`. Raises OSError when the folder can't be read."""
    look = Look(Memory(share=before.share))
    entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(_HIDDEN)]
    stats = [(entry, found) for entry in entries if (found := _stat(entry)) is not None]
    stats.sort(key=lambda pair: pair[1].st_mtime_ns, reverse=True)
    if len(stats) > MOST_ENTRIES:
        look.waiting.append(f"{len(stats) - MOST_ENTRIES} older entries: move away what is done")
    for entry, found in sorted(stats[:MOST_ENTRIES], key=lambda pair: pair[0].name):
        _judge(look, before, entry, found)
    return look


def _judge(look: Look, before: Memory, entry: "os.DirEntry[str]", found: os.stat_result) -> None:
    name, mark = printable(entry.name), mark_of(entry.name, found)
    if Path(entry.name).suffix.lower() in _COPIES:
        look.waiting.append(f"{name} (still being copied, by its name)")
    elif (unfit := _unfit(entry, found)) is not None:
        look.faults.append((name, unfit, mark))
    elif mark in before.done:
        look.memory.done.add(mark)
        return
    elif mark not in before.seen:
        look.waiting.append(f"{name} (new, or still being copied)")
    elif found.st_size == 0:
        look.faults.append((name, "it is empty", mark))
    elif len(look.files) >= MOST_FILES:
        look.waiting.append(f"{name} (its turn comes at the next tick)")
    else:
        _take(look, Path(entry.path), found, mark)
    look.memory.seen.add(mark)


def _take(look: Look, path: Path, found: os.stat_result, mark: str) -> None:
    name = printable(path.name)
    try:
        with path.open("rb") as handle:
            sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
            after = os.fstat(handle.fileno())
    except OSError as error:
        look.faults.append((name, f"it cannot be read: {error.strerror}", mark))
        return
    if mark_of(path.name, after) != mark:
        look.waiting.append(f"{name} (still being copied)")
        return
    look.files.append(Dropped(path.resolve(), sha256, found.st_size, mark))


def _stat(entry: "os.DirEntry[str]") -> os.stat_result | None:
    """What a link leads to; the link itself where it leads nowhere; None where it is gone meanwhile."""
    for follow in (True, False):
        try:
            return entry.stat(follow_symlinks=follow)
        except OSError:
            continue
    return None


def _unfit(entry: "os.DirEntry[str]", found: os.stat_result) -> str | None:
    """Why an entry can never be a roll-out; None for a file that can."""
    if stat.S_ISDIR(found.st_mode):
        return "a folder; files directly in the inbox are taken"
    if Path(entry.name).suffix.lower() not in SUFFIXES:
        return f"neither of {', '.join(SUFFIXES)}"
    if not stat.S_ISREG(found.st_mode):
        return "not a file, or a link that leads nowhere"
    if found.st_size > MOST_BYTES:
        return f"larger than {MOST_BYTES >> 20} MB"
    if not _is_utf8(entry.name):
        return "its name is not UTF-8; rename it"
    return None


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def mark_of(name: str, found: os.stat_result) -> str:
    """Another one whenever content, name or time of change are others."""
    what = os.fsencode(name) + f"/{found.st_size}/{found.st_mtime_ns}/{found.st_ino}".encode()
    return base64.urlsafe_b64encode(hashlib.blake2b(what, digest_size=8).digest()).decode().rstrip("=")


def _clause(what: str, names: list[str]) -> Iterator[str]:
    if names:
        more = f" and {len(names) - _MOST_TOLD} more" if len(names) > _MOST_TOLD else ""
        yield f"{what}: {', '.join(names[:_MOST_TOLD])}{more}"
