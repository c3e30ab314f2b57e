"""A process that ends without a word, inside this one: afterwards only its files are left, as they were that moment.

`Disk` knows which bytes of a folder are durable (fsync is watched, not done), keeps the folder as it is when the
process dies, and puts it back when Python has unwound what a real death would not have run.
"""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from webex_provision_tests.crash.kill_points import visited_at
from webex_provision_tests.promises.fault_kinds import AT_REQUESTS, CALLER, Death
from webex_provision_tests.virtual_clock import VirtualClock

GROWING = ("results.csv", "pending_rows.csv", "intents.jsonl", "pending_rows.set_aside.csv")


class Killed(SystemExit):
    """The process ends here. Nothing catches it: an event loop lets it through at once."""


class Disk:
    """A folder, which bytes of it a power cut leaves, and its state at the moment of death."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept = folder.with_name("kept")
        self._durable: dict[int, int] = {}

    @contextmanager
    def watched(self) -> Iterator[None]:
        """What was there before is durable; from now on, what was synchronised."""
        there = self.folder.iterdir() if self.folder.exists() else ()
        self._durable = {path.stat().st_ino: path.stat().st_size for path in there}
        with patch.object(os, "fsync", self._sync):
            yield

    def _sync(self, descriptor: int) -> None:
        found = os.fstat(descriptor)
        self._durable[found.st_ino] = found.st_size

    def keep(self, *, power_cut: bool) -> None:
        """The process dies now; in a power cut the ends of files that were not synchronised are lost."""
        shutil.copytree(self.folder, self._kept)
        for path in self.folder.iterdir():
            found = path.stat()
            durable = self._durable.get(found.st_ino, 0)
            if power_cut and path.suffix in {".csv", ".jsonl", ".json"} and durable < found.st_size:
                os.truncate(self._kept / path.name, durable)

    def restore(self) -> None:
        """What died has unwound: the folder is as it was then."""
        if self._kept.exists():
            shutil.rmtree(self.folder)
            self._kept.rename(self.folder)


class Reaper:
    """Ends a launch at the chosen moment; `struck` is the type of the row that it met, `died_at` when by the clock."""

    def __init__(self, death: Death | None, disk: Disk, clock: VirtualClock) -> None:
        self._death, self._disk, self._clock = death, disk, clock
        self.died_at = 0.0
        self._left = death.number if death else 0
        self.dead = False
        self.struck = ""

    def at_request(self, moment: str, method: str) -> None:
        """Called before and after each request; raises Killed."""
        death = self._death
        if death is not None and death.kind == moment and re.fullmatch(death.method, method):
            self._met(death)

    @contextmanager
    def in_the_ledger(self) -> Iterator[None]:
        """The patches of a death inside the ledger, if that is how it is to die."""
        death = self._death
        if death is None or death.kind in AT_REQUESTS:
            yield
            return
        with visited_at(death.kind, lambda: self._met(death)):
            yield

    def _met(self, death: Death) -> None:
        caller = CALLER.get()
        struck = caller.entity_type if caller else ""
        if self.dead or (death.aimed_at and death.aimed_at != struck):
            return
        self._left -= 1
        if self._left <= 0:
            self.dead, self.struck, self.died_at = True, struck, self._clock.elapsed
            self._disk.keep(power_cut=death.power_cut)
            raise Killed(death.label)
