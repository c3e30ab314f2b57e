"""Keys of batches: registered together, never extended, and the way back from a key to its folder."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from webex_provision.assets.failures import WrongRequest
from webex_provision.assets.registry import batch_key, divided_key, find, one_input, register
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.manifest import Manifest
from webex_provision.vocabulary import Phase


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def folder_of(path: Path, input_id: str, batches: int) -> Path:
    folder = RollOutFolder(path)
    folder.create()
    Manifest(
        input_id=input_id,
        csv_path="/site.csv",
        csv_name="site.csv",
        input_hash="0" * 64,
        pipeline_version="1",
        batch_size=500,
        batches={Phase.ROUTING: 1, Phase.USERS: batches},
        created_at="2026-01-05T08:00:00.000Z",
    ).save(folder)
    return path


def test_a_key_leads_back_to_its_folder(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "a", "site-a-0a0a0a0a", 3)
    keys = register(instance, folder).keys
    assert keys == [f"site-a-0a0a0a0a-000{number}" for number in (1, 2, 3)]
    assert divided_key(keys[2]) == ("site-a-0a0a0a0a", 3)
    assert find(instance, "site-a-0a0a0a0a").folder == folder
    with pytest.raises(WrongRequest, match="run the job `intake`"):
        find(instance, "site-b-0a0a0a0a")


def test_the_keys_of_an_input_stand_together_also_when_more_are_needed_later(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    register(instance, folder_of(tmp_path / "small", "x-11111111", 2))
    register(instance, folder_of(tmp_path / "other", "y-22222222", 2))
    large = register(instance, folder_of(tmp_path / "large", "x-11111111", 4))
    present = list(instance.get_dynamic_partitions("batch"))
    first = present.index(large.keys[0])
    assert present[first : first + 4] == large.keys


def test_an_input_without_ready_rows_has_a_batch_all_the_same(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    assert register(instance, folder_of(tmp_path / "none", "none-33333333", 0)).keys == ["none-33333333-0001"]


def test_keys_of_two_inputs_and_foreign_keys_are_refused() -> None:
    with pytest.raises(WrongRequest, match="one input alone"):
        one_input([batch_key("x-11111111", 1), batch_key("y-22222222", 1)])
    with pytest.raises(WrongRequest, match="not a batch"):
        divided_key("2026-01-05")
