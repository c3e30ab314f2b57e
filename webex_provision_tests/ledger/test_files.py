"""Writes that fail leave no half-written state; whole files are replaced or untouched."""

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from webex_provision.ledger.errors import OutputNotWritable
from webex_provision.ledger.files import AppendFile, atomic_file, write_atomically
from webex_provision.vocabulary import ExitCode


@contextmanager
def disk_of(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes: the kernel cuts the write short, then refuses, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_record_cut_short_by_a_full_disk_is_taken_back_and_the_file_serves_on(tmp_path: Path) -> None:
    file = AppendFile(tmp_path / "results.csv", b"header\n")
    file.append(b"one\n")
    with disk_of(15), pytest.raises(OutputNotWritable, match=r"only 4 of 10 bytes fitted") as caught:
        file.append(b"x" * 9 + b"\n")
    assert caught.value.exit_code is ExitCode.STATE
    with disk_of(11), pytest.raises(OutputNotWritable, match=r"results\.csv"):
        file.append(b"two\n")
    assert (tmp_path / "results.csv").read_bytes() == b"header\none\n"
    file.append(b"two\n")
    file.close()
    assert (tmp_path / "results.csv").read_bytes() == b"header\none\ntwo\n"


def test_a_half_record_that_stays_makes_the_file_refuse_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(fd: int, size: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "ftruncate", refuse)
    file = AppendFile(tmp_path / "results.csv", b"header\n")
    with disk_of(9), pytest.raises(OutputNotWritable):
        file.append(b"long\n")
    with pytest.raises(OutputNotWritable, match="could not be taken back"):
        file.append(b"two\n")
    file.close()
    assert (tmp_path / "results.csv").read_bytes() == b"header\nlo"


def test_after_a_failed_fsync_the_file_refuses_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = AppendFile(tmp_path / "results.csv", b"header\n")
    file.append(b"one\n")

    def refuse(fd: int) -> None:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OutputNotWritable, match="fsync failed"):
        file.sync()
    with pytest.raises(OutputNotWritable, match="fsync failed"):
        file.append(b"two\n")
    file.close()


def test_a_closed_file_refuses_and_closing_twice_is_fine(tmp_path: Path) -> None:
    file = AppendFile(tmp_path / "results.csv", b"header\n")
    file.close()
    file.close()
    with pytest.raises(OutputNotWritable, match="closed"):
        file.append(b"one\n")


def test_each_record_is_one_write_that_others_see_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = AppendFile(tmp_path / "results.csv", b"header\n")
    writes: list[bytes] = []
    real = os.write

    def counted(fd: int, data: bytes) -> int:
        writes.append(data)
        return real(fd, data)

    monkeypatch.setattr(os, "write", counted)
    file.append(b"one\n")
    assert writes == [b"one\n"]
    assert (tmp_path / "results.csv").read_bytes() == b"header\none\n"
    file.close()


def test_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    AppendFile(tmp_path / "a").close()
    write_atomically(tmp_path / "b", b"x")
    assert [mode_of(tmp_path / name) for name in "ab"] == [0o600, 0o600]


def test_a_replacement_that_fails_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.json"
    write_atomically(path, b"old")
    with disk_of(3), pytest.raises(OutputNotWritable, match=r"checkpoint\.json"):
        write_atomically(path, b"much longer")
    with pytest.raises(TypeError), atomic_file(path) as handle:
        handle.writelines([b"half", None])  # type: ignore[list-item]
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(OutputNotWritable, match="No such file"):
        write_atomically(tmp_path / "gone" / "x", b"x")
    with pytest.raises(OutputNotWritable, match="No such file"):
        AppendFile(tmp_path / "gone" / "x")
