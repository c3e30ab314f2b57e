"""Locks over machines: one PostgreSQL keeps them, and a run whose locks are lost knows it before anybody else works."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from webex_provision.clock import Clock
from webex_provision.ledger import lock_server, run_lock
from webex_provision.ledger.errors import LockHeld, LockOutOfReach, LockServerFault
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.lock_server import URL_VARIABLE, LockServer
from webex_provision.ledger.locks import STATE_DIR_VARIABLE, FolderLock, PartLock, TenantLock
from webex_provision.ledger.machines import HOST_VARIABLE
from webex_provision.vocabulary import ExitCode
from webex_provision_tests.postgres_server import PASSWORD, PostgresServer

URL = "https://webexapis.com/v1"
On = Callable[[str], LockServer]


@pytest.fixture(scope="module")
def whole_database(postgres: PostgresServer) -> str:
    return postgres.database("locks")


@pytest.fixture
def database(whole_database: str, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """As new; the check comes often, so that nothing has to be waited for."""
    monkeypatch.setattr(lock_server, "CHECK_SECONDS", 0.05)
    postgres.sql("DROP TABLE IF EXISTS webex_provision_locks", database="locks")
    return whole_database


@pytest.fixture
def on(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[On]:
    """Be another machine from now on: a name and a state folder of its own, and a session."""
    opened: list[LockServer] = []

    def machine(name: str) -> LockServer:
        monkeypatch.setenv(HOST_VARIABLE, name)
        monkeypatch.setenv(STATE_DIR_VARIABLE, str(tmp_path / name))
        opened.append(LockServer(database))
        return opened[-1]

    yield machine
    for server in opened:
        server.close()


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long a taker has waited for a holder that was lost; the waiting itself takes no time."""
    slept: list[float] = []
    monkeypatch.setattr(run_lock, "sleep", slept.append)
    return slept


def tenant(server: LockServer, **terms: bool) -> TenantLock:
    return TenantLock(URL, "org", clock=Clock(), input_name="site-1", command="run", server=server, **terms)


def until(said: Callable[[], str]) -> str:
    """What is said at last; what is promised comes in fractions of a second."""
    deadline = time.monotonic() + 30
    while not said() and time.monotonic() < deadline:
        time.sleep(0.02)
    return said()


def test_a_tenant_is_held_by_one_machine_at_a_time_and_the_other_is_told_by_which(on: On, naps: list[float]) -> None:
    held = tenant(on("office-a")).acquire()
    elsewhere = tenant(on("office-b"))
    with pytest.raises(LockHeld, match=rf"process {os.getpid()} of .* on office-a, .*\(run on site-1\)"):
        elsewhere.acquire()
    assert not elsewhere.held
    held.release()
    with elsewhere.acquire():
        assert naps == []


def test_slots_share_the_tenant_over_machines_and_not_what_they_claim(on: On) -> None:
    here = on("office-a")
    first = tenant(here, shared=True).acquire()
    madrid = PartLock(URL, "org", "claim:location:madrid", "Madrid", clock=Clock(), server=here).acquire()
    there = on("office-b")
    with tenant(there, shared=True):
        with pytest.raises(LockHeld, match="Madrid is in use: held by process"):
            PartLock(URL, "org", "claim:location:madrid", "Madrid", clock=Clock(), server=there).acquire()
        with PartLock(URL, "org", "claim:location:sevilla", "Sevilla", clock=Clock(), server=there):
            pass
    with pytest.raises(LockHeld):
        tenant(there).acquire()
    madrid.release()
    first.release()
    with tenant(there):
        pass


def test_a_folder_has_one_name_on_all_machines_whatever_its_path(on: On, tmp_path: Path) -> None:
    (tmp_path / "there").symlink_to(tmp_path / "here")
    here, there = RollOutFolder(tmp_path / "here"), RollOutFolder(tmp_path / "there")
    with (
        FolderLock(here, clock=Clock(), server=on("office-a")) as first,
        FolderLock(RollOutFolder(tmp_path / "another"), clock=Clock(), server=on("office-b")) as other,
    ):
        assert first._name() == FolderLock(there, clock=Clock(), server=None)._name() != other._name()


def test_whoever_follows_a_lost_holder_waits_until_that_one_must_have_noticed(
    on: On, postgres: PostgresServer, naps: list[float]
) -> None:
    """Its session is gone, its process lives: it may still be at work for as long as its own settings allow."""
    here = on("office-a")
    lost, part = tenant(here), PartLock(URL, "org", "claim:x", "X", clock=Clock(), server=here)
    lost.acquire()
    part.acquire()
    postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s", "%office-a%")
    assert "closed" in until(here.lost)
    there = on("office-b")
    with tenant(there), PartLock(URL, "org", "claim:x", "X", clock=Clock(), server=there):
        assert naps == [pytest.approx(lock_server.LOST_SECONDS + 3.0)], "once for all that the session had held"
    lost.release()
    with tenant(there):
        assert len(naps) == 1, "an owner that has given its lock back is not waited for"


