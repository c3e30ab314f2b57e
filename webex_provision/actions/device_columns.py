"""The columns of a phone's row, and what they may not say together."""

from dataclasses import replace

import polars as pl

from webex_provision.actions.action_helpers import needs
from webex_provision.actions.columns import LOCATION_KEY
from webex_provision.actions.declaration import Column, Kind, OutOfScope, RefersTo, Rule

_MAC_PATTERN = r"^([0-9A-Fa-f][:.\-]?){11}[0-9A-Fa-f]$"

MAC = pl.col("device_mac").str.replace_all(r"[:.\-]", "").str.to_uppercase()
OWNER = pl.concat_str("device_owner_type", "device_owner", "device_model", separator=":", ignore_nulls=True)
_CODE = pl.col("device_onboarding") == "activation_code"

COLUMNS = (
    Column(
        name="device_owner_type",
        help="Who gets the device.",
        kind=Kind.CHOICE,
        choices=("person", "workspace"),
        required=True,
        feeds="personId or workspaceId",
        example="person",
    ),
    Column(
        name="device_owner",
        help="The user's email; or the workspace: a key of its row in this file, else its display name.",
        required=True,
        largest=256,
        refers_to=(RefersTo("workspace", when=("device_owner_type", "workspace")),),
        feeds="personId or workspaceId",
        example="ana.ruiz@example.com",
    ),
    replace(LOCATION_KEY, required=False, help="The owner's location; only checked, the device follows its owner."),
    Column(
        name="device_model",
        help="Model or display name in Webex's list of supported devices; blank with a code: a room device.",
        largest=128,
        feeds="model",
        example="DMS Cisco 8845",
    ),
    Column(
        name="device_mac",
        help="MAC address; colons, dashes and dots are ignored.",
        pattern=_MAC_PATTERN,
        feeds="mac",
        example="001122334455",
    ),
    Column(
        name="device_onboarding",
        help="Blank: mac. A code stands in the message of results.csv; a device that is there needs none.",
        kind=Kind.CHOICE,
        choices=("mac", "activation_code"),
        example="mac",
    ),
    Column(
        name="device_serial",
        help="Finds a device that is there already; a serial number adds none.",
        largest=64,
        feeds="serial",
        example="FCH2417E0AB",
    ),
    Column(
        name="device_tags",
        help="Tags; replace all.",
        many=True,
        most_items=20,
        largest=50,
        feeds="tags",
        example="planta-2|recepcion",
    ),
    Column(name="device_password", help="Not taken from a CSV: no secrets there.", example=""),
)

RULES = (
    Rule(
        "device_mac",
        pl.all_horizontal(pl.col("device_mac", "device_serial").is_null()) & _CODE.ne_missing(other=True),
        "one of device_mac, device_serial or device_onboarding=activation_code is needed; fill one",
    ),
    Rule(
        "device_onboarding",
        _CODE & pl.any_horizontal(pl.col("device_mac", "device_serial").is_not_null()),
        "activation_code goes without device_mac and device_serial; empty them or the onboarding",
    ),
    needs("device_model", "device_mac"),
    needs("device_mac", "device_onboarding", equal="mac"),
    Rule(
        "device_owner",
        (pl.col("device_owner_type") == "person") & ~pl.col("device_owner").str.contains("@"),
        "device_owner of a person is an email; mend it or device_owner_type",
    ),
)

OUT_OF_SCOPE = (
    OutOfScope(
        "device_password",
        pl.col("device_password").is_not_null(),
        "secrets don't belong in a CSV; set the SIP password of a third-party phone in Control Hub",
    ),
    OutOfScope(
        "device_tags",
        _CODE & pl.col("device_tags").is_not_null(),
        "a device that waits for its activation can't be tagged yet; tag it later by a row with its MAC or serial",
    ),
)
