"""Repair sets the bad part aside, deletes nothing, and leaves a folder that opens."""

import asyncio
from pathlib import Path

import pytest

from webex_provision.ledger.checkpoint import Checkpoint, Progress
from webex_provision.ledger.errors import CorruptLedger, LockHeld, NoRollOut
from webex_provision.ledger.establish import establish_manifest
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.locks import FolderLock
from webex_provision.ledger.manifest import read_document
from webex_provision.ledger.repair import repair
from webex_provision.vocabulary import Phase
from webex_provision_tests.ledger.samples import manifest, opened, pending, roll_out, success
from webex_provision_tests.virtual_clock import VirtualClock

STAMP = "20260105T080000.000000Z"


def worked(root: Path) -> RollOutFolder:
    folder = roll_out(root)
    with opened(folder) as ledger:
        for row in ("a", "c"):
            ledger.commit(success(row))
            ledger.commit(pending(f"{row}-late"))
        asyncio.run(ledger.intend("d", "create"))
        ledger.checkpoint(Progress(phase=Phase.USERS, last_row_id=4, last_completed_row_id="c-late", run_id="run-1"))
    return folder


def mended(folder: RollOutFolder) -> str:
    return " ".join(repair(folder, clock=VirtualClock()).actions)


def aside(path: Path) -> bytes:
    return path.with_name(f"{path.name}.set_aside-{STAMP}").read_bytes()


def test_a_sound_folder_is_left_as_it_is(tmp_path: Path) -> None:
    folder = worked(tmp_path)
    before = {path.name: path.read_bytes() for path in folder.root.iterdir() if path.name != ".lock"}
    assert repair(folder, clock=VirtualClock()).actions == ()
    after = {path.name: path.read_bytes() for path in folder.root.iterdir() if path.name != ".lock"}
    assert after == before


def test_a_torn_results_tail_is_set_aside_and_the_checkpoint_rebuilt(tmp_path: Path) -> None:
    folder = worked(tmp_path)
    whole = folder.results.read_bytes()
    folder.results.write_bytes(whole[:-9])
    with pytest.raises(CorruptLedger, match=r"results\.csv, line 5"):
        opened(folder)
    done = mended(folder)
    assert "results.csv: from line 5 (the line is torn" in done
    assert "checkpoint.json" in done
    assert folder.results.read_bytes() + aside(folder.results) == whole[:-9]
    assert b'"commits": 4' in aside(folder.checkpoint)
    rebuilt = read_document(folder.checkpoint, Checkpoint)
    assert rebuilt is not None
    assert (rebuilt.commits, rebuilt.last_completed_row_id, rebuilt.last_row_id) == (3, "c", 0)
    with opened(folder) as ledger:
        assert set(ledger.states) == {"a", "a-late", "c"}
        assert ledger.remaining("c-late")


def test_pending_lines_lost_take_back_their_commits_and_no_others(tmp_path: Path) -> None:
    folder = worked(tmp_path)
    lines = folder.pending.read_bytes().splitlines(keepends=True)
    folder.pending.write_bytes(lines[0] + lines[1][:-4] + b"\xff\n" + lines[2])
    done = mended(folder)
    assert "pending_rows.csv: from line 2" in done
    assert "results.csv: 2 pending commits" in done
    assert aside(folder.results).count(b"\n") == 2
    with opened(folder) as ledger:
        assert set(ledger.states) == {"a", "c"}


def test_a_bad_header_sets_the_whole_file_aside(tmp_path: Path) -> None:
    folder = worked(tmp_path)
    spoilt = b"\xef\xbb\xbf" + folder.results.read_bytes()
    folder.results.write_bytes(spoilt)
    assert "results.csv: line 1" in mended(folder)
    assert aside(folder.results) == spoilt
    with opened(folder) as ledger:
        assert dict(ledger.states) == {}


def test_bad_intents_and_a_bad_checkpoint_are_set_aside(tmp_path: Path) -> None:
    folder = worked(tmp_path)
    with folder.intents.open("ab") as handle:
        handle.write(b'{"row')
    folder.checkpoint.write_text("{")
    done = mended(folder)
    assert "intents.jsonl: from line 2" in done
    assert "checkpoint.json: line 1" in done
    assert aside(folder.intents) == b'{"row'
    with opened(folder) as ledger:
        assert ledger.open_intents("d") == {"create"}
        assert len(ledger.states) == 4


def test_a_bad_manifest_is_set_aside_and_running_the_csv_again_goes_on(tmp_path: Path) -> None:
    folder = worked(tmp_path)
    folder.manifest.write_text("")
    assert "manifest.json" in mended(folder)
    with pytest.raises(NoRollOut):
        opened(folder)
    establish_manifest(folder, manifest())
    with opened(folder) as ledger:
        assert ledger.attempt == 1
        assert not ledger.remaining("a")
        assert ledger.remaining("d")


def test_bad_rejected_rows_are_set_aside_for_intake_to_write_again(tmp_path: Path) -> None:
    folder = worked(tmp_path)
    folder.rejected.write_text("not,the,header\n")
    assert "run the CSV again" in mended(folder)
    assert aside(folder.rejected) == b"not,the,header\n"


def test_repair_is_refused_while_a_run_holds_the_folder(tmp_path: Path) -> None:
    folder = worked(tmp_path)
    folder.results.write_bytes(b"torn")
    with FolderLock(folder, clock=VirtualClock()), pytest.raises(LockHeld):
        repair(folder, clock=VirtualClock())
    assert folder.results.read_bytes() == b"torn"


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(NoRollOut):
        repair(RollOutFolder(tmp_path / "gone"), clock=VirtualClock())
    assert not (tmp_path / "gone").exists()
