"""Where a roll-out stands is told from its ledger: counts, reasons, remedies, the exact command to go on with."""

import json
import os
import socket
from pathlib import Path

import pytest

from webex_provision.clock import Clock
from webex_provision.console.past_runs import past_roll_out
from webex_provision.console.roll_outs import find_roll_out
from webex_provision.console.standing import standing_of
from webex_provision.ledger.checkpoint import Progress
from webex_provision.ledger.errors import LedgerError
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.locks import FolderLock
from webex_provision.ledger.records import REJECTED_COLUMNS, csv_line, header_line
from webex_provision.ledger.rehearsal_mark import mark_rehearsal
from webex_provision.ledger.runs import append_run
from webex_provision.vocabulary import Phase, Reason, RunMode, RunState
from webex_provision_tests.cli.typed import Terminal
from webex_provision_tests.ledger.samples import opened, pending, roll_out, success
from webex_provision_tests.ledger.test_runs import ended


def _folder(
    tmp_path: Path, state: RunState | None = RunState.COMPLETED_WITH_PENDING, *, close: bool = True
) -> RollOutFolder:
    """Three locations and four users; one user has no state yet."""
    folder = roll_out(tmp_path, rows_read=9, rows_rejected=2)
    with opened(folder) as ledger:
        for row in ("1", "2", "3"):
            place = {"phase": Phase.ROUTING, "batch_id": "p1-b0001", "entity_type": "location"}
            ledger.commit(success(row, **place))
        ledger.commit(success("4"))
        ledger.commit(pending("5"))
        ledger.commit(pending("6", reason=Reason.OUT_OF_SCOPE))
        if close:
            ledger.close_generation()
        ledger.checkpoint(Progress(state=state))
    return folder


def _finish(folder: RollOutFolder) -> None:
    with opened(folder) as ledger:
        ledger.commit(success("7", attempt=ledger.attempt))
        ledger.close_generation()
        ledger.checkpoint(Progress(state=RunState.COMPLETED_WITH_PENDING))


def test_counts_follow_the_last_states(tmp_path: Path) -> None:
    standing = standing_of(_folder(tmp_path), Clock())
    assert (standing.read, standing.rejected, standing.success, standing.pending, standing.not_reached) == (
        9,
        2,
        4,
        2,
        1,
    )
    assert standing.pending_by_reason == {"user_not_found": 1, "out_of_scope": 1}
    assert standing.by_phase == {"1": {"success": 3}, "2": {"success": 1, "pending": 2, "not_reached": 1}}
    assert standing.by_type["user"] == {"success": 1, "pending": 2}


def test_rejections_are_told_with_their_messages_and_counted_with_their_types_in_the_order_of_the_run(
    tmp_path: Path, terminal: Terminal
) -> None:
    folder = _folder(tmp_path)
    told = [f"row {row}: email: 'x{row}' is not an email" for row in range(10, 17)]
    rows = [("", row, "user", "", "invalid_input_schema", why, "{}", row) for row, why in enumerate(told, start=10)]
    rows.append(("", 17, "trunk", "", "duplicate_key", "row 17: keep one", "{}", 17))
    folder.rejected.write_bytes(b"".join([header_line(REJECTED_COLUMNS), *map(csv_line, rows)]))
    standing = standing_of(folder, Clock())
    assert standing.rejections == tuple(told[:5])
    assert standing.rejected_by_reason == {"invalid_input_schema": 7, "duplicate_key": 1}
    assert list(standing.by_type) == ["location", "trunk", "user"]
    assert standing.by_type["user"]["rejected"] == 7
    said = terminal.types("status", "--output-dir", str(folder.root))
    assert all(why in said.out for why in told[:5])
    assert told[5] not in said.out