def test_a_server_that_hangs_is_a_loss_too(on: On, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here waits for it: the locks count as lost, a release returns, the session is left alone."""
    monkeypatch.setattr(lock_server, "LOST_SECONDS", 0.3)
    here = on("office-a")
    monkeypatch.setattr(lock_server, "ANSWER_SECONDS", 0.2)
    lock = tenant(here).acquire()
    pid = postgres.sql("SELECT pid FROM pg_stat_activity WHERE application_name LIKE %s", "%office-a%")[0][0]
    os.kill(pid, signal.SIGSTOP)
    try:
        assert "has not answered" in until(here.lost)
        lock.release()
        with pytest.raises(LockServerFault, match="does not answer"):
            tenant(here).acquire()
        here.close()
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_session_that_no_longer_holds_what_it_took_has_lost_it(on: On) -> None:
    """As behind a pooler that gives the session's connection to others."""
    here = on("office-a")
    with tenant(here):
        assert here.lost() == ""
        here._ask("SELECT pg_advisory_unlock_all()")
        assert "no longer knows" in until(here.lost)


@pytest.mark.parametrize(
    "broken",
    [
        lambda url: url.replace(PASSWORD, "wrong-secret"),
        lambda url: url.replace("127.0.0.1:", "127.0.0.1:1"),
        lambda url: url.replace("@", "@wrong-secret@"),
        lambda url: url.replace("postgresql", "mysql"),
        lambda url: f"{url}?wrong-secret=1",
        lambda url: url.replace(PASSWORD, "wrong-secret/of-two-parts"),
    ],
)
def test_a_server_that_cannot_be_used_is_one_clear_error_without_the_password(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: Callable[[str], str]
) -> None:
    monkeypatch.setenv(URL_VARIABLE, broken(database))
    with pytest.raises(LockServerFault, match="DAGSTER_POSTGRES_URL") as caught:
        FolderLock(RollOutFolder(tmp_path / "out"), clock=Clock()).acquire()
    assert caught.value.exit_code is ExitCode.LOCKED
    assert "secret" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_a_lock_by_itself_has_a_session_by_itself(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `repair` and intake take it."""
    monkeypatch.setenv(URL_VARIABLE, database.replace("postgresql://", "postgresql+psycopg2://"))
    folder = RollOutFolder(tmp_path / "out")
    with FolderLock(folder, clock=Clock()), LockServer(database) as server:
        name = (folder.root / ".lock-name").read_text()
        assert server.take(name, alone=True, wait_seconds=0, holder="{}") is None
    with LockServer(database) as server:
        assert server.take(name, alone=True, wait_seconds=5, holder="{}") == []


def on_machine(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(HOST_VARIABLE, name)


def folder_lock(root: Path) -> FolderLock:
    return FolderLock(RollOutFolder(root), clock=Clock(), command="run")


def test_without_a_server_a_folder_that_another_machine_may_use_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_machine(monkeypatch, "office-a")
    with folder_lock(tmp_path):
        pass
    on_machine(monkeypatch, "office-b")
    with folder_lock(tmp_path):
        note = (tmp_path / ".lock-holder.json").read_text()
    on_machine(monkeypatch, "office-a")
    (tmp_path / ".lock-holder.json").write_text(note)
    with pytest.raises(LockOutOfReach, match=r"on office-b, .*has not said that it ended") as caught:
        folder_lock(tmp_path).acquire()
    assert caught.value.exit_code is ExitCode.LOCKED
    command = str(caught.value).split("`")[1]
    assert command == f"rm {tmp_path}/.lock-holder.json"
    on_machine(monkeypatch, "office-b")
    with folder_lock(tmp_path):
        pass
    (tmp_path / ".lock-holder.json").write_text(note)
    on_machine(monkeypatch, "office-a")
    (tmp_path / ".lock-holder.json").unlink()
    with folder_lock(tmp_path):
        pass


def test_a_server_that_knows_nothing_of_the_last_holder_does_not_make_it_harmless(on: On, tmp_path: Path) -> None:
    """One machine has DAGSTER_POSTGRES_URL, the other one has not."""
    out = tmp_path / "out"
    server = on("office-a")
    with folder_lock(out):
        note = (out / ".lock-holder.json").read_text()
    (out / ".lock-holder.json").write_text(note.replace("office-a", "office-b"))
    with pytest.raises(LockOutOfReach, match="on office-b"):
        FolderLock(RollOutFolder(out), clock=Clock(), server=server).acquire()
