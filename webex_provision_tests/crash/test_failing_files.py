"""Files that can't be written, are damaged, or are gone: the run ends with a clear word, and nothing is lost."""

import errno
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from webex_provision.ledger import files
from webex_provision.ledger.errors import CorruptLedger, OutputNotWritable
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.repair import repair
from webex_provision.vocabulary import ExitCode, RunMode
from webex_provision_tests.crash.recorded_life import Point
from webex_provision_tests.crash.story import WAIT, Story

CALLS = ("open", "write", "fsync", "replace")
SICK = (errno.ENOSPC, errno.EROFS, errno.EIO, errno.EMFILE, errno.EDQUOT)


class Disk:
    """What the ledger asks of the operating system; from the n-th call of a kind on, that kind and opening fail."""

    def __init__(self, kind: str = "", number: int = 0, sickness: int = errno.ENOSPC) -> None:
        self.calls: Counter[str] = Counter()
        self._kind, self._number, self._sickness = kind, number, sickness
        self._failed = False

    def __getattr__(self, name: str) -> Any:
        work = getattr(os, name)
        return self._ailing(name, work) if name in CALLS else work

    def _ailing(self, name: str, work: Any) -> Any:
        def call(*arguments: Any) -> Any:
            self.calls[name] += 1
            self._failed |= name == self._kind and self.calls[name] >= self._number
            if self._failed and name in {self._kind, "open"}:
                raise OSError(self._sickness, os.strerror(self._sickness))
            return work(*arguments)

        return call

    @contextmanager
    def beneath(self) -> Iterator[None]:
        """The ledger's disk, while the block lasts."""
        replace = self._ailing("replace", Path.replace)

        def replaced(path: Path, target: Path) -> Path:
            return Path(replace(path, target))

        with patch.object(files, "os", self), patch.object(Path, "replace", replaced):
            yield


def _begun(story: Story) -> Point:
    """When the rows are divided and nothing was sent."""
    return story.stages[0].after_intake[0]


def _half_way(story: Story) -> Point:
    """A part of the users is done; some rows are pending, some in flight."""
    points = [point for point in story.stages[0].after_intake if point.moment == "append results.csv"]
    return points[len(points) * 2 // 3]


@pytest.fixture(scope="module")
def calls(story: Story) -> Counter[str]:
    """How often an undisturbed run asks for each."""
    disk = Disk()
    story.life.restore(_begun(story))
    with disk.beneath():
        story.site.run()
    return disk.calls


@pytest.mark.parametrize("share", [0, 0.3, 0.6, 1])
@pytest.mark.parametrize("kind", CALLS)
def test_a_disk_that_fails_ends_the_run_and_the_same_command_goes_on(
    story: Story, calls: Counter[str], kind: str, share: float
) -> None:
    assert calls[kind] > len(SICK)
    number = 1 + round(share * (calls[kind] - 1))
    sickness = SICK[number % len(SICK)]
    story.life.restore(_begun(story))
    with Disk(kind, number, sickness).beneath(), pytest.raises(OutputNotWritable) as told:
        story.site.run()
    assert told.value.exit_code is ExitCode.STATE
    assert os.strerror(sickness) in str(told.value)
    assert "run the same command again" in str(told.value)
    assert not any(reason == "unhandled_exception" for _, reason in story.recorded_states().values())
    story.finishes(story.stages[0])


def test_a_folder_deleted_under_a_run_ends_it_and_the_csv_run_again_finds_what_was_made(story: Story) -> None:
    """By the next checkpoint, not at the end of its batch: what is done meanwhile is written nowhere."""
    story.life.restore(_begun(story))
    gone: list[float] = []

    def delete() -> None:
        gone.append(story.site.clock.elapsed)
        shutil.rmtree(story.site.folder)

    story.life.at_request(170, delete)
    with pytest.raises(OutputNotWritable, match="No such file or directory"):
        story.site.run()
    assert story.site.clock.elapsed - gone[0] <= story.site.settings.checkpoint_interval_seconds
    story.site.clock.advance(WAIT)
    story.site.run()
    story.site.check()
    assert story.site.sandbox.tenant.normalised() == story.stages[0].tenant


TAILS = {"results.csv": 9, "pending_rows.csv": 9, "intents.jsonl": 9, "checkpoint.json": 40, "manifest.json": 40}


@pytest.mark.parametrize("name", [*TAILS, "ready_to_load.csv", "rejected_rows.csv"])
def test_a_torn_end_is_named_and_repair_and_the_same_command_go_on(story: Story, name: str) -> None:
    story.life.restore(_half_way(story))
    path = story.site.folder / name
    before = path.read_bytes()
    path.write_bytes(before[: -TAILS.get(name, 30)])
    torn = {found.name: found.read_bytes() for found in story.site.folder.iterdir()}
    with pytest.raises(CorruptLedger) as told:
        story.site.run()
    assert told.value.exit_code is ExitCode.STATE
    assert name in str(told.value)
    assert f"webex-provision repair --output-dir {story.site.folder}" in str(told.value)
    left = {found.name: found.read_bytes() for found in story.site.folder.iterdir()}
    assert {found: left[found] for found in torn if "lock" not in found} == _without_locks(torn)
    assert any(name in action for action in repair(RollOutFolder(story.site.folder), clock=story.site.clock).actions)
    story.finishes(story.stages[0])


def _without_locks(files_there: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in files_there.items() if "lock" not in name}


def test_a_lost_tail_that_ends_with_a_line_is_noticed_in_the_ready_rows(story: Story) -> None:
    story.life.restore(_half_way(story))
    path = story.site.folder / "ready_to_load.csv"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-3]))
    with pytest.raises(CorruptLedger, match="intake wrote 55"):
        story.site.run()
    repair(RollOutFolder(story.site.folder), clock=story.site.clock)
    with pytest.raises(CorruptLedger, match="the file is missing"):
        story.site.drive(RunMode.RESUME)
    story.finishes(story.stages[0])


@pytest.mark.parametrize("name", ["checkpoint.json", "row_errors.csv", "run_summary.json", ".lock-holder.json"])
def test_a_file_that_follows_from_the_ledger_may_be_deleted(story: Story, name: str) -> None:
    for point in (_half_way(story), story.stages[0].points[-1]):
        story.life.restore(point)
        (story.site.folder / name).unlink(missing_ok=True)
        story.finishes(story.stages[0])


@pytest.mark.parametrize("name", ["results.csv", "manifest.json", "ready_to_load.csv"])
def test_the_ledger_itself_deleted_is_told_or_made_anew_and_nothing_is_made_twice(story: Story, name: str) -> None:
    story.life.restore(_half_way(story))
    (story.site.folder / name).unlink()
    if name == "results.csv":
        with pytest.raises(CorruptLedger, match=f"webex-provision repair --output-dir {story.site.folder}"):
            story.site.run()
        repair(RollOutFolder(story.site.folder), clock=story.site.clock)
    story.site.clock.advance(WAIT)
    story.site.run()
    story.site.run(RunMode.RETRY_PENDING)
    story.site.check()
    assert story.states == story.stages[0].states
    assert story.site.sandbox.tenant.normalised() == story.stages[0].tenant
