"""A request that is not safe to repeat is noted durably before it is sent."""

import asyncio
import errno
import json
import os
import threading
from pathlib import Path

import pytest

from webex_provision.ledger.errors import CorruptLedger, OutputNotWritable
from webex_provision_tests.ledger.samples import opened, pending, roll_out, success


def test_an_intent_is_synced_before_intend_returns_and_stays_open_over_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = roll_out(tmp_path)
    synced: list[int] = []
    real = os.fsync

    def noted(fd: int) -> None:
        if Path(f"/proc/self/fd/{fd}").readlink() == folder.intents:
            synced.append(folder.intents.stat().st_size)
        real(fd)

    with opened(folder) as ledger:
        monkeypatch.setattr(os, "fsync", noted)
        asyncio.run(ledger.intend("a", "create_location"))
        assert synced == [folder.intents.stat().st_size]
        assert ledger.open_intents("a") == {"create_location"}
    line = json.loads(folder.intents.read_text())
    assert (line["row_id"], line["attempt"], line["step"]) == ("a", 1, "create_location")
    with opened(folder) as ledger:
        assert ledger.open_intents("a") == {"create_location"}
        assert ledger.open_intents("b") == set()


def test_a_commit_closes_the_rows_intents_and_they_leave_the_file_when_opened_again(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        for row, step in (("a", "create"), ("a", "enable"), ("=b", "create"), ("c", "create")):
            asyncio.run(ledger.intend(row, step))
        ledger.commit(success("a"))
        ledger.commit(pending("c"))
        assert ledger.open_intents("a") == ledger.open_intents("c") == set()
    assert len(folder.intents.read_text().splitlines()) == 4
    with opened(folder) as ledger:
        assert ledger.open_intents("=b") == {"create"}
    assert len(folder.intents.read_text().splitlines()) == 1
    assert folder.intents.stat().st_mode & 0o777 == 0o600


def test_concurrent_intents_share_their_fsyncs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = roll_out(tmp_path)
    gate = threading.Event()
    syncs: list[int] = []

    def slow(fd: int) -> None:
        gate.wait(10)
        syncs.append(folder.intents.read_bytes().count(b"\n"))

    async def many() -> None:
        tasks = [asyncio.create_task(ledger.intend(f"r{number}", "create")) for number in range(20)]
        await asyncio.sleep(0)
        late = asyncio.create_task(ledger.intend("late", "create"))
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*tasks, late)

    with opened(folder) as ledger:
        monkeypatch.setattr(os, "fsync", slow)
        asyncio.run(many())
        assert len(syncs) <= 2
        assert syncs[-1] == 21
        monkeypatch.undo()


def test_one_waiter_cancelled_does_not_take_the_fsync_from_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    async def two() -> None:
        first = asyncio.create_task(ledger.intend("a", "create"))
        second = asyncio.create_task(ledger.intend("b", "create"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        first.cancel()
        gate.set()
        await second
        with pytest.raises(asyncio.CancelledError):
            await first

    with opened(roll_out(tmp_path)) as ledger:
        monkeypatch.setattr(os, "fsync", lambda fd: gate.wait(10))
        asyncio.run(two())
        monkeypatch.undo()
        assert ledger.open_intents("b") == {"create"}


def test_every_waiter_learns_of_a_failed_fsync_and_no_more_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(fd: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    async def three() -> list[object]:
        return await asyncio.gather(*(ledger.intend(row, "create") for row in "abc"), return_exceptions=True)

    with opened(roll_out(tmp_path)) as ledger:
        monkeypatch.setattr(os, "fsync", refuse)
        assert [type(outcome) for outcome in asyncio.run(three())] == [OutputNotWritable] * 3
        monkeypatch.undo()
        with pytest.raises(OutputNotWritable):
            asyncio.run(ledger.intend("d", "create"))


@pytest.mark.parametrize(
    "tail",
    [
        b'{"row_id":"b","attempt":1,"st',
        b"{}\n",
        b"[]\n",
        b"null\n",
        b'{"row_id":"b","attempt":"1","step":"x","time":"t"}\n',
        b'{"row_id":1,"attempt":1,"step":"x","time":"t"}\n',
        b"[" * 200_000 + b"\n",
    ],
)
def test_a_bad_intent_is_named_by_file_and_line(tmp_path: Path, tail: bytes) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        asyncio.run(ledger.intend("a", "create"))
    with folder.intents.open("ab") as handle:
        handle.write(tail)
    with pytest.raises(CorruptLedger, match=r"intents\.jsonl, line 2"):
        opened(folder)
