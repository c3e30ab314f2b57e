"""A CSV becomes the input of a roll-out, once; a folder is never taken over by another input."""

import hashlib
from pathlib import Path

import pytest

from webex_provision.clock import Clock
from webex_provision.intake.csv_file import UnusableCsv
from webex_provision.intake.roll_out import Prepared, prepare
from webex_provision.ledger.errors import InputChanged, LockHeld
from webex_provision.ledger.locks import FolderLock
from webex_provision.ledger.manifest import load_manifest
from webex_provision.vocabulary import Phase
from webex_provision_tests.rehearsal import LOCATION, settings_for, user, write_csv

ROWS = [LOCATION, *(user(f"u{number}", str(2000 + number)) for number in range(1, 6)), user("not an address")]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "My Site.csv", ROWS)


def prepared(csv_path: Path, tmp_path: Path, folder: Path | None = None, **settings: object) -> Prepared:
    wanted = settings_for("http://127.0.0.1:1", output_dir=tmp_path / "out", **settings)
    return prepare(csv_path, wanted, clock=Clock(), folder=folder, command="test")


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_row_is_counted_once_and_every_batch_is_known(site: Path, tmp_path: Path) -> None:
    result = prepared(site, tmp_path, batch_size=2)
    manifest = result.manifest
    assert (manifest.rows_read, manifest.rows_rejected) == (len(ROWS), 1)
    assert manifest.rows == {Phase.ROUTING: 1, Phase.USERS: 5, Phase.SERVICES: 0}
    assert manifest.batches == {Phase.ROUTING: 1, Phase.USERS: 3, Phase.SERVICES: 0}
    assert result.rejected == {"invalid_input_schema": 1}
    assert load_manifest(result.folder) == manifest


def test_the_folder_is_named_after_the_input_so_that_a_mended_csv_is_another_roll_out(
    site: Path, tmp_path: Path
) -> None:
    first = prepared(site, tmp_path)
    write_csv(site, ROWS[:-1])
    second = prepared(site, tmp_path)
    digest = hashlib.sha256(site.read_bytes()).hexdigest()
    assert second.folder.root == tmp_path / "out" / f"My-Site-{digest[:8]}"
    assert first.folder.root != second.folder.root


def test_preparing_again_changes_no_byte_and_counts_the_same(site: Path, tmp_path: Path) -> None:
    first = prepared(site, tmp_path, batch_size=2)
    before = content(first.folder.root)
    again = prepared(site, tmp_path, batch_size=3)
    assert again.known
    assert again.rejected == first.rejected
    assert again.manifest == first.manifest, "the batch size is pinned"
    assert content(first.folder.root) == before


def test_another_input_is_refused_and_nothing_is_touched(site: Path, tmp_path: Path) -> None:
    first = prepared(site, tmp_path)
    before = content(first.folder.root)
    other = write_csv(tmp_path / "other.csv", ROWS[:2])
    with pytest.raises(InputChanged, match="Nothing was touched"):
        prepared(other, tmp_path, folder=first.folder.root)
    with pytest.raises(InputChanged, match="pipeline version"):
        prepared(site, tmp_path, folder=first.folder.root, pipeline_version="2")
    assert content(first.folder.root) == before


def test_an_unusable_csv_leaves_nothing_behind(tmp_path: Path) -> None:
    ragged = tmp_path / "ragged.csv"
    ragged.write_text("entity_type,email\nuser\n")
    with pytest.raises(UnusableCsv, match="line 2"):
        prepared(ragged, tmp_path)
    with pytest.raises(UnusableCsv, match="no such file"):
        prepared(tmp_path / "missing.csv", tmp_path)
    assert not (tmp_path / "out").exists()


def test_more_batches_than_allowed_are_refused_before_anything_is_written(site: Path, tmp_path: Path) -> None:
    with pytest.raises(UnusableCsv, match=r"phase 2 needs 5 batches of 1 rows.*MAX_BATCHES"):
        prepared(site, tmp_path, batch_size=1, max_batches=4)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_another_run_holds_is_refused_naming_the_holder(site: Path, tmp_path: Path) -> None:
    first = prepared(site, tmp_path)
    first.folder.ready.unlink()
    with FolderLock(first.folder, clock=Clock(), input_name="x", command="the holder"), pytest.raises(LockHeld) as held:
        prepared(site, tmp_path)
    assert "the holder" in str(held.value)


def test_an_intake_that_was_killed_between_its_files_is_done_again(site: Path, tmp_path: Path) -> None:
    first = prepared(site, tmp_path)
    first.folder.manifest.unlink()
    again = prepared(site, tmp_path)
    assert not again.known
    assert again.manifest.rows == first.manifest.rows
