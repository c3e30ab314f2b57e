"""Whole files: what intake leaves, and the operator's view of what failed."""

import csv
import json
from pathlib import Path

import polars as pl
import pytest

from webex_provision.ledger.errors import CorruptLedger, LedgerInvariant
from webex_provision.ledger.records import REJECTED_COLUMNS
from webex_provision.ledger.writers import write_ready_rows, write_rejected_rows
from webex_provision.vocabulary import Reason, RunMode
from webex_provision_tests.ledger.samples import opened, pending, roll_out, success


def rejected_frame(message: str = "bad cell") -> pl.DataFrame:
    values = ("2026-01-05T08:00:00.000Z", "9", "user", "+34600", "duplicate_key", message, '{"a":"b"}', 9)
    return pl.DataFrame({name: [value] for name, value in zip(REJECTED_COLUMNS, values, strict=True)})


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def test_ready_rows_read_back_exactly_and_are_never_escaped(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    frame = pl.DataFrame({"name": ["=x", "a,b", 'say "hi"', "two\nlines", "08001", "+34"], "n": list("123456")})
    write_ready_rows(folder, frame)
    assert pl.read_csv(folder.ready, infer_schema=False).equals(frame)
    assert folder.ready.stat().st_mode & 0o777 == 0o600


def test_large_frames_are_written_whole(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    frame = pl.DataFrame({"n": [str(number) for number in range(2_501)]})
    write_ready_rows(folder, frame)
    assert pl.read_csv(folder.ready, infer_schema=False).equals(frame)


def test_rejected_rows_are_escaped_and_have_the_contracts_columns(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    write_rejected_rows(folder, rejected_frame("=cmd\nx"))
    (row,) = rows_of(folder.rejected)
    assert row["reason_message"] == "'=cmd x"
    assert row["entity_key"] == "+34600"
    assert row["row_number"] == "9"
    with pytest.raises(LedgerInvariant, match="columns"):
        write_rejected_rows(folder, rejected_frame().drop("row_number"))


def test_row_errors_hold_rejected_rows_and_rows_whose_last_state_is_pending(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    write_rejected_rows(folder, rejected_frame())
    with opened(folder) as ledger:
        ledger.commit(success("ok"))
        ledger.commit(pending("mended"))
        ledger.commit(pending("again"))
        ledger.close_generation()
        ledger.open_generation(RunMode.RETRY_PENDING)
        ledger.commit(success("mended", attempt=2))
        ledger.commit(pending("again", attempt=2, reason=Reason.HALF_APPLIED, message="=2"))
        assert ledger.rebuild_row_errors() == 2
    rows = rows_of(folder.row_errors)
    assert [(row["row_id"], row["status"], row["reason_code"], row["attempt"]) for row in rows] == [
        ("9", "rejected", "duplicate_key", ""),
        ("again", "pending", "half_applied", "2"),
    ]
    assert rows[1]["reason_message"] == "'=2"
    assert rows[1]["remedy"] == Reason.HALF_APPLIED.remedy


def test_the_view_is_empty_when_nothing_failed_and_the_old_one_stays_when_a_source_is_bad(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        assert ledger.rebuild_row_errors() == 0
        before = folder.row_errors.read_bytes()
        write_rejected_rows(folder, rejected_frame())
        folder.rejected.write_text(folder.rejected.read_text().replace("duplicate_key", "no_such_reason"))
        with pytest.raises(CorruptLedger, match=r"rejected_rows\.csv, line 2"):
            ledger.rebuild_row_errors()
        assert folder.row_errors.read_bytes() == before


def test_the_summary_keeps_its_order(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.write_summary({"state": "COMPLETED", "counts": {"read": 3}})
    assert list(json.loads(folder.summary.read_text())) == ["state", "counts"]
