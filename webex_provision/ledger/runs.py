"""runs.jsonl: every run of a roll-out, one line when its checks have passed and one when it has ended.

run_summary.json tells of the last run only. This is a record for people: no row's outcome hangs on it, so a line that
can't be read is passed over and counted, and `repair` sets it aside.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webex_provision.ledger.errors import CorruptLedger
from webex_provision.ledger.files import AppendFile
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.manifest import Selection
from webex_provision.vocabulary import RunMode, RunState

_LONGEST_MESSAGE = 2_000


class RunCounts(BaseModel):
    """Rows when a run ended. `processed` by that run; the others of the whole roll-out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    read: int = Field(ge=0)
    rejected: int = Field(ge=0)
    processed: int = Field(ge=0)
    success: int = Field(ge=0)
    pending: int = Field(ge=0)
    not_reached: int = Field(ge=0)


class RunRecord(BaseModel):
    """One line of the file; the line of a run's end repeats what the line of its start says.

    `state` and `counts` are null and `ended_at` is empty while a run goes on, and for ever when it was killed.
    `token_owner` is the email of the token's owner (of several tokens: of each user, a comma between) and `org_id` the
    organisation, both as Webex told them (empty when it never did); `tenant` is the base URL; `generation` is the
    attempt that the run's rows carry.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    started_at: str
    ended_at: str = ""
    state: RunState | None = None
    message: str = Field(default="", max_length=_LONGEST_MESSAGE)
    mode: RunMode
    generation: int = Field(ge=0)
    selection: Selection = Selection()
    token_owner: str = ""
    org_id: str = ""
    tenant: str = ""
    counts: RunCounts | None = None

    def line(self) -> bytes:
        """Its one line of the file."""
        shortened = self.model_copy(update={"message": self.message[:_LONGEST_MESSAGE]})
        return shortened.model_dump_json(ensure_ascii=True).encode("ascii") + b"\n"


@dataclass(frozen=True, slots=True)
class Runs:
    """The file read back: a record a run, in the order in which they began; `damaged` are numbers of bad lines."""

    records: tuple[RunRecord, ...] = ()
    damaged: tuple[int, ...] = ()


def append_run(folder: RollOutFolder, record: RunRecord) -> None:
    """Add a line, durably; the caller holds the folder's lock. Raises OutputNotWritable.

    A last line that a power cut has torn gets its end first, so that it spoils none but itself.
    """
    torn = _is_torn(folder.runs)
    file = AppendFile(folder.runs)
    try:
        file.append((b"\n" if torn else b"") + record.line())
    finally:
        file.close()


def _is_torn(path: Path) -> bool:
    try:
        with path.open("rb") as handle:
            size = handle.seek(0, 2)
            handle.seek(max(0, size - 1))
            return handle.read(1) not in {b"", b"\n"}
    except FileNotFoundError:
        return False
    except OSError as error:
        raise CorruptLedger(path, 1, f"the file cannot be read ({error.strerror or error})") from error


def read_runs(folder: RollOutFolder) -> Runs:
    """All runs of the roll-out; none when the file is missing. Raises CorruptLedger when it can't be opened."""
    known: dict[tuple[str, str], RunRecord] = {}
    damaged = []
    for number, raw in enumerate(_lines(folder.runs), start=1):
        record = _record_of(raw)
        if record is not None:
            known[record.run_id, record.started_at] = record
        elif raw.strip():
            damaged.append(number)
    return Runs(tuple(known.values()), tuple(damaged))


def sound_lines(folder: RollOutFolder) -> tuple[list[bytes], list[bytes]]:
    """The file's lines that can be read, and those that can't, as they are. For `repair`. Raises as `read_runs`."""
    lines = list(_lines(folder.runs))
    bad = [raw for raw in lines if _record_of(raw) is None]
    return [raw.rstrip(b"\r\n") + b"\n" for raw in lines if _record_of(raw) is not None], bad


def _lines(path: Path) -> Iterable[bytes]:
    try:
        return path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise CorruptLedger(path, 1, f"the file cannot be read ({error.strerror or error})") from error


def _record_of(raw: bytes) -> RunRecord | None:
    try:
        return RunRecord.model_validate_json(raw)
    except ValidationError:
        return None
