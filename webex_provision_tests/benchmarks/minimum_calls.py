"""How few calls each entity type can do with: own figures, from what the Webex API takes in one call.

A function of the good rows of a type in one batch, in the form of the generator's; it counts calls about the rows
themselves. Lists, and settings that all rows share, are counted apart: each page once.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence

Row = dict[str, str]
Minimum = Callable[[Sequence[Row]], int]

_SETTINGS = ("calling_settings_voicemail_", "calling_settings_call_waiting_", "calling_settings_dnd_")
_PROFILES = (
    ("location_pstn_type",),
    ("location_outside_dial_digit", "location_external_caller_id_name", "location_routing_prefix"),
    ("location_outgoing_profile", "location_outgoing_permissions"),
    ("location_transfer_numbers",),
)
_NUMBERS_A_POST = 100
_NUMBERS_A_DELETE = 5
_PATTERNS_A_CALL = 200
_MACS_A_CALL = 100

PREFLIGHT = 2
# A create may cost one look at its key besides: the list's silence is not enough.
CREATED = frozenset(
    {
        "location",
        "trunk",
        "route_group",
        "dial_plan",
        "schedules",
        "announcements_repo",
        "workspace",
        "groups",
        "call_pickup_group",
        "call_queue",
        "hunt_group",
        "auto_attendant",
    }
)


def _each(count: Callable[[Row], int]) -> Minimum:
    return lambda rows: sum(map(count, rows))


def _flat(calls: int) -> Minimum:
    return lambda rows: calls * len(rows)


def _items(row: Row, column: str) -> int:
    return len(row[column].split("|")) if row.get(column) else 0


def _settings(row: Row) -> int:
    """One endpoint a group of settings."""
    return sum(any(name.startswith(group) for name in row) for group in _SETTINGS)


def _profile_parts(row: Row) -> int:
    """A write a part; the read of the permissions shows that a new location has them as the generator wants them."""
    return sum(any(name in row for name in part) for part in _PROFILES)


def _patterns(row: Row) -> int:
    return math.ceil(_items(row, "dial_plan_patterns") / _PATTERNS_A_CALL)


def _numbers_added(row: Row) -> int:
    main = "number_main_phone_number" in row
    return math.ceil(_items(row, "number_phone_numbers") / _NUMBERS_A_POST) + main


def _removals(rows: Sequence[Row]) -> int:
    """Several numbers of one location go in one call."""
    a_location = Counter(row["location_key"] for row in rows)
    return sum(math.ceil(count / _NUMBERS_A_DELETE) for count in a_location.values())


def _devices(rows: Sequence[Row]) -> int:
    """New MAC addresses are confirmed together; an owner's other devices before a code each by itself."""
    macs = sum("device_mac" in row for row in rows)
    return len(rows) + math.ceil(macs / _MACS_A_CALL) + len(rows) - macs


def _assistants(row: Row) -> int:
    """The type of the executive and of each assistant, and their pairing."""
    return 2 + _items(row, "user_exec_assistant_emails")


# What a tenant that has nothing of the roll-out yet costs.
FIRST: dict[str, Minimum] = {
    "location": _flat(2),
    "trunk": _flat(1),
    "route_group": _flat(1),
    "internal_dialing": _flat(1),
    "dial_plan": _each(_patterns),
    "location_call_profiles": _each(_profile_parts),
    "location_number_state": _each(_numbers_added),
    "schedules": _flat(1),
    "announcements_repo": _flat(3),  # spoken: ask for it, look once whether it is made, take it
    "user": _each(lambda row: 1 + _settings(row)),
    "user_numbers": _flat(1),
    "workspace": _flat(1),
    "workspace_numbers": _flat(1),
    "user_forwarding": _flat(1),
    "workspace_forwarding": _flat(1),
    "user_recording": _flat(1),
    "workspace_recording": _flat(1),
    "user_exec_assistant": _each(_assistants),
    "user_monitoring": _flat(1),
    "workspace_monitoring": _flat(1),
    "extension_assignment": _each(lambda row: 1 + _settings(row)),
    "groups": _flat(1),
    "group_membership": _flat(1),
    "feature_access": _flat(1),
    "call_pickup_group": _flat(1),
    "call_queue": _flat(1),
    "hunt_group": _flat(1),
    "auto_attendant": _flat(1),
    "devices": _devices,
    "number_removal": _removals,
}

# What the same rows cost once more, where nothing differs: a write where no list and no read shows what is there.
AGAIN: dict[str, Minimum] = FIRST | {
    "location": _flat(0),
    "trunk": _flat(2),  # blank cells are sent as they are read; the password can't be read
    "dial_plan": _flat(1),  # its patterns are in no list
    "location_number_state": _flat(0),
    "schedules": _flat(2),
    "announcements_repo": _flat(1),
    "user": _each(_settings),
    "user_numbers": _flat(0),
    "workspace": _flat(0),
    "workspace_numbers": _flat(0),
    "extension_assignment": _each(_settings),
    "devices": _flat(0),
    "number_removal": _flat(1),  # that a number is gone is not taken from a list's silence
}
