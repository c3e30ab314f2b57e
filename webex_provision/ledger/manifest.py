"""manifest.json: which input a roll-out folder belongs to, how it is split, and the open generation.

A generation is one pass over the rows: a run, or a retry, or a replay. `attempt` in the ledger is the generation's
number. A generation that was killed stays open and is gone on with; one that a confirmed 401 stopped is gone on with
under the next number, because rows that met the 401 have a commit and need another attempt.
"""

import json
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from webex_provision.ledger.errors import CorruptLedger, InputChanged, NewerFormat, NoRollOut, OutputNotWritable
from webex_provision.ledger.files import write_atomically
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.states import LastState, batch_number
from webex_provision.vocabulary import Phase, Reason, RowStatus, RunMode

FORMAT = 1  # of manifest.json and checkpoint.json; the next one is not for this version to read
Document = TypeVar("Document", bound=BaseModel)


class Identity(NamedTuple):
    """What makes two runs the same roll-out: sha256 of the CSV's bytes, and the pipeline version."""

    input_hash: str
    pipeline_version: str


class Selection(BaseModel):
    """Which rows a generation takes; an empty tuple means all. `batches` are numbers that count in each phase."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    phases: tuple[Phase, ...] = ()
    types: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    batches: tuple[int, ...] = ()

    def covers(self, last: LastState) -> bool:
        """Whether a row with this last state lies in the selection, its reason apart."""
        return (
            (not self.phases or last.phase in self.phases)
            and (not self.types or last.entity_type in self.types)
            and (not self.batches or batch_number(last.batch_id) in self.batches)
        )


class Generation(Selection):
    """One pass. A row with a commit of attempt >= `floor` is done in it; `n` is the attempt that it writes."""

    n: int = Field(default=0, ge=0)
    floor: int = Field(default=0, ge=0)
    mode: RunMode = RunMode.RESUME
    open: bool = False

    @property
    def selection(self) -> Selection:
        """The selection alone."""
        return Selection(phases=self.phases, types=self.types, reasons=self.reasons, batches=self.batches)

    def takes(self, last: LastState) -> bool:
        """Whether a row with this last state, older than `floor`, is to be done again in this generation."""
        if last.attempt >= self.floor or self.mode is RunMode.RESUME or not self.covers(last):
            return False
        if self.mode is RunMode.REPLAY:
            return True
        return last.status is RowStatus.PENDING and (not self.reasons or last.reason in self.reasons)


class Manifest(BaseModel):
    """What intake leaves behind, so that a run that knows only batch keys finds its roll-out.

    `rows` and `batches` count per phase; `warnings` is what intake had to say about rows that it let through;
    `stopped_auth` are the generations that a confirmed 401 ended.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_id: str = Field(min_length=1)
    csv_path: str
    csv_name: str
    input_hash: str = Field(pattern="^[0-9a-f]{64}$")
    pipeline_version: str
    batch_size: int = Field(ge=1)
    rows_read: int = Field(default=0, ge=0)
    rows_rejected: int = Field(default=0, ge=0)
    rows: dict[Phase, int] = Field(default_factory=dict)
    batches: dict[Phase, int] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    created_at: str
    generation: Generation = Generation()
    stopped_auth: tuple[int, ...] = ()
    format_version: Literal[1] = 1

    @property
    def identity(self) -> Identity:
        """What another run is compared with."""
        return Identity(self.input_hash, self.pipeline_version)

    def save(self, folder: RollOutFolder) -> None:
        """Replace manifest.json atomically."""
        write_atomically(folder.manifest, self.model_dump_json(indent=2).encode() + b"\n")


def read_document(path: Path, kind: type[Document]) -> Document | None:
    """A JSON file of the roll-out; None: missing. Raises CorruptLedger, NewerFormat, OutputNotWritable (no folder)."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise OutputNotWritable(path.parent, "a file stands where the folder should be") from None
    except OSError as error:
        raise CorruptLedger(path, 1, f"the file cannot be read ({error.strerror or error})") from error
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        _refuse_newer(path, content)
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CorruptLedger(path, 1, f"not a valid document ({where or 'JSON'}: {first['msg']})") from error


def _refuse_newer(path: Path, content: bytes) -> None:
    try:
        found = json.loads(content)["format_version"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return
    if isinstance(found, int) and found > FORMAT:
        raise NewerFormat(path, found, FORMAT)


def load_manifest(folder: RollOutFolder) -> Manifest:
    """The folder's manifest. Raises NoRollOut when there is none, CorruptLedger when it is unparseable."""
    manifest = read_document(folder.manifest, Manifest)
    if manifest is None:
        raise NoRollOut(folder.root)
    return manifest


def refuse_other_input(folder: RollOutFolder, found: Identity, wanted: Identity, csv_path: str) -> None:
    """Raise InputChanged, naming what differs, unless both identities are one."""
    if found.input_hash != wanted.input_hash:
        raise InputChanged(folder.root, f"CSV (sha256 {found.input_hash[:8]}, not {wanted.input_hash[:8]})", csv_path)
    if found.pipeline_version != wanted.pipeline_version:
        what = f"pipeline version ({found.pipeline_version}, not {wanted.pipeline_version})"
        raise InputChanged(folder.root, what, csv_path)
