"""`history`: which roll-outs there are and who ran them when, newest first; one bad folder hides no other."""

import json
import os
from pathlib import Path

import pytest

from webex_provision.clock import Clock
from webex_provision.console.past_runs import past_roll_out, runs_of, wish_of
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.locks import FolderLock
from webex_provision.ledger.manifest import Selection
from webex_provision.ledger.runs import append_run, read_runs
from webex_provision.sandbox.faults import Faults
from webex_provision.vocabulary import Phase, Reason, RunMode, RunState
from webex_provision_tests.cli.typed import Terminal
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.ledger.samples import roll_out
from webex_provision_tests.ledger.test_runs import begun, ended
from webex_provision_tests.rehearsal import LOCATION, user

ROWS = [LOCATION, user("ana", "2101"), user("late", "2500")]


@pytest.fixture
def site(tmp_path: Path) -> InProcessSite:
    return InProcessSite(tmp_path, ROWS, seeded=ROWS[:2])


def test_every_run_is_recorded_with_who_when_where_and_what_came_of_it(site: InProcessSite) -> None:
    site.run()
    site.clock.advance(7 * 24 * 3_600)
    site.run(RunMode.RETRY_PENDING, Selection(reasons=(Reason.USER_NOT_FOUND,)))
    site.check()
    retried, first = runs_of(RollOutFolder(site.folder), Clock())
    assert (first.state, retried.state) == ("COMPLETED_WITH_PENDING", "COMPLETED_WITH_PENDING")
    assert (first.record.generation, retried.record.generation) == (1, 2)
    assert first.record.token_owner == retried.record.token_owner != ""
    assert first.record.tenant == site.settings.webex_base_url
    assert first.record.counts is not None
    assert retried.record.counts is not None
    assert (first.record.counts.processed, retried.record.counts.processed) == (3, 1)
    assert (first.record.counts.success, retried.record.counts.pending) == (2, 1)
    assert first.record.started_at <= first.record.ended_at < retried.record.started_at
    assert wish_of(retried.record) == "retry --reason user_not_found"


def test_a_run_whose_checks_fail_is_recorded_too(site: InProcessSite) -> None:
    site.faults(Faults(token_expires_after=0))
    assert site.run() is RunState.FAILED_PREFLIGHT
    (run,) = read_runs(RollOutFolder(site.folder)).records
    assert (run.state, run.token_owner) == (RunState.FAILED_PREFLIGHT, "")
    assert "token is invalid" in run.message


def test_a_run_without_an_end_was_interrupted_unless_its_process_lives(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    for record in (begun("killed"), begun("alive", started_at="2026-01-06T08:00:00.000Z")):
        append_run(folder, record)
    with FolderLock(folder, clock=Clock()).acquire():
        assert [run.state for run in runs_of(folder, Clock())] == ["RUNNING", "INTERRUPTED"]
        assert past_roll_out(folder, Clock()).state == "RUNNING"
    assert [run.state for run in runs_of(folder, Clock())] == ["INTERRUPTED", "INTERRUPTED"]


def test_what_a_run_was_limited_to_is_told_as_it_was_typed() -> None:
    chosen = Selection(phases=(Phase.USERS,), types=("hunt_group",), batches=(3, 4))
    assert wish_of(begun("a", selection=chosen)) == "run --phase 2 --type hunt_group batches 3, 4"


def _two_roll_outs(base: Path) -> tuple[Path, Path]:
    for name, age in (("older", 1_000), ("newer", 2_000)):
        folder = roll_out(base / f"of {name}")
        append_run(folder, begun("first"))
        append_run(folder, ended("first"))
        append_run(folder, ended("second", started_at="2026-01-06T08:00:00.000Z", token_owner="eva@example.com"))
        os.utime(folder.root.rename(base / name) / "manifest.json", (age, age))
    return base / "older", base / "newer"


def test_roll_outs_and_runs_are_listed_newest_first(tmp_path: Path, terminal: Terminal) -> None:
    older, newer = _two_roll_outs(tmp_path)
    document = json.loads(terminal.types("history", "--json", OUTPUT_DIR=str(tmp_path)).out)
    assert [past["folder"] for past in document["roll_outs"]] == [str(newer), str(older)]
    first = document["roll_outs"][0]
    assert (first["name"], first["input_hash"], first["problem"]) == ("newer", "ab" * 32, "")
    assert [(run["run_id"], run["token_owner"]) for run in first["runs"]] == [
        ("second", "eva@example.com"),
        ("first", "admin@example.com"),
    ]
    assert first["runs"][0]["counts"]["success"] == 6
    said = terminal.types("history", "--output-dir", str(older))
    assert (said.code, said.err) == (0, "")
    assert "newer" not in said.out
    assert said.out.index("eva@example.com") < said.out.index("admin@example.com")
    for told in ("/srv/site.csv", "abababababab", "second", "2026-01-06 08:00:00Z", "COMPLETED_WITH_PENDING"):
        assert told in said.out
    assert max(map(len, said.out.splitlines()[3:-1])) <= 80, said.out


def test_a_folder_that_cannot_be_read_is_named_and_the_others_are_listed(tmp_path: Path, terminal: Terminal) -> None:
    older, newer = _two_roll_outs(tmp_path)
    (newer / "manifest.json").write_text("{")
    with (older / "runs.jsonl").open("a") as handle:
        handle.write("torn")
    said = terminal.types("history", "--output-dir", str(tmp_path))
    assert said.code == 0
    assert f"repair --output-dir {newer}" in said.out
    assert "eva@example.com" in said.out
    assert "lines of runs.jsonl that cannot be read: 1" in said.out


def test_an_empty_place_ends_with_2_and_says_how_to_begin(tmp_path: Path, terminal: Terminal) -> None:
    said = terminal.types("history", "--output-dir", str(tmp_path / "nowhere"))
    assert (said.code, said.out) == (2, "")
    assert "webex-provision run <your CSV>" in said.err
