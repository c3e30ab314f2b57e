"""Tags of runs, by which the list of runs tells whose they are and how they ended; short, for its column is narrow."""

from webex_provision.assets.registry import RegisteredRollOut
from webex_provision.assets.shown import HASH_SHOWN

PARENT_TAG = "webex_provision/launched_by"
ROLL_OUT_TAG = "roll_out"
HASH_TAG = "input_hash"
STATE_TAG = "state"
UNSEEN = ".dagster/webex_provision_"  # Dagster's UI shows no tag that begins so; one can be found by it all the same


def roll_out_tags(registered: RegisteredRollOut) -> dict[str, str]:
    """Which input a run is about."""
    return {ROLL_OUT_TAG: registered.manifest.input_id, HASH_TAG: registered.manifest.input_hash[:HASH_SHOWN]}


def outcome_tags(state: str) -> dict[str, str]:
    """How it ended: the state in run_summary.json."""
    return {STATE_TAG: state}
