"""Which rows a run takes, and under which attempt: resume, retry, replay, kills and 401 stops."""

from pathlib import Path

import pytest

from webex_provision.ledger.checkpoint import Progress
from webex_provision.ledger.errors import GenerationOpen
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.manifest import Generation, Selection, load_manifest
from webex_provision.ledger.state_store import Ledger
from webex_provision.vocabulary import Phase, Reason, RunMode
from webex_provision_tests.ledger.samples import manifest, opened, pending, roll_out, success

ROWS = ("ok", "gone", "late", "never")


def first_run(root: Path) -> RollOutFolder:
    """Generation 1, closed: ok succeeded, gone and late are pending, never was not selected."""
    folder = roll_out(root)
    with opened(folder) as ledger:
        ledger.commit(success("ok"))
        ledger.commit(pending("gone"))
        ledger.commit(pending("late", reason=Reason.RETRY_EXHAUSTED, batch_id="p3-b0002", phase=Phase.SERVICES))
        ledger.close_generation()
    return folder


def left(ledger: Ledger) -> set[str]:
    return {row for row in ROWS if ledger.remaining(row)}


def test_the_first_run_takes_every_row_under_attempt_one(tmp_path: Path) -> None:
    with opened(roll_out(tmp_path)) as ledger:
        assert ledger.attempt == 1
        assert left(ledger) == set(ROWS)


def test_a_killed_run_goes_on_in_its_generation(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(success("ok"))
    with opened(folder) as ledger:
        assert ledger.attempt == 1
        assert left(ledger) == {"gone", "late", "never"}


def test_resume_after_a_finished_run_takes_only_rows_without_a_state(tmp_path: Path) -> None:
    with opened(first_run(tmp_path)) as ledger:
        assert ledger.attempt == 2
        assert left(ledger) == {"never"}


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (Selection(), {"gone", "late"}),
        (Selection(reasons=(Reason.USER_NOT_FOUND,)), {"gone"}),
        (Selection(phases=(Phase.SERVICES,)), {"late"}),
        (Selection(batches=(2,)), {"late"}),
        (Selection(types=("devices",)), set()),
    ],
)
def test_retry_takes_pending_rows_by_reason_phase_batch_and_type(
    tmp_path: Path, selection: Selection, wanted: set[str]
) -> None:
    with opened(first_run(tmp_path), mode=None) as ledger:
        ledger.open_generation(RunMode.RETRY_PENDING, selection)
        assert left(ledger) == wanted


def test_a_row_retried_is_done_in_that_generation_whatever_came_of_it(tmp_path: Path) -> None:
    with opened(first_run(tmp_path), RunMode.RETRY_PENDING) as ledger:
        ledger.commit(pending("gone", attempt=2))
        assert left(ledger) == {"late"}


def test_replay_takes_all_rows_again(tmp_path: Path) -> None:
    with opened(first_run(tmp_path), RunMode.REPLAY) as ledger:
        assert left(ledger) == set(ROWS)
        ledger.commit(success("ok", attempt=2))
        assert left(ledger) == {"gone", "late", "never"}


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [(RunMode.RETRY_PENDING, {"late", "never"}), (RunMode.REPLAY, {"ok", "late", "never"})],
)
def test_resume_first_finishes_a_killed_retry_or_replay(tmp_path: Path, mode: RunMode, wanted: set[str]) -> None:
    folder = first_run(tmp_path)
    with opened(folder, mode) as ledger:
        ledger.commit(success("gone", attempt=2))
    with opened(folder, RunMode.RESUME) as ledger:
        assert ledger.manifest.generation.mode is mode
        assert ledger.attempt == 2
        assert left(ledger) == wanted


def test_resume_keeps_to_the_killed_retrys_selection(tmp_path: Path) -> None:
    folder = first_run(tmp_path)
    with opened(folder, mode=None) as ledger:
        ledger.open_generation(RunMode.RETRY_PENDING, Selection(phases=(Phase.SERVICES,)))
    with opened(folder, RunMode.RESUME) as ledger:
        assert left(ledger) == {"late", "never"}


