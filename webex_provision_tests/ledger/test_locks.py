"""One run a folder and a tenant at a time; a killed holder leaves nothing to clean up."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from webex_provision.clock import Clock
from webex_provision.ledger.errors import LockHeld, OutputNotWritable
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.locks import STATE_DIR_VARIABLE, FolderLock, TenantLock, state_folder
from webex_provision.vocabulary import ExitCode
from webex_provision_tests.virtual_clock import VirtualClock

HOLD = """
import sys
from pathlib import Path
from webex_provision.clock import Clock
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.locks import FolderLock
lock = FolderLock(RollOutFolder(Path(sys.argv[1])), clock=Clock(), input_name="site.csv", command="run")
lock.acquire()
sys.stdout.write("held\\n")
sys.stdout.flush()
sys.stdin.read()
"""


def lock_of(root: Path) -> FolderLock:
    return FolderLock(RollOutFolder(root), clock=VirtualClock(), input_name="site.csv", command="run")


def test_a_second_run_is_turned_away_with_the_holders_name(tmp_path: Path) -> None:
    first, second = lock_of(tmp_path), lock_of(tmp_path)
    with first.acquire():
        with pytest.raises(LockHeld) as caught:
            second.acquire()
        message = str(caught.value)
        for part in (str(tmp_path), f"process {os.getpid()}", "2026-01-05T08:00:00.000Z", "(run on site.csv)", "Wait"):
            assert part in message
        assert caught.value.exit_code is ExitCode.LOCKED
        assert not second.held
    with second:
        assert second.held


def test_the_wait_is_bounded_and_said(tmp_path: Path) -> None:
    with lock_of(tmp_path), pytest.raises(LockHeld, match=r"after waiting 0\.05 s"):
        lock_of(tmp_path).acquire(0.05)


def test_taking_and_giving_back_may_be_repeated(tmp_path: Path) -> None:
    lock = lock_of(tmp_path)
    lock.release()
    assert lock.acquire().acquire() is lock
    lock.release()
    lock.release()
    assert not lock.held
    assert lock.holder() is None


def test_a_holder_that_has_not_named_itself_is_still_a_holder(tmp_path: Path) -> None:
    with lock_of(tmp_path):
        (tmp_path / ".lock-holder.json").write_text("{")
        with pytest.raises(LockHeld, match="not named itself"):
            lock_of(tmp_path).acquire()


def test_a_killed_holder_frees_the_lock_at_once(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockHeld, match=f"process {holder.pid} "):
            lock_of(tmp_path).acquire()
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
    with lock_of(tmp_path).acquire() as lock:
        found = lock.holder()
        assert found is not None
        assert found.pid == os.getpid()


def test_tenants_are_locked_apart_whatever_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STATE_DIR_VARIABLE, str(tmp_path / "state"))
    url = "https://webexapis.com/v1"
    with TenantLock(url, "org-1", clock=Clock(), input_name="a.csv") as held:
        assert held.path.parent == tmp_path / "state" / "locks"
        assert held.path.parent.stat().st_mode & 0o777 == 0o700
        with pytest.raises(LockHeld, match="The tenant org-1 at https://webexapis"):
            TenantLock(url, "org-1", clock=Clock()).acquire()
        with TenantLock(url, "org-2", clock=Clock()), TenantLock("http://127.0.0.1:1/v1", "org-1", clock=Clock()):
            pass


def test_without_the_variable_locks_live_in_the_users_state_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STATE_DIR_VARIABLE, "")
    assert state_folder().name == "webex-provision"


def test_locking_a_folder_that_is_not_there_makes_it_its_owners_only(tmp_path: Path) -> None:
    with lock_of(tmp_path / "new" / "site"):
        assert (tmp_path / "new" / "site").stat().st_mode & 0o777 == 0o700


def test_a_lock_that_cannot_be_made_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputNotWritable):
        lock_of(tmp_path / "file" / "sub").acquire()
    monkeypatch.setenv(STATE_DIR_VARIABLE, str(tmp_path / "file"))
    with pytest.raises(OutputNotWritable):
        TenantLock("https://webexapis.com/v1", "org", clock=Clock()).acquire()
