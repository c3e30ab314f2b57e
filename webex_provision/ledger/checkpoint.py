"""checkpoint.json: how far the run has come, never ahead of results.csv; and the watermark that it carries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from webex_provision.clock import Clock
from webex_provision.ledger.manifest import Generation, Manifest
from webex_provision.ledger.records import cell
from webex_provision.ledger.states import LastState
from webex_provision.vocabulary import Phase, RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What the engine knows of a checkpoint; the ledger adds identity, times, generation and counts."""

    phase: Phase | None = None
    last_row_id: int = 0
    last_completed_batch_id: str = ""
    last_completed_row_id: str = ""
    run_id: str = ""
    state: RunState | None = None


class Checkpoint(BaseModel):
    """The file's content.

    `commits` counts the records of results.csv when it was written; `state` is null while the run goes on;
    `last_row_id` is the contiguous watermark, an integer position in the phase's execution order;
    `updated_at_monotonic` is `updated_at` by this machine's clock that nobody sets, in seconds since it was started.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pipeline_version: str
    input_hash: str
    phase: Phase | None = None
    last_row_id: int = Field(default=0, ge=0)
    last_completed_batch_id: str = ""
    last_completed_row_id: str = ""
    dagster_run_id: str = ""
    started_at: str
    updated_at: str
    updated_at_monotonic: float | None = None
    generation: Generation
    state: RunState | None = None
    commits: int = Field(ge=0)
    format_version: Literal[1] = 1

    @property
    def progress(self) -> Progress:
        """What it tells of progress, so that a run that ends early does not forget it."""
        return Progress(
            phase=self.phase,
            last_row_id=self.last_row_id,
            last_completed_batch_id=self.last_completed_batch_id,
            last_completed_row_id=self.last_completed_row_id,
        )

    def age(self, clock: Clock) -> float:
        """Seconds since it was written, rather too few than too many where somebody has set the clock meanwhile."""
        ages = [(clock.now() - datetime.fromisoformat(self.updated_at)).total_seconds()]
        # Started anew, or another machine, the other clock may stand lower: it tells nothing then.
        if self.updated_at_monotonic is not None and clock.monotonic() >= self.updated_at_monotonic:
            ages.append(clock.monotonic() - self.updated_at_monotonic)
        return max(0.0, min(ages))


def why_foreign(checkpoint: Checkpoint, manifest: Manifest) -> str:
    """In what the checkpoint is that of another roll-out than the manifest; empty when it is not."""
    if checkpoint.input_hash != manifest.input_hash:
        found, wanted = checkpoint.input_hash[:8], manifest.input_hash[:8]
        return f"it is of another CSV (sha256 {found}, not {wanted} as {manifest.csv_name})"
    if checkpoint.pipeline_version != manifest.pipeline_version:
        return f"it is of pipeline version {checkpoint.pipeline_version}, not {manifest.pipeline_version}"
    return ""


def why_ahead(checkpoint: Checkpoint, states: Mapping[str, LastState], commits: int) -> str:
    """In what the checkpoint is ahead of the ledger (`states` by row as written); empty when it is not."""
    if checkpoint.commits > commits:
        return f"it knows {checkpoint.commits} commits, results.csv holds {commits}"
    row = checkpoint.last_completed_row_id
    if row and cell(row) not in states:
        return f"its last completed row {row} has no commit in results.csv"
    committed = sum(state.phase is checkpoint.phase for state in states.values())
    if checkpoint.last_row_id > committed:
        return f"its watermark is {checkpoint.last_row_id}, results.csv holds {committed} rows of the phase"
    return ""


class Watermark:
    """The highest position below which everything is done, fed with positions (from 1) in any order."""

    def __init__(self) -> None:
        self.position = 0
        self._ahead: set[int] = set()

    def done(self, position: int) -> int:
        """Note that `position` is done; returns the watermark. Noting it again changes nothing."""
        if position > self.position:
            self._ahead.add(position)
        while self.position + 1 in self._ahead:  # bounded by the positions fed
            self.position += 1
            self._ahead.remove(self.position)
        return self.position
