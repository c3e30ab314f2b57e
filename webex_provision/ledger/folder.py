"""The names and paths of a roll-out folder, and its permissions: folder 0700, files 0600."""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from webex_provision.ledger.errors import OutputNotWritable

FOLDER_MODE = 0o700
FILE_MODE = 0o600
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_SLUG_LENGTH = 40
_HASH_LENGTH = 8


def input_id_of(csv_path: Path, input_hash: str) -> str:
    """The name of an input: slug of the file's stem, a dash, the first 8 of its sha256.

    Only `[A-Za-z0-9_-]`, so that it can be part of a partition key and of a folder's name.
    """
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", csv_path.stem).strip("-")[:_SLUG_LENGTH].strip("-")
    return f"{slug or 'input'}-{input_hash[:_HASH_LENGTH]}"


def make_private(folder: Path) -> None:
    """Make a folder and those above it, each its owner's only whatever the umask; existing ones stay as they are.

    Raises OSError.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    for place in reversed(missing):
        try:
            place.mkdir(mode=FOLDER_MODE)
        except FileExistsError:  # somebody was quicker
            continue
        place.chmod(FOLDER_MODE)
    folder.mkdir(exist_ok=True)  # raises where a file, or a link that leads nowhere, stands in its place


def _not_ours(folder: Path) -> str:
    """Why the folder is not to be trusted; empty when it is, or has been made so."""
    link = folder.lstat()
    if stat.S_ISLNK(link.st_mode) and link.st_uid not in {os.geteuid(), 0}:
        return "it is a symbolic link of another user; name the folder itself"
    there = folder.stat()
    if not stat.S_ISDIR(there.st_mode):
        return "it is no folder; name another"
    if there.st_mode & _OTHERS_WRITE:
        if there.st_uid != os.geteuid():
            return "others may write to it, and it belongs to another user; name a folder of your own"
        folder.chmod(stat.S_IMODE(there.st_mode) & ~_OTHERS_WRITE)
    return ""


@dataclass(frozen=True, slots=True)
class RollOutFolder:
    """One roll-out's folder: every path that the ledger reads or writes, directly in `root`."""

    root: Path

    def create(self) -> None:
        """Make the folder, its owner's only; of an existing one, take away that others may write to it.

        Whoever may write to it could put rows, or states of rows, there. One that was brought back from a mirror has
        the modes that the copying gave it: it becomes its owner's only, files and all. Raises OutputNotWritable.
        """
        try:
            make_private(self.root)
            if why := _not_ours(self.root):
                raise OutputNotWritable(self.root, why)
            if self.from_mirror.exists():
                self.root.chmod(FOLDER_MODE)
                for path in self.root.iterdir():
                    if path.is_file() and not path.is_symlink():
                        path.chmod(FILE_MODE)
        except OSError as error:
            raise OutputNotWritable(self.root, error.strerror or str(error)) from error

    @property
    def ready(self) -> Path:
        """Accepted rows, normalised; the input's own columns."""
        return self.root / "ready_to_load.csv"

    @property
    def rejected(self) -> Path:
        """Rows with bad data, never sent."""
        return self.root / "rejected_rows.csv"

    @property
    def results(self) -> Path:
        """One line a row and attempt: the commit."""
        return self.root / "results.csv"

    @property
    def pending(self) -> Path:
        """History of rows that could not be completed, with the row itself."""
        return self.root / "pending_rows.csv"

    @property
    def pending_set_aside(self) -> Path:
        """Pending lines that a crash left without their commit."""
        return self.root / "pending_rows.set_aside.csv"

    @property
    def checkpoint(self) -> Path:
        """How far the run has come; never ahead of results.csv."""
        return self.root / "checkpoint.json"

    @property
    def summary(self) -> Path:
        """How the last run ended."""
        return self.root / "run_summary.json"

    @property
    def row_errors(self) -> Path:
        """The operator's view: rejected rows and rows pending now."""
        return self.root / "row_errors.csv"

    @property
    def plan(self) -> Path:
        """What a run would do; no part of the ledger, and read by nobody here."""
        return self.root / "plan.csv"

    @property
    def manifest(self) -> Path:
        """What the roll-out is: input, hash, batch size, generation."""
        return self.root / "manifest.json"

    @property
    def intents(self) -> Path:
        """Requests that were about to be sent and are not safe to repeat."""
        return self.root / "intents.jsonl"

    @property
    def runs(self) -> Path:
        """Every run: when, by whose token, how it ended."""
        return self.root / "runs.jsonl"

    @property
    def from_mirror(self) -> Path:
        """There while the folder is as a mirror kept it: no run has gone on with it yet."""
        return self.root / "FROM_MIRROR.json"

    @property
    def log(self) -> Path:
        """The run's log; written by the logging set-up, only named here."""
        return self.root / "run.log"

    @property
    def lock(self) -> Path:
        """The lock of the folder; who holds it stands in a file beside it."""
        return self.root / ".lock"
