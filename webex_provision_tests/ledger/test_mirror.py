"""The mirror is at any time a folder as a crash might have left it; it holds up nothing, and says what it lacks."""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from pydantic import SecretStr

from webex_provision.clock import Clock
from webex_provision.ledger import mirror as mirrors
from webex_provision.ledger.checkpoint import Progress
from webex_provision.ledger.errors import UnusableMirror
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.mirror import Mirror
from webex_provision.ledger.state_store import Ledger
from webex_provision.vocabulary import ExitCode, Phase, RunMode
from webex_provision_tests.ledger.samples import pending, roll_out, success


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirrors, "EVERY_SECONDS", 0.0)


@pytest.fixture
def folder(tmp_path: Path) -> RollOutFolder:
    return roll_out(tmp_path)


def works(folder: RollOutFolder, rows: range, then: Callable[[], object] = lambda: None) -> None:
    """Rows are committed, every other one pending, each with its checkpoint."""
    with Ledger.open(folder, clock=Clock()) as ledger:
        ledger.open_generation(RunMode.RESUME)
        for number in rows:
            ledger.commit((pending if number % 2 == 0 else success)(f"r{number}", ledger.attempt))
            ledger.checkpoint(Progress(phase=Phase.USERS, last_completed_row_id=f"r{number}"))
            then()


def mirrored(folder: RollOutFolder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.root.iterdir() if not path.name.startswith(".")}


def test_at_the_end_the_mirror_holds_every_file_of_the_folder(folder: RollOutFolder, tmp_path: Path) -> None:
    with Mirror(folder, SecretStr(f"file://{tmp_path}/store")) as mirror:
        works(folder, range(1, 6), mirror.checkpointed)
    copy = RollOutFolder(tmp_path / "store" / folder.root.name)
    found = mirrored(copy)
    assert found.pop(copy.from_mirror.name)
    assert found == mirrored(folder)
    assert (mirror.failure, mirror.behind(), mirror.news()) == ("", "", "")


def test_whatever_moment_the_mirror_stops_at_what_it_holds_opens_as_a_sound_ledger(
    folder: RollOutFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is cut off after each single file that it writes, while rows go on; none of these copies is corrupt."""
    store, cuts = tmp_path / "store", list[Path]()
    write = Mirror._write

    def written_and_kept(self: Mirror, name: str, content: bytes) -> None:
        write(self, name, content)
        cuts.append(tmp_path / f"cut-{len(cuts)}")
        shutil.copytree(store / folder.root.name, cuts[-1])

    monkeypatch.setattr(Mirror, "_write", written_and_kept)
    with Mirror(folder, SecretStr(str(store))) as mirror:
        for start in range(1, 25, 3):
            works(folder, range(start, start + 3), mirror.checkpointed)
            time.sleep(0.01)
    opened = 0
    for cut in cuts:
        copy = RollOutFolder(cut)
        if copy.manifest.exists():
            with Ledger.open(copy, clock=Clock()) as ledger:
                opened += bool(ledger.states)
    assert opened > 8
    assert "checkpoint.json" in [path.name for path in cuts[-1].iterdir()]


class Broken(MemoryFileSystem):
    """A store that refuses, or hangs, or is well."""

    refuses = hangs = False
    release = threading.Event()

    def pipe_file(self, path: str, value: bytes, **options: Any) -> None:
        if type(self).hangs:
            type(self).release.wait(60)
        if type(self).refuses:
            raise PermissionError("key-id-1234 may not: the-secret-of-it")
        super().pipe_file(path, value, **options)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> type[Broken]:
    Broken.refuses, Broken.hangs, Broken.release = False, False, threading.Event()
    Broken.store.clear()
    monkeypatch.setattr("fsspec.core.url_to_fs", lambda _: (Broken(), "/bucket"))
    return Broken


URL = SecretStr("s3://key-id-1234:the-secret-of-it@bucket")


def test_a_store_that_refuses_is_told_once_without_secrets_and_made_good_when_it_no_longer_does(
    folder: RollOutFolder, store: type[Broken]
) -> None:
    store.refuses = True
    told: list[str] = []
    with Mirror(folder, URL) as mirror:
        works(folder, range(1, 4), mirror.checkpointed)
        deadline = time.monotonic() + 30
        while not told and time.monotonic() < deadline:
            told += [news] if (news := mirror.news()) else []
        assert mirror.news() == ""
        told_of = "The mirror (MIRROR_URL) cannot be written: PermissionError: *** may not: ***."
        assert told == [f"{told_of} The run goes on and tries again."]
        store.refuses = False
    assert mirror.behind() == ""
    assert Broken().cat_file(f"/bucket/{folder.root.name}/results.csv") == folder.results.read_bytes()


def test_a_store_that_refuses_to_the_end_is_told_with_what_to_do(folder: RollOutFolder, store: type[Broken]) -> None:
    store.refuses = True
    with Mirror(folder, URL) as mirror:
        works(folder, range(1, 3), mirror.checkpointed)
    assert "behind: PermissionError" in mirror.behind()
    assert "`webex-provision resume` brings the mirror up to date" in mirror.behind()


def test_a_store_that_hangs_holds_up_neither_the_rows_nor_the_end(
    folder: RollOutFolder, store: type[Broken], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirrors, "END_SECONDS", 0.1)
    store.hangs = True
    with Mirror(folder, URL) as mirror:
        works(folder, range(1, 30), mirror.checkpointed)
    assert "was not complete" in mirror.behind()
    store.hangs = False
    store.release.set()


def test_a_mirror_of_another_roll_out_is_never_overwritten(folder: RollOutFolder, tmp_path: Path) -> None:
    url = SecretStr(str(tmp_path / "store"))
    with Mirror(folder, url) as mirror:
        works(folder, range(1, 3), mirror.checkpointed)
    kept = (tmp_path / "store" / folder.root.name / "results.csv").read_bytes()
    other = roll_out(tmp_path / "elsewhere", created_at="2026-02-02T00:00:00.000Z")
    with Mirror(other, url) as second:
        works(other, range(5, 7), second.checkpointed)
    assert f"holds another roll-out under the name {folder.root.name}" in second.behind()
    assert (tmp_path / "store" / folder.root.name / "results.csv").read_bytes() == kept


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nonsense://bucket", "Protocol not known"),
        ("s3://key-id-1234:the-secret-of-it@bucket/x", "Install s3fs"),
        ("gs://bucket", "gcsfs"),
    ],
)
def test_a_store_that_nothing_here_can_serve_is_one_clear_error_before_the_first_call(
    url: str, why: str, folder: RollOutFolder
) -> None:
    with pytest.raises(UnusableMirror, match=why) as caught:
        Mirror(folder, SecretStr(url))
    assert caught.value.exit_code is ExitCode.USAGE
    assert "secret" not in str(caught.value)
    assert "MIRROR_URL" in str(caught.value)


def test_a_record_that_is_half_written_just_now_is_not_copied(folder: RollOutFolder, tmp_path: Path) -> None:
    works(folder, range(1, 4))
    whole = folder.results.read_bytes()
    folder.results.write_bytes(whole + b"2026-01-05T08:00:00.000Z,p2-b0001,r9,half of")
    with Mirror(folder, SecretStr(str(tmp_path / "store"))) as mirror:
        mirror.checkpointed()
    assert (tmp_path / "store" / folder.root.name / "results.csv").read_bytes() == whole