def test_the_same_command_again_goes_on_and_another_one_is_told_to_resume_first(tmp_path: Path) -> None:
    folder = first_run(tmp_path)
    with opened(folder, RunMode.REPLAY) as ledger:
        ledger.commit(success("ok", attempt=2))
    with opened(folder, RunMode.REPLAY) as ledger:
        assert ledger.attempt == 2
        assert left(ledger) == {"gone", "late", "never"}
        with pytest.raises(GenerationOpen, match=r"unfinished replay \(generation 2\).*webex-provision resume"):
            ledger.open_generation(RunMode.RETRY_PENDING)


def test_a_retry_may_begin_while_rows_without_a_state_wait_for_the_resume(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(pending("gone"))
    with opened(folder, RunMode.RETRY_PENDING) as ledger:
        assert left(ledger) == {"gone"}
        ledger.commit(success("gone", attempt=2))
        ledger.close_generation()
    with opened(folder, RunMode.RESUME) as ledger:
        assert left(ledger) == {"ok", "late", "never"}


def test_rows_that_met_the_401_of_a_stopped_run_are_unfinished_for_the_resume(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(success("ok"))
        ledger.commit(pending("gone", reason=Reason.AUTH_INVALID))
        ledger.mark_stopped_auth()
        ledger.mark_stopped_auth()
    assert load_manifest(folder).stopped_auth == (1,)
    with opened(folder) as ledger:
        assert ledger.attempt == 2
        assert left(ledger) == {"gone", "late", "never"}
        ledger.commit(success("gone", attempt=2))
        assert left(ledger) == {"late", "never"}
    with opened(folder) as ledger:
        assert ledger.attempt == 2


def test_an_auth_invalid_row_of_a_run_that_went_on_is_an_ordinary_pending_row(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(pending("gone", reason=Reason.AUTH_INVALID))
    with opened(folder) as ledger:
        assert "gone" not in left(ledger)


def test_a_replay_stopped_by_401_goes_on_without_doing_its_finished_rows_again(tmp_path: Path) -> None:
    folder = first_run(tmp_path)
    with opened(folder, RunMode.REPLAY) as ledger:
        ledger.commit(success("ok", attempt=2))
        ledger.commit(pending("gone", attempt=2, reason=Reason.AUTH_INVALID))
        ledger.mark_stopped_auth()
    with opened(folder, RunMode.REPLAY) as ledger:
        assert ledger.manifest.generation == Generation(n=3, floor=2, mode=RunMode.REPLAY, open=True)
        assert left(ledger) == {"gone", "late", "never"}
        ledger.commit(success("gone", attempt=3))
        assert left(ledger) == {"late", "never"}


def test_a_retry_by_another_reason_leaves_rows_of_an_old_401_stop_to_the_resume(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(pending("gone", reason=Reason.AUTH_INVALID))
        ledger.commit(pending("late"))
        ledger.mark_stopped_auth()
    with opened(folder, mode=None) as ledger:
        ledger.open_generation(RunMode.RETRY_PENDING, Selection(reasons=(Reason.USER_NOT_FOUND,)))
        assert left(ledger) == {"late"}
        ledger.close_generation()
    with opened(folder, RunMode.RESUME) as ledger:
        assert left(ledger) == {"gone", "ok", "never"}


def test_a_manifest_made_anew_learns_the_generation_from_checkpoint_and_ledger(tmp_path: Path) -> None:
    folder = first_run(tmp_path)
    with opened(folder, RunMode.REPLAY) as ledger:
        ledger.commit(success("ok", attempt=2))
        ledger.checkpoint(Progress())
    manifest().save(folder)
    with opened(folder, mode=None) as ledger:
        assert ledger.manifest.generation == Generation(n=2, floor=2, mode=RunMode.REPLAY, open=True)
    folder.checkpoint.unlink()
    manifest().save(folder)
    with opened(folder) as ledger:
        assert ledger.attempt == 2
        assert left(ledger) == {"never"}
