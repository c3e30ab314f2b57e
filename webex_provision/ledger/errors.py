"""What can go wrong with the outputs, and what each error means for the process's exit code.

LedgerError
  OutputNotWritable   disk full, read-only folder, failed fsync          exit 5
  CorruptLedger       a file of the roll-out is torn or unparseable      exit 5, `repair` mends it
    TornLine          its last line has no end
  NewerFormat         a newer version of this program wrote the file     exit 5
  InputChanged        the folder belongs to another CSV or version       exit 5
  NoRollOut           the folder holds no roll-out yet                   exit 2
  NotForThis          a rehearsal's folder where a roll-out's was meant  exit 2
  GenerationOpen      an unfinished retry or replay is in the way        exit 5, `resume` finishes it
  LockHeld            another run works on this folder or tenant         exit 6
  LockOutOfReach      the folder is another machine's, or shared with it  exit 6
  LockServerFault     the PostgreSQL that keeps the locks does not serve  exit 6
  UnusableMirror      nothing here can serve MIRROR_URL                  exit 2
  LedgerInvariant     a promise of this program was about to be broken   exit 1
"""

import shlex
from pathlib import Path
from typing import ClassVar

from webex_provision.vocabulary import ExitCode


def _quoted(path: Path | str) -> str:
    """A path as it can be pasted into a shell."""
    return shlex.quote(str(path))


class LedgerError(Exception):
    """Any failure of the outputs; `exit_code` is what the command line ends with."""

    exit_code: ClassVar[ExitCode] = ExitCode.STATE


class OutputNotWritable(LedgerError):
    """The operating system refused a write; nothing half-written is left behind where that could be helped."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} cannot be written: {why}. Nothing is lost. Free space or mend the permissions, "
            f"then run the same command again."
        )
        self.path = path
        self.why = why


class CorruptLedger(LedgerError):
    """A file can't be trusted from `line` (1-based) on; `offset` is the byte at which that line starts."""

    def __init__(self, path: Path, line: int, why: str, offset: int = 0) -> None:
        super().__init__(
            f"{path}, line {line}: {why}. Nothing was changed. "
            f"`webex-provision repair --output-dir {_quoted(path.parent)}` sets the bad part aside and keeps the rest."
        )
        self.path = path
        self.line = line
        self.why = why
        self.offset = offset


class TornLine(CorruptLedger):
    """The last line has no end: its write was cut short, or is still under way in another process."""


class NewerFormat(LedgerError):
    """A file of the roll-out has a form that this version does not know; `repair` leaves it alone, too."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{path} was written by a newer version of this program (format {found}, this one knows {known}). "
            f"Nothing was changed. Go on with that version: `webex-provision resume --output-dir {path.parent}`."
        )


class InputChanged(LedgerError):
    """The folder holds a roll-out of another CSV or pipeline version; nothing was touched."""

    def __init__(self, folder: Path, what: str, csv_path: str) -> None:
        original = _quoted(csv_path) if csv_path else "<the original CSV>"
        super().__init__(
            f"{folder} holds a roll-out with another {what}. Nothing was touched. Go on with the original: "
            f"`webex-provision run {original} --output-dir {_quoted(folder)}`, or start a new roll-out: "
            f"`webex-provision run <your CSV> --output-dir <another folder>`."
        )


class NoRollOut(LedgerError):
    """The folder lacks what intake writes, so there is nothing to go on with."""

    exit_code = ExitCode.USAGE

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} holds no roll-out (manifest.json is missing). "
            f"Start it: `webex-provision run <your CSV> --output-dir {_quoted(folder)}`."
        )


class GenerationOpen(LedgerError):
    """A retry or replay was interrupted, and another one was asked for."""

    def __init__(self, folder: Path, mode: str, n: int) -> None:
        super().__init__(
            f"{folder} has an unfinished {mode} (generation {n}). "
            f"Finish it first: `webex-provision resume --output-dir {_quoted(folder)}`."
        )


class LockHeld(LedgerError):
    """Someone else holds the lock; the message names the holder."""

    exit_code = ExitCode.LOCKED


class LockOutOfReach(LedgerError):
    """A lock of this machine says nothing about another one, and nothing else does: see DAGSTER_POSTGRES_URL."""

    exit_code = ExitCode.LOCKED


class LockServerFault(LedgerError):
    """The locks of several machines cannot be had; `why` is what the server, or its library, says."""

    exit_code = ExitCode.LOCKED

    def __init__(self, why: str) -> None:
        super().__init__(
            f"The PostgreSQL server that DAGSTER_POSTGRES_URL names keeps the locks of all machines, and cannot be "
            f"used: {why}. Mend it, or the variable, then run the same command again; nothing is lost."
        )
        self.why = why


class UnusableMirror(LedgerError):
    """MIRROR_URL names no store that can be written from here; nothing was sent."""

    exit_code = ExitCode.USAGE

    def __init__(self, why: str) -> None:
        super().__init__(f"MIRROR_URL cannot be used: {why}. Mend it, or unset it, then run the same command again.")


class LedgerInvariant(LedgerError):
    """A caller was about to record a row twice, or a checkpoint ahead of the ledger: a fault of this program."""

    exit_code = ExitCode.UNEXPECTED
