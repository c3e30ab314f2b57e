"""Whatever is cut off, wherever: the ledger recovers or names what is corrupt, and never holds a row twice."""

import asyncio
import csv
import os
import signal
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webex_provision.clock import Clock
from webex_provision.ledger.checkpoint import Checkpoint, Progress, Watermark, why_ahead
from webex_provision.ledger.errors import CorruptLedger
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.manifest import read_document
from webex_provision.ledger.repair import repair
from webex_provision.ledger.state_store import Ledger
from webex_provision.ledger.states import LastState, read_history
from webex_provision.vocabulary import Phase, Reason, RunMode
from webex_provision_tests.ledger.samples import opened, pending, roll_out, success
from webex_provision_tests.virtual_clock import VirtualClock

ROWS = [f"r{number}" for number in range(5)]
STEPS = st.lists(
    st.sampled_from(["success", "pending", "auth", "intend", "checkpoint", "reopen", "retry", "replay", "close"]),
    max_size=14,
)
FILES = ["results.csv", "pending_rows.csv", "checkpoint.json", "intents.jsonl", "manifest.json"]


def play(ledger: Ledger, steps: list[str]) -> Ledger:
    """Drive the ledger as an engine would; each step takes the next row that remains."""
    for step in steps:
        row = next((row for row in ROWS if ledger.manifest.generation.open and ledger.remaining(row)), None)
        match step:
            case "success" | "pending" | "auth" if row is not None:
                wanted = {
                    "success": success(row, ledger.attempt),
                    "pending": pending(row, ledger.attempt),
                    "auth": pending(row, ledger.attempt, Reason.AUTH_INVALID),
                }
                ledger.commit(wanted[step])
                if step == "auth":
                    ledger.mark_stopped_auth()
                    ledger.open_generation(RunMode.RESUME)
            case "intend" if row is not None:
                asyncio.run(ledger.intend(row, "create"))
            case "checkpoint":
                ledger.checkpoint(progress_of(ledger))
            case "reopen" | "close":
                if step == "close":
                    ledger.close_generation()
                before = dict(ledger.states)
                ledger.close()
                ledger = opened(ledger.folder)
                assert dict(ledger.states) == before
            case "retry" | "replay" if not ledger.manifest.generation.open:
                ledger.open_generation(RunMode.RETRY_PENDING if step == "retry" else RunMode.REPLAY)
            case _:
                pass
    return ledger


def progress_of(ledger: Ledger) -> Progress:
    done = [row for row in ROWS if ledger.last(row)]
    mark = Watermark()
    for row in done:
        mark.done(ROWS.index(row) + 1)
    return Progress(
        phase=Phase.USERS, last_row_id=mark.position, last_completed_row_id=done[-1] if done else "", run_id="run-1"
    )


def what_is_corrupt(folder: RollOutFolder) -> CorruptLedger | None:
    try:
        opened(folder).close()
    except CorruptLedger as error:
        return error
    return None


def bytes_kept(folder: RollOutFolder) -> int:
    """All bytes of the folder but locks and the checkpoint, which repair makes anew."""
    paths = [path for path in folder.root.iterdir() if not path.name.startswith((".", "checkpoint"))]
    return sum(path.stat().st_size for path in paths)


def assert_never_twice(folder: RollOutFolder) -> None:
    with folder.results.open(newline="") as handle:
        commits = Counter((row["row_id"], row["attempt"]) for row in csv.DictReader(handle))
    assert not commits or max(commits.values()) == 1


def assert_sound(folder: RollOutFolder, before: dict[str, LastState]) -> None:
    """It opens, knows only what was committed, can be worked to the end, and its checkpoint is not ahead."""
    with opened(folder) as ledger:
        assert set(ledger.states) <= set(before)
        checkpoint = read_document(folder.checkpoint, Checkpoint)
        history = read_history(folder)
        assert not history.unexplained
        assert not history.uncommitted
        assert checkpoint is None or why_ahead(checkpoint, history.states, history.commits) == ""
        for row in ROWS:
            if ledger.remaining(row):
                ledger.commit(pending(row, ledger.attempt))
        ledger.checkpoint(progress_of(ledger))
        assert set(ledger.states) == set(ROWS)
    assert_never_twice(folder)


@settings(max_examples=100, deadline=None)
@given(STEPS, st.sampled_from(FILES), st.floats(0, 1), st.booleans())
def test_a_file_cut_at_any_byte_is_recovered_or_named_and_repair_makes_it_sound(
    steps: list[str], name: str, share: float, garbage: bool
) -> None:
    with tempfile.TemporaryDirectory() as root:
        ledger = play(opened(roll_out(Path(root))), steps)
        before, folder = dict(ledger.states), ledger.folder
        ledger.close()
        path = folder.root / name
        if path.exists():
            content = path.read_bytes()
            path.write_bytes(content[: round(share * len(content))] + (b"\0x" if garbage else b""))
        error = what_is_corrupt(folder)
        if error is not None:
            assert f"{error.path}, line {error.line}" in str(error)
            size = bytes_kept(folder)
            assert repair(folder, clock=VirtualClock()).actions
            assert bytes_kept(folder) == size
        if not folder.manifest.exists():
            roll_out(Path(root))
        assert_sound(folder, before)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_any_course_of_runs_reopens_to_the_same_states_with_no_row_twice(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as root:
        ledger = play(opened(roll_out(Path(root))), steps)
        before, folder = dict(ledger.states), ledger.folder
        ledger.close()
        with opened(folder) as ledger:
            assert dict(ledger.states) == before
        assert_sound(folder, before)


@given(st.permutations(range(1, 9)), st.integers(0, 8))
def test_the_watermark_is_the_length_of_the_unbroken_head(order: list[int], fed: int) -> None:
    mark = Watermark()
    done: set[int] = set()
    for position in order[:fed]:
        done.add(position)
        mark.done(position)
        assert mark.done(position) == mark.position
        assert set(range(1, mark.position + 1)) <= done
        assert mark.position + 1 not in done


def _write_until_killed(folder: RollOutFolder, said: int) -> None:
    """In a child process: commit and checkpoint without end, saying each row that is committed."""
    ledger = opened(folder, clock=Clock())
    for number in range(1_000_000):
        row = f"n{number}"
        if ledger.remaining(row):
            ledger.commit(pending(row, message="x" * 200) if number % 2 else success(row))
            os.write(said, f"{row}\n".encode())
        if number % 20 == 0:
            ledger.checkpoint(Progress(phase=Phase.USERS, last_row_id=number + 1, last_completed_row_id=row))


@pytest.mark.crash
@pytest.mark.parametrize("after", [1, 37, 400])
def test_kill_minus_nine_loses_no_committed_row_and_needs_no_repair(tmp_path: Path, after: int) -> None:
    folder = roll_out(tmp_path)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            _write_until_killed(folder, writer)
        finally:
            os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as said:
        rows = [said.readline().strip() for _ in range(after)]
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        rows += said.read().split()
    assert os.WTERMSIG(status) == signal.SIGKILL
    with opened(folder) as ledger:
        assert set(rows) <= set(ledger.states)
        assert len(ledger.states) <= len(rows) + 1
        assert not any(ledger.remaining(row) for row in rows)
    assert_never_twice(folder)