def test_rows_that_wait_are_resumed_before_anything_is_retried(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    assert [command for _, command in standing_of(folder, Clock()).next_commands()] == [
        f"webex-provision resume --output-dir {folder.root}"
    ]


def test_what_a_retry_can_mend_gets_the_exact_command_and_what_it_cannot_gets_none(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    _finish(folder)
    assert [command for _, command in standing_of(folder, Clock()).next_commands()] == [
        f"webex-provision retry --output-dir {folder.root} --reason user_not_found"
    ]


def test_after_a_rehearsal_comes_the_real_run_and_no_retry(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    _finish(folder)
    mark_rehearsal(folder)
    standing = standing_of(folder, Clock())
    assert [command for _, command in standing.next_commands()] == ["webex-provision run /srv/site.csv"]
    assert standing.retry_commands() == {}


def test_a_stop_by_authentication_asks_for_a_fresh_token(tmp_path: Path) -> None:
    folder = _folder(tmp_path, RunState.STOPPED_AUTH)
    [(why, command)] = standing_of(folder, Clock()).next_commands()
    assert "WEBEX_TOKEN" in why
    assert command.startswith("webex-provision resume ")


def test_a_killed_run_is_told_as_interrupted_and_resumed(tmp_path: Path) -> None:
    standing = standing_of(_folder(tmp_path, None, close=False), Clock())
    assert standing.state == "INTERRUPTED"
    assert standing.unfinished == RunMode.RESUME


def test_a_roll_out_that_only_has_its_manifest_has_not_started(tmp_path: Path) -> None:
    standing = standing_of(roll_out(tmp_path), Clock())
    assert (standing.state, standing.not_reached) == ("NOT_STARTED", 7)


def test_a_running_roll_out_names_who_works_on_it(tmp_path: Path) -> None:
    folder = _folder(tmp_path, None, close=False)
    with FolderLock(folder, clock=Clock(), command="webex-provision run").acquire():
        standing = standing_of(folder, Clock())
    assert standing.state == "RUNNING"
    assert str(os.getpid()) in standing.holder
    assert socket.gethostname() in standing.holder
    assert standing.next_commands() == []


def test_a_folder_with_odd_characters_is_quoted_in_commands(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "two words")
    [(_, command)] = standing_of(folder, Clock()).next_commands()
    assert command.endswith(f"'{folder.root}'")


def test_status_shows_remedy_command_and_files(tmp_path: Path, terminal: Terminal) -> None:
    folder = _folder(tmp_path)
    _finish(folder)
    said = terminal.types("status", "--output-dir", str(folder.root))
    assert said.code == 0
    assert Reason.USER_NOT_FOUND.remedy in said.out
    assert f"webex-provision retry --output-dir {folder.root} --reason user_not_found" in said.out
    assert "results.csv" in said.out


def test_status_for_scripts_is_one_json_document(tmp_path: Path, terminal: Terminal) -> None:
    folder = _folder(tmp_path)
    said = terminal.types("status", "--json", "--output-dir", str(folder.root))
    document = json.loads(said.out)
    assert document["folder"] == str(folder.root)
    assert document["state"] == "COMPLETED_WITH_PENDING"
    assert document["next"] == [f"webex-provision resume --output-dir {folder.root}"]


def test_the_roll_out_last_used_is_taken_and_the_others_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    older, newer = _folder(tmp_path / "a"), _folder(tmp_path / "b")
    base = tmp_path / "base"
    base.mkdir()
    for name, folder, age in (("older", older, 1_000), ("newer", newer, 2_000)):
        place = folder.root.rename(base / name)
        for path in place.iterdir():
            os.utime(path, (age, age))
    os.environ["OUTPUT_DIR"] = str(base)
    assert find_roll_out(None).root == base / "newer"
    told = capsys.readouterr().err
    assert "newer" in told
    assert "older" in told
    assert find_roll_out(base / "older").root == base / "older"


def test_an_empty_base_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no roll-out"):
        find_roll_out(tmp_path)


def _tear(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def test_a_torn_ledger_is_told_as_damaged_with_its_repair_and_never_as_completed(
    tmp_path: Path, terminal: Terminal
) -> None:
    folder = _folder(tmp_path)
    _finish(folder)
    _tear(folder.results)
    said = terminal.types("status", "--output-dir", str(folder.root))
    assert said.code == 5
    assert "results.csv, line 8" in said.err
    assert f"webex-provision repair --output-dir {folder.root}" in said.err
    assert "COMPLETED" not in said.all


def test_a_ledger_that_has_lost_whole_lines_is_told_as_damaged_too(tmp_path: Path, terminal: Terminal) -> None:
    folder = _folder(tmp_path)
    _finish(folder)
    lines = folder.results.read_bytes().splitlines(keepends=True)
    folder.results.write_bytes(b"".join(lines[:-1]))
    said = terminal.types("status", "--output-dir", str(folder.root))
    assert (said.code, "ahead of the ledger" in said.err) == (5, True)


def test_a_line_that_a_run_is_just_writing_is_no_damage(tmp_path: Path) -> None:
    folder = _folder(tmp_path, None, close=False)
    _tear(folder.results)
    with FolderLock(folder, clock=Clock(), command="webex-provision run").acquire():
        standing = standing_of(folder, Clock())
    assert (standing.state, standing.success + standing.pending) == ("RUNNING", 5)


def test_without_its_checkpoint_a_roll_out_stands_as_its_ledger_and_its_last_run_say(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    _finish(folder)
    folder.checkpoint.unlink()
    standing = standing_of(folder, Clock())
    assert (standing.state, standing.success, standing.pending) == ("INTERRUPTED", 5, 2)
    append_run(folder, ended("r1"))
    assert standing_of(folder, Clock()).state == "COMPLETED_WITH_PENDING"
    assert past_roll_out(folder, Clock()).state == "COMPLETED_WITH_PENDING"
