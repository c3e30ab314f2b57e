"""runs.jsonl keeps every run; what a crash or a hand spoils in it costs no other line, and never a roll-out."""

from pathlib import Path
from typing import Any

import pytest

from webex_provision.ledger.errors import CorruptLedger, OutputNotWritable
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.repair import repair
from webex_provision.ledger.runs import RunCounts, RunRecord, append_run, read_runs
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.ledger.samples import roll_out
from webex_provision_tests.virtual_clock import VirtualClock

COUNTS = RunCounts(read=9, rejected=2, processed=7, success=6, pending=1, not_reached=0)


def begun(run_id: str, **changes: Any) -> RunRecord:
    values: dict[str, Any] = {
        "run_id": run_id,
        "started_at": "2026-01-05T08:00:00.000Z",
        "mode": RunMode.RESUME,
        "generation": 1,
        "token_owner": "admin@example.com",
    }
    return RunRecord(**(values | changes))


def ended(run_id: str, **changes: Any) -> RunRecord:
    return begun(
        run_id, ended_at="2026-01-05T08:10:00.000Z", state=RunState.COMPLETED_WITH_PENDING, counts=COUNTS, **changes
    )


@pytest.fixture
def folder(tmp_path: Path) -> RollOutFolder:
    return roll_out(tmp_path)


def test_a_run_is_one_record_whose_end_replaces_its_start_and_order_stays(folder: RollOutFolder) -> None:
    for record in (begun("a"), ended("a"), begun("b"), begun("c"), ended("c")):
        append_run(folder, record)
    assert read_runs(folder).records == (ended("a"), begun("b"), ended("c"))
    assert folder.runs.stat().st_mode & 0o777 == 0o600


def test_the_same_run_id_begun_again_is_another_run(folder: RollOutFolder) -> None:
    """A re-execution may carry the id of an earlier one."""
    later = ended("a", started_at="2026-01-12T08:00:00.000Z")
    for record in (ended("a"), later):
        append_run(folder, record)
    assert read_runs(folder).records == (ended("a"), later)


def test_a_torn_tail_spoils_itself_only_and_the_next_run_is_readable(folder: RollOutFolder) -> None:
    append_run(folder, ended("a"))
    with folder.runs.open("ab") as handle:
        handle.write(begun("b").line()[:40])
    assert (read_runs(folder).records, read_runs(folder).damaged) == ((ended("a"),), (2,))
    append_run(folder, ended("c"))
    assert (read_runs(folder).records, read_runs(folder).damaged) == ((ended("a"), ended("c")), (2,))


def test_a_line_that_lacks_its_end_alone_is_kept(folder: RollOutFolder) -> None:
    folder.runs.write_bytes(begun("a").line()[:-1])
    append_run(folder, ended("b"))
    assert read_runs(folder).records == (begun("a"), ended("b"))
    assert repair(folder, clock=VirtualClock()).actions == ()


def test_repair_sets_bad_lines_aside_wherever_they_are_and_keeps_the_others(folder: RollOutFolder) -> None:
    bad = [b"\xff\xfe nonsense\n", b'{"run_id": "x"}\n']
    folder.runs.write_bytes(bad[0] + ended("a").line() + bad[1] + ended("b").line())
    assert read_runs(folder).damaged == (1, 3)
    (action,) = repair(folder, clock=VirtualClock()).actions
    assert "runs.jsonl: lines that cannot be read: 2" in action
    assert folder.runs.read_bytes() == ended("a").line() + ended("b").line()
    (aside,) = folder.root.glob("runs.jsonl.set_aside-*")
    assert aside.read_bytes() == b"".join(bad)
    assert repair(folder, clock=VirtualClock()).actions == ()


def test_no_file_means_no_run(folder: RollOutFolder) -> None:
    assert read_runs(folder).records == ()


def test_a_message_of_any_length_and_content_stays_one_readable_line(folder: RollOutFolder) -> None:
    append_run(folder, ended("a", message="Zürich\u2028\n" + "x" * 1_990))
    long = ended("b").model_copy(update={"message": "x" * 50_000})
    append_run(folder, long)
    assert folder.runs.read_bytes().count(b"\n") == 2
    assert [len(record.message) for record in read_runs(folder).records] == [1_998, 2_000]


def test_a_file_that_is_no_file_is_named(folder: RollOutFolder) -> None:
    folder.runs.mkdir()
    with pytest.raises(CorruptLedger, match=r"runs\.jsonl"):
        read_runs(folder)
    with pytest.raises((CorruptLedger, OutputNotWritable), match=r"runs\.jsonl"):
        append_run(folder, begun("a"))
