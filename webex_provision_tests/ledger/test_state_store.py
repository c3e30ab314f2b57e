"""A row's commit: exactly once, readable at once, and the same after the ledger is opened again."""

import csv
import errno
import os
from pathlib import Path

import pytest

from webex_provision.ledger.checkpoint import Checkpoint, Progress
from webex_provision.ledger.errors import CorruptLedger, LedgerInvariant, OutputNotWritable
from webex_provision.ledger.manifest import read_document
from webex_provision.ledger.state_store import Ledger
from webex_provision.ledger.states import LastState, batch_id_of, batch_number, read_states
from webex_provision.vocabulary import Phase, Reason, RowStatus, RunState
from webex_provision_tests.ledger.samples import opened, pending, roll_out, success
from webex_provision_tests.virtual_clock import VirtualClock


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def test_the_columns_are_the_contracts_in_order_and_ours_after_them(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    opened(folder).close()
    assert folder.results.read_text().startswith(
        "timestamp,batch_id,row_id,phase,entity_type,entity_key,step,status,http_status,message,remote_id,"
        "attempt,run_id,row_number"
    )
    assert folder.pending.read_text().startswith(
        "timestamp,batch_id,row_id,phase,entity_type,entity_key,step,reason_code,reason_message,http_status,"
        "raw_row_minified,attempt,run_id,row_number"
    )


def test_success_and_pending_are_both_one_results_line_and_pending_has_its_row_besides(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(success("a"))
        ledger.commit(pending("b", message="=evil\nline"))
    results = rows_of(folder.results)
    assert [(row["row_id"], row["status"], row["attempt"], row["row_number"]) for row in results] == [
        ("a", "success", "1", "7"),
        ("b", "pending", "1", "7"),
    ]
    assert results[0]["entity_key"] == "+34600111222"
    (line,) = rows_of(folder.pending)
    assert line["reason_code"] == "user_not_found"
    assert line["reason_message"] == "'=evil line"
    assert line["raw_row_minified"] == '{"entity_type":"user","email":"b"}'


def test_a_commit_is_in_the_files_before_anything_is_synced_or_closed(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    ledger = opened(folder)
    ledger.commit(pending("b"))
    assert [row["row_id"] for row in rows_of(folder.results)] == ["b"]
    assert read_states(folder) == dict(ledger.states)
    ledger.close()


def test_last_states_are_the_same_after_opening_again(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(success("a", remote_id="=strange"))
        ledger.commit(pending("=b", http_status=404))
        ledger.commit(success('ñ, "quoted"\nline', step="+step"))
        before = dict(ledger.states)
    with opened(folder) as ledger:
        assert dict(ledger.states) == before
        assert ledger.last("=b") == LastState(
            1, RowStatus.PENDING, Reason.USER_NOT_FOUND, "assign_license", 404, "", "user", "p2-b0001",
            Phase.USERS, "run-1",
        )  # fmt: skip
        assert ledger.last('ñ, "quoted"\nline') is not None
        assert ledger.last("c") is None


def test_a_row_is_never_committed_twice_in_an_attempt(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(pending("a"))
        with pytest.raises(LedgerInvariant, match="committed already"):
            ledger.commit(success("a"))
        with pytest.raises(LedgerInvariant, match="committed already"):
            ledger.commit(pending("a"))
    assert len(rows_of(folder.results)) == len(rows_of(folder.pending)) == 1


def test_outcomes_that_contradict_themselves_are_refused_with_nothing_written(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        for wrong in (
            success("a", attempt=2),
            success(""),
            success("a", status=RowStatus.REJECTED),
            success("a", reason=Reason.OUT_OF_SCOPE),
            success("a", status=RowStatus.PENDING),
        ):
            with pytest.raises(LedgerInvariant):
                ledger.commit(wrong)
        ledger.close_generation()
        with pytest.raises(LedgerInvariant, match="not the open generation"):
            ledger.commit(success("a"))
    assert rows_of(folder.results) == rows_of(folder.pending) == []


def test_a_full_disk_at_the_commit_takes_the_pending_line_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        real = os.write
        calls = 0

        def second_fails(fd: int, data: bytes) -> int:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(fd, data)

        monkeypatch.setattr(os, "write", second_fails)
        with pytest.raises(OutputNotWritable, match="No space left"):
            ledger.commit(pending("a"))
        assert ledger.last("a") is None
        assert rows_of(folder.pending) == []
        ledger.commit(pending("a"))
    assert len(rows_of(folder.results)) == len(rows_of(folder.pending)) == 1


def test_commits_are_synced_in_groups_by_time_and_at_every_batch_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock()
    with opened(roll_out(tmp_path), clock=clock) as ledger:
        syncs: list[int] = []
        monkeypatch.setattr(os, "fsync", syncs.append)
        for number in range(50):
            ledger.commit(success(f"r{number}"))
        assert syncs == []
        clock.advance(1)
        ledger.commit(success("late"))
        assert len(syncs) == 1
        ledger.commit(pending("b"))
        ledger.sync()
        assert len(syncs) == 3


def test_pending_lines_without_their_commit_are_set_aside_and_not_an_error(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(pending("a"))
        ledger.commit(pending("b"))
    lines = folder.results.read_bytes().splitlines(keepends=True)
    folder.results.write_bytes(b"".join(lines[:-1]))
    with opened(folder) as ledger:
        assert set(ledger.states) == {"a"}
        assert ledger.remaining("b")
        assert [row["row_id"] for row in rows_of(folder.pending)] == ["a"]
        assert [row["row_id"] for row in rows_of(folder.pending_set_aside)] == ["b"]
        ledger.commit(pending("b"))
    assert [row["row_id"] for row in rows_of(folder.pending)] == ["a", "b"]
    assert folder.pending_set_aside.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (1, "batch"),
        (2, ""),
        (3, "4"),
        (3, "x"),
        (7, "rejected"),
        (7, "done"),
        (8, "2OO"),
        (11, "0"),
        (11, "-1"),
        (11, "1_0"),
        (13, ""),
        (14, "user_not_found"),
    ],
)
def test_an_unparseable_commit_is_named_by_file_and_line(tmp_path: Path, column: int, value: str) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(success("a"))
        ledger.commit(success("b"))
    lines = folder.results.read_text().splitlines()
    fields = lines[2].split(",")
    fields[column] = value
    folder.results.write_text("\n".join([*lines[:2], ",".join(fields)]) + "\n")
    with pytest.raises(CorruptLedger, match=r"results\.csv, line 3"):
        opened(folder)


def test_a_commit_recorded_twice_is_corrupt(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(success("a"))
    lines = folder.results.read_bytes().splitlines(keepends=True)
    folder.results.write_bytes(b"".join([*lines, lines[-1]]))
    with pytest.raises(CorruptLedger, match=r"line 3: row a, attempt 1 is recorded again"):
        opened(folder)


def test_a_pending_commit_without_its_pending_line_is_corrupt(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(pending("a"))
    folder.pending.unlink()
    with pytest.raises(CorruptLedger, match=r"results\.csv, line 2: row a, attempt 1 is pending but has no line"):
        opened(folder)


def test_the_checkpoint_carries_the_contracts_fields(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(success("a"))
        ledger.checkpoint(
            Progress(
                phase=Phase.USERS,
                last_row_id=1,
                last_completed_batch_id="p2-b0001",
                last_completed_row_id="a",
                run_id="run-1",
                state=RunState.INTERRUPTED,
            )
        )
    found = read_document(folder.checkpoint, Checkpoint)
    assert found is not None
    assert list(found.model_dump())[:4] == ["pipeline_version", "input_hash", "phase", "last_row_id"]
    assert (found.commits, found.generation.n, found.state) == (1, 1, RunState.INTERRUPTED)
    assert folder.checkpoint.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "ahead", [Progress(last_completed_row_id="b"), Progress(phase=Phase.USERS, last_row_id=2)], ids=["row", "watermark"]
)
def test_a_checkpoint_ahead_of_the_ledger_is_refused(tmp_path: Path, ahead: Progress) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(success("a"))
        with pytest.raises(LedgerInvariant, match="ahead of the ledger"):
            ledger.checkpoint(ahead)
    assert not folder.checkpoint.exists()


def test_commits_are_durable_before_the_checkpoint_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(pending("a"))
        order: list[str] = []
        real = os.fsync

        def noted(fd: int) -> None:
            order.append(Path(f"/proc/self/fd/{fd}").readlink().name)
            real(fd)

        monkeypatch.setattr(os, "fsync", noted)
        ledger.checkpoint(Progress())
    assert order[:4] == ["pending_rows.csv", "results.csv", ".checkpoint.json.tmp", folder.root.name]


def test_a_ledger_that_lost_commits_its_checkpoint_knows_of_is_corrupt(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(success("a"))
        ledger.commit(success("b"))
        ledger.checkpoint(Progress())
    lines = folder.results.read_bytes().splitlines(keepends=True)
    folder.results.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(CorruptLedger, match=r"checkpoint\.json, line 1: the checkpoint is ahead"):
        opened(folder)
    folder.results.unlink()
    with pytest.raises(CorruptLedger, match="ahead"):
        opened(folder)


def test_a_missing_checkpoint_is_fine_because_the_ledger_is_the_truth(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(success("a"))
        ledger.checkpoint(Progress())
    folder.checkpoint.unlink()
    with opened(folder) as ledger:
        assert not ledger.remaining("a")


def test_an_unparseable_checkpoint_is_named(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    folder.checkpoint.write_text('{"phase": 1')
    with pytest.raises(CorruptLedger, match=r"checkpoint\.json, line 1"):
        opened(folder)


def test_a_corrupt_ledger_is_left_untouched(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(pending("a"))
        ledger.commit(pending("b"))
    folder.results.write_bytes(folder.results.read_bytes()[:-5])
    before = {path.name: path.read_bytes() for path in folder.root.iterdir()}
    with pytest.raises(CorruptLedger, match=r"results\.csv, line 3: the line is torn"):
        opened(folder)
    assert {path.name: path.read_bytes() for path in folder.root.iterdir()} == before


def test_a_reader_without_the_lock_passes_over_a_line_being_written(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    assert read_states(folder) == {}
    with opened(folder) as ledger:
        ledger.commit(success("a"))
    with folder.results.open("ab") as handle:
        handle.write(b"2026-01")
    assert set(read_states(folder)) == {"a"}
    with folder.results.open("ab") as handle:
        handle.write(b"\n")
    with pytest.raises(CorruptLedger, match="line 3"):
        read_states(folder)


def test_closing_twice_is_fine_and_a_closed_ledger_refuses(tmp_path: Path) -> None:
    ledger = opened(roll_out(tmp_path))
    ledger.close()
    ledger.close()
    with pytest.raises(OutputNotWritable, match="closed"):
        ledger.commit(success("a"))


def test_a_ledger_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    folder.results.mkdir()
    with pytest.raises(CorruptLedger, match=r"results\.csv, line 1: the file cannot be read"):
        Ledger.open(folder, clock=VirtualClock())


@pytest.mark.parametrize("number", [1, 42, 12345])
def test_a_batchs_name_tells_its_number(number: int) -> None:
    assert batch_number(batch_id_of(Phase.USERS, number)) == number
    assert batch_id_of(Phase.USERS, 3) == "p2-b0003"
