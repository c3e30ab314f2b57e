"""What is written is its owner's only, and stands where it was meant to stand."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from webex_provision.assets.home import dagster_home
from webex_provision.clock import Clock
from webex_provision.ledger.errors import OutputNotWritable
from webex_provision.ledger.files import AppendFile, write_atomically
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.locks import FolderLock, TenantLock
from webex_provision.logging_setup import configure, shutdown
from webex_provision.sandbox import SandboxConfig, SandboxServer


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o277, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """Whatever a shell may have set; `tmp_path` was made before."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(base: Path) -> dict[str, int]:
    return {str(path.relative_to(base)): path.stat().st_mode & 0o777 for path in base.rglob("*")}


def test_under_any_umask_files_are_0600_and_folders_0700(
    umask: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those above the roll-out's folder, the locks in the user's state folder, the log, Dagster's home."""
    monkeypatch.setenv("WEBEX_PROVISION_STATE_DIR", str(tmp_path / "new" / "state"))
    folder = RollOutFolder(tmp_path / "new" / "output" / "site-12345678")
    with FolderLock(folder, clock=Clock()), TenantLock("https://webex.test", "org", clock=Clock()):
        write_atomically(folder.checkpoint, b"{}")
        AppendFile(folder.results, b"header\n").close()
        configure(file=folder.log)
        logging.getLogger("webex_provision.test").warning("x")
        shutdown()
        found = modes(tmp_path / "new")
    assert {"output/site-12345678/.lock-holder.json", "output/site-12345678/run.log"} <= set(found)
    assert len([name for name in found if name.startswith("state/locks/")]) == 2
    assert {name: mode for name, mode in found.items() if mode not in {0o600, 0o700}} == {}
    assert {mode for name, mode in found.items() if (tmp_path / "new" / name).is_dir()} == {0o700}
    assert umask == os.umask(umask)


def test_dagsters_home_lets_nobody_else_in(tmp_path: Path) -> None:
    """The files in it are Dagster's own, with the modes that the umask gives them; so its folder is closed."""
    before = os.umask(0)
    try:
        home = dagster_home(tmp_path / "base")
        assert home.stat().st_mode & 0o777 == 0o700
        home.chmod(0o755)
        assert dagster_home(tmp_path / "base").stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(before)


def test_the_simulated_tenant_keeps_its_files_to_itself(tmp_path: Path) -> None:
    """Seeded from a real CSV, they hold the names of real people; the log holds what was sent."""
    before = os.umask(0)
    try:
        with SandboxServer(
            SandboxConfig(state=tmp_path / "new" / "state.json", log=tmp_path / "new" / "log.jsonl")
        ) as it:
            it.tenant.add_person("ana@example.com")
            it.tenant.changes += 1
    finally:
        os.umask(before)
    assert modes(tmp_path) == {"new": 0o700, "new/state.json": 0o600, "new/log.jsonl": 0o600}


def test_files_that_were_open_to_others_are_closed(tmp_path: Path) -> None:
    for path in (tmp_path / "results.csv", tmp_path / ".checkpoint.json.tmp"):
        path.write_text("")
        path.chmod(0o666)
    AppendFile(tmp_path / "results.csv").close()
    write_atomically(tmp_path / "checkpoint.json", b"{}")
    assert set(modes(tmp_path).values()) == {0o600}


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o772])
def test_a_folder_of_ours_that_others_may_write_to_is_taken_back(tmp_path: Path, mode: int) -> None:
    """Whoever writes there could put rows of his own into ready_to_load.csv."""
    root = tmp_path / "out"
    root.mkdir()
    root.chmod(mode)
    RollOutFolder(root).create()
    assert root.stat().st_mode & 0o022 == 0


def test_a_folder_that_is_only_read_by_others_keeps_its_mode(tmp_path: Path) -> None:
    root = tmp_path / "out"
    root.mkdir()
    root.chmod(0o755)
    RollOutFolder(root).create()
    assert root.stat().st_mode & 0o777 == 0o755


def test_a_folder_of_somebody_else_that_others_may_write_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "out"
    root.mkdir()
    root.chmod(0o777)
    monkeypatch.setattr(os, "geteuid", lambda: root.stat().st_uid + 1)
    with pytest.raises(OutputNotWritable, match="name a folder of your own"):
        RollOutFolder(root).create()
    assert list(root.iterdir()) == []


def test_a_link_in_the_place_of_the_folder_is_followed_only_where_it_is_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "target"
    target.mkdir(mode=0o700)
    link = tmp_path / "out"
    link.symlink_to(target)
    RollOutFolder(link).create()
    theirs = link.lstat().st_uid + 1
    monkeypatch.setattr(os, "geteuid", lambda: theirs)
    if link.lstat().st_uid == 0:
        os.lchown(link, theirs + 1, -1)
    with pytest.raises(OutputNotWritable, match="symbolic link of another user"):
        RollOutFolder(link).create()


@pytest.mark.parametrize("stands_there", ["file", "dangling link"])
def test_what_is_no_folder_is_one_clear_error(tmp_path: Path, stands_there: str) -> None:
    root = tmp_path / "out"
    if stands_there == "file":
        root.write_text("")
    else:
        root.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputNotWritable):
        RollOutFolder(root).create()
    assert not (tmp_path / "nowhere").exists()


def test_a_link_in_the_place_of_a_file_does_not_lead_the_writing_elsewhere(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for name in ("results.csv", ".checkpoint.json.tmp", "run.log"):
        (tmp_path / name).symlink_to(victim)
    with pytest.raises(OutputNotWritable, match="symbolic link"):
        AppendFile(tmp_path / "results.csv")
    with pytest.raises(OutputNotWritable, match="symbolic link"):
        write_atomically(tmp_path / "checkpoint.json", b"{}")
    with pytest.raises(OSError, match="symbolic link"):
        configure(file=tmp_path / "run.log")
    shutdown()
    assert victim.read_text() == "precious"
