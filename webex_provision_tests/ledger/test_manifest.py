"""A folder belongs to one input; another one is refused before anything is touched."""

import json
from pathlib import Path

import pytest

from webex_provision.ledger.checkpoint import Progress
from webex_provision.ledger.errors import (
    CorruptLedger,
    InputChanged,
    LedgerInvariant,
    NewerFormat,
    NoRollOut,
    OutputNotWritable,
)
from webex_provision.ledger.establish import check_same_input, establish_manifest
from webex_provision.ledger.folder import RollOutFolder, input_id_of
from webex_provision.ledger.manifest import Generation, Identity, load_manifest
from webex_provision.ledger.repair import repair
from webex_provision.ledger.state_store import Ledger
from webex_provision.vocabulary import ExitCode, RunMode
from webex_provision_tests.ledger.samples import HASH, manifest, opened, roll_out, success
from webex_provision_tests.virtual_clock import VirtualClock

OTHER = "cd" * 32


def contents(folder: RollOutFolder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.root.iterdir() if path.name != ".lock"}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("site.csv", "site-abababab"),
        ("Sède Málaga (v2).csv", "S-de-M-laga-v2-abababab"),
        ("日本.csv", "input-abababab"),
        ("a...b,c.csv", "a-b-c-abababab"),
        ("x" * 90 + ".csv", "x" * 40 + "-abababab"),
    ],
)
def test_an_input_id_can_be_part_of_a_partition_key(name: str, wanted: str) -> None:
    assert input_id_of(Path(name), HASH) == wanted


def test_a_new_folder_is_its_owners_only_and_an_old_one_keeps_its_permissions(tmp_path: Path) -> None:
    new = RollOutFolder(tmp_path / "deep" / "new")
    new.create()
    assert new.root.stat().st_mode & 0o777 == 0o700
    new.root.chmod(0o750)
    new.create()
    assert new.root.stat().st_mode & 0o777 == 0o750


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputNotWritable):
        RollOutFolder(tmp_path / "file" / "sub").create()


def test_a_manifest_reads_back_as_saved(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    assert load_manifest(folder) == manifest()
    assert folder.manifest.stat().st_mode & 0o777 == 0o600


def test_a_folder_without_a_roll_out_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(NoRollOut, match="webex-provision run") as caught:
        Ledger.open(RollOutFolder(tmp_path), clock=VirtualClock())
    assert caught.value.exit_code is ExitCode.USAGE
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"input_id": "x"}', "\0\0"])
def test_an_unparseable_manifest_is_named(tmp_path: Path, content: str) -> None:
    folder = roll_out(tmp_path)
    folder.manifest.write_text(content)
    with pytest.raises(CorruptLedger, match=r"manifest\.json, line 1"):
        Ledger.open(folder, clock=VirtualClock())


@pytest.mark.parametrize("identity", [Identity(OTHER, "1"), Identity(HASH, "2")])
def test_another_input_or_version_is_refused_and_nothing_is_touched(tmp_path: Path, identity: Identity) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(success("a"))
        ledger.checkpoint(Progress())
    before = contents(folder)
    with pytest.raises(InputChanged, match=r"webex-provision run /srv/site\.csv --output-dir") as caught:
        Ledger.open(folder, clock=VirtualClock(), expect=identity)
    assert caught.value.exit_code is ExitCode.STATE
    with pytest.raises(InputChanged):
        check_same_input(folder, identity)
    with pytest.raises(InputChanged):
        establish_manifest(folder, manifest(input_hash=identity.input_hash, pipeline_version=identity.pipeline_version))
    folder.manifest.unlink()
    with pytest.raises(InputChanged):
        check_same_input(folder, identity)
    assert contents(folder) == {name: content for name, content in before.items() if name != "manifest.json"}


@pytest.mark.parametrize(("field", "other"), [("input_hash", OTHER), ("pipeline_version", "2")])
def test_a_checkpoint_of_another_roll_out_is_named_and_repair_makes_a_new_one(
    tmp_path: Path, field: str, other: str
) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(success("a"))
        ledger.checkpoint(Progress())
    folder.checkpoint.write_text(json.dumps(json.loads(folder.checkpoint.read_bytes()) | {field: other}))
    before = contents(folder)
    for look in (
        lambda: Ledger.open(folder, clock=VirtualClock()),
        lambda: check_same_input(folder, manifest().identity),
    ):
        with pytest.raises(CorruptLedger, match=rf"it is of .*{other[:8]}.*webex-provision repair"):
            look()
    assert contents(folder) == before
    assert "checkpoint.json" in repair(folder, clock=VirtualClock()).actions[0]
    with opened(folder) as ledger:
        assert list(ledger.states) == ["a"]


@pytest.mark.parametrize("name", ["checkpoint.json", "manifest.json"])
def test_a_file_of_a_newer_format_is_left_to_the_version_that_wrote_it(tmp_path: Path, name: str) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.checkpoint(Progress())
    newer = json.loads((folder.root / name).read_bytes()) | {"format_version": 2, "told_by": "a later version"}
    (folder.root / name).write_text(json.dumps(newer))
    before = contents(folder)
    for look in (
        lambda: Ledger.open(folder, clock=VirtualClock()),
        lambda: check_same_input(folder, manifest().identity),
        lambda: repair(folder, clock=VirtualClock()),
    ):
        with pytest.raises(NewerFormat, match=r"newer version .* \(format 2, this one knows 1\)") as caught:
            look()
        assert caught.value.exit_code is ExitCode.STATE
    assert contents(folder) == before


def test_the_same_input_again_keeps_generation_and_creation_time(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    with opened(folder):
        pass
    assert check_same_input(folder, Identity(HASH, "1")) is not None
    again = establish_manifest(folder, manifest(csv_path="/elsewhere/site.csv", created_at="later"))
    assert again.generation == Generation(n=1, floor=1, mode=RunMode.RESUME, open=True)
    assert again.created_at == manifest().created_at
    assert again.csv_path == "/elsewhere/site.csv"
    assert load_manifest(folder) == again


def test_a_free_folder_is_taken(tmp_path: Path) -> None:
    folder = RollOutFolder(tmp_path / "new")
    folder.create()
    assert check_same_input(folder, Identity(HASH, "1")) is None
    assert establish_manifest(folder, manifest()) == load_manifest(folder)


def test_the_batch_size_is_pinned_for_a_roll_out(tmp_path: Path) -> None:
    with pytest.raises(LedgerInvariant, match="batch size is 500"):
        establish_manifest(roll_out(tmp_path), manifest(batch_size=100))
