"""Batch keys, and the way from a key back to its roll-out.

A backfill knows only keys, `<input id>-<nnnn>`. So intake leaves a note per input id in Dagster's own storage, where
every machine that shares it finds it: which folder holds the roll-out. All else stands in that folder's manifest.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg
from pydantic import BaseModel

from webex_provision.assets.failures import WrongRequest
from webex_provision.ledger.errors import NoRollOut
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.manifest import Manifest, load_manifest

BATCHES = dg.DynamicPartitionsDefinition(name="batch")
PARTITION_TAG = "dagster/partition"
RANGE_START_TAG = "dagster/asset_partition_range_start"
RANGE_END_TAG = "dagster/asset_partition_range_end"
_KEY = re.compile(r"(?P<input_id>[A-Za-z0-9_-]+)-(?P<number>[0-9]{4})")


class RegisteredRollOut(BaseModel):
    """A roll-out that Dagster knows: its folder and manifest."""

    folder: Path
    manifest: Manifest

    @property
    def keys(self) -> list[str]:
        """All its batch keys in order; one at least, so that an input without ready rows has its history too."""
        most = max(self.manifest.batches.values(), default=0)
        return [batch_key(self.manifest.input_id, number) for number in range(1, max(1, most) + 1)]


def batch_key(input_id: str, number: int) -> str:
    """The key of a batch number of an input."""
    return f"{input_id}-{number:04d}"


def divided_key(key: str) -> tuple[str, int]:
    """Input id and batch number of a key. Raises WrongRequest."""
    match = _KEY.fullmatch(key)
    if match is None:
        raise WrongRequest(f"{key} is not a batch of a roll-out; its keys look like <input id>-0001")
    return match["input_id"], int(match["number"])


def one_input(keys: Sequence[str]) -> tuple[str, list[int]]:
    """The one input id and the batch numbers of these keys, sorted. Raises WrongRequest for keys of several inputs."""
    divided = [divided_key(key) for key in keys]
    inputs = sorted({input_id for input_id, _ in divided})
    if len(inputs) != 1:
        raise WrongRequest(
            f"these batches belong to {len(inputs)} inputs ({', '.join(inputs)}); launch the batches of one input alone"
        )
    return inputs[0], sorted(number for _, number in divided)


def key_of_tags(tags: Mapping[str, str]) -> str | None:
    """The first key that a run was launched for, or None for a run without partitions."""
    return tags.get(RANGE_START_TAG) or tags.get(PARTITION_TAG)


def register(instance: dg.DagsterInstance, folder: Path) -> RegisteredRollOut:
    """Make a folder's roll-out known to Dagster: its keys, in ONE call, and the note that leads back to it.

    A range of keys follows the order of insertion, so keys are never added to those of an input: when more are
    needed (the same CSV in another folder with smaller batches), all of them are registered anew, together.
    """
    registered = RegisteredRollOut(folder=folder.resolve(), manifest=load_manifest(RollOutFolder(folder)))
    keys = registered.keys
    present = set(instance.get_dynamic_partitions(BATCHES.name or ""))
    if not present.issuperset(keys):
        for key in present.intersection(keys):
            instance.delete_dynamic_partition(BATCHES.name or "", key)
        instance.add_dynamic_partitions(BATCHES.name or "", keys)
    instance.daemon_cursor_storage.set_cursor_values({_note(registered.manifest.input_id): str(registered.folder)})
    return registered


def find(instance: dg.DagsterInstance, input_id: str) -> RegisteredRollOut:
    """The roll-out of an input id. Raises WrongRequest when there is no trace of it, LedgerError."""
    folder = folder_noted(instance, input_id)
    try:
        manifest = load_manifest(RollOutFolder(Path(folder))) if folder else None
    except (OSError, NoRollOut):
        manifest = None
    if manifest is None:
        where = f"its folder {folder} is not on this machine" if folder else "Dagster's history knows no folder of it"
        raise WrongRequest(
            f"no roll-out is known for the input {input_id} ({where}); run the job `intake` with its CSV first"
        )
    return RegisteredRollOut(folder=Path(folder), manifest=manifest)


def folder_noted(instance: dg.DagsterInstance, input_id: str) -> str:
    """The folder of an input's roll-out, on whichever machine; empty when intake has never come so far."""
    return instance.daemon_cursor_storage.get_cursor_values({_note(input_id)}).get(_note(input_id), "")


def _note(input_id: str) -> str:
    """The key of the note in the key-value table of Dagster's run storage."""
    return f"webex_provision/roll_out/{input_id}"
