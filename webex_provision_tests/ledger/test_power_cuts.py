"""A power cut takes any bytes that no fsync has covered: what was durable is kept, the rest is done again, once."""

import asyncio
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from hypothesis import example, given, settings
from hypothesis import strategies as st

from webex_provision.ledger.errors import CorruptLedger
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.repair import repair
from webex_provision.ledger.state_store import Ledger
from webex_provision.ledger.states import LastState
from webex_provision.vocabulary import RunMode
from webex_provision_tests.ledger.samples import opened, pending, roll_out, success
from webex_provision_tests.ledger.test_crash_properties import ROWS, assert_never_twice, progress_of
from webex_provision_tests.virtual_clock import VirtualClock

GROWING = ("results.csv", "pending_rows.csv", "intents.jsonl")
DEEDS = st.lists(st.sampled_from(["success", "pending", "intend", "sync", "checkpoint", "end"]), max_size=14)
KILLED = None  # the machine goes on, and the kernel with all that was written
Cuts = tuple[float, ...] | None
CUTS: st.SearchStrategy[Cuts] = st.one_of(st.just(KILLED), st.tuples(*(st.floats(0, 1) for _ in GROWING)))


@dataclass
class Disk:
    """What would outlive a power cut: for each file, the size that an fsync has seen. Takes the place of fsync."""

    covered: dict[int, int] = field(default_factory=dict)
    states: dict[str, LastState] = field(default_factory=dict)
    off: bool = False

    def fsync(self, descriptor: int) -> None:
        if not self.off:
            found = os.fstat(descriptor)
            self.covered[found.st_ino] = found.st_size

    def kept(self, path: Path) -> int:
        return self.covered.get(path.stat().st_ino, 0)

    def look(self, ledger: Ledger) -> None:
        """Once every record is covered, so is every state."""
        folder = ledger.folder
        if all(self.kept(path) == path.stat().st_size for path in (folder.results, folder.pending)):
            self.states = dict(ledger.states)

    def lost(self, ledger: Ledger) -> list[str]:
        """Rows whose durable state is neither there nor followed by a later one."""
        now = ledger.states
        return [
            row
            for row, then in self.states.items()
            if row not in now or (now[row] != then and now[row].attempt <= then.attempt)
        ]

    def lose(self, folder: RollOutFolder, shares: tuple[float, ...]) -> None:
        """The power cut: each file that grows loses some of what nothing covered."""
        for name, share in zip(GROWING, shares, strict=True):
            path = folder.root / name
            kept, size = self.kept(path), path.stat().st_size
            os.truncate(path, kept + round(share * (size - kept)))
            self.covered[path.stat().st_ino] = path.stat().st_size


def work(ledger: Ledger, disk: Disk, deeds: list[str]) -> None:
    """Drives a ledger that never syncs by itself."""
    for deed in deeds:
        row = next((row for row in ROWS if ledger.remaining(row)), None)
        if deed in ("success", "pending") and row is not None:
            ledger.commit((success if deed == "success" else pending)(row, ledger.attempt))
        elif deed == "intend" and row is not None:
            asyncio.run(ledger.intend(row, "create"))
        elif deed == "sync":
            ledger.sync()
        elif deed == "checkpoint":
            ledger.checkpoint(progress_of(ledger))
        elif deed == "end" and row is None:
            # As a run ends: the manifest is durable at once, the checkpoint makes the rest so.
            ledger.close_generation()
            ledger.checkpoint(progress_of(ledger))
            ledger.open_generation(RunMode.REPLAY)
        disk.look(ledger)


def reopened(folder: RollOutFolder) -> Ledger:
    """The ledger as the next run finds it, after a repair where it asks for one."""
    try:
        return Ledger.open(folder, clock=VirtualClock(), fsync_interval=1e9)
    except CorruptLedger:
        assert repair(folder, clock=VirtualClock()).actions
        return Ledger.open(folder, clock=VirtualClock(), fsync_interval=1e9)


def live(folder: RollOutFolder, disk: Disk, deeds: list[str], cuts: Cuts) -> None:
    """A process works on the ledger until it is killed or the power goes."""
    ledger = reopened(folder)
    ledger.open_generation(RunMode.RESUME)
    assert not disk.lost(ledger)
    disk.look(ledger)
    work(ledger, disk, deeds)
    disk.off = True
    ledger.close()
    if cuts is not KILLED:
        disk.lose(folder, cuts)
    disk.off = False


@settings(max_examples=60)
@given(st.lists(st.tuples(DEEDS, CUTS), min_size=1, max_size=3))
def test_after_kills_and_power_cuts_nothing_durable_is_lost_and_no_row_is_recorded_twice(
    lives: list[tuple[list[str], Cuts]],
) -> None:
    disk = Disk()
    with tempfile.TemporaryDirectory() as root, patch("os.fsync", disk.fsync):
        folder = roll_out(Path(root))
        for deeds, cuts in lives:
            live(folder, disk, deeds, cuts)
        with reopened(folder) as ledger:
            assert not disk.lost(ledger)
            ledger.open_generation(RunMode.RESUME)
            for row in ROWS:
                if ledger.remaining(row):
                    ledger.commit(success(row, ledger.attempt))
            assert set(ledger.states) == set(ROWS)
            assert not any(ledger.remaining(row) for row in ROWS)
        assert_never_twice(folder)


@settings(max_examples=40)
@given(st.lists(st.tuples(DEEDS, CUTS), min_size=1, max_size=2))
@example([(["success"], KILLED), ([], (0.0, 0.0, 0.0))])
def test_an_intent_outlives_kills_and_power_cuts_until_its_row_is_durable(lives: list[tuple[list[str], Cuts]]) -> None:
    """Else a resume might send again, without a look, what may have been applied."""
    disk, row = Disk(), ROWS[0]
    with tempfile.TemporaryDirectory() as root, patch("os.fsync", disk.fsync):
        folder = roll_out(Path(root))
        with opened(folder) as ledger:
            asyncio.run(ledger.intend(row, "create"))
        for deeds, cuts in lives:
            live(folder, disk, deeds, cuts)
        with reopened(folder) as ledger:
            assert ledger.last(row) is not None or "create" in ledger.open_intents(row)
