"""Small CSVs for the simulation: rows of every entity type, with what they refer to, and some that intake rejects.

The pool is the site of the contract tests, and beside it what that lacks: rows that share a remote entity, rows whose
members are not there, rooms that only their names tell apart, numbers to take out.
"""

import random
from collections.abc import Mapping

from webex_provision.generator.mistakes import bad_rows
from webex_provision_tests.contract.rows import LATE, first_rows
from webex_provision_tests.rehearsal import LOCATION, hunt_group, user, workspace

PARTS = 9
FEWEST, MOST = 12, 25  # rows of a part
BAD = 3
# What names the thing that a row is about, by type, where other rows may refer to it.
NAMES = {
    "location": "location_key",
    "trunk": "trunk_name",
    "route_group": "route_group_name",
    "schedules": "schedule_name",
    "user": "email",
    "user_calling_settings": "email",
    "workspace": "workspace_display_name",
    "groups": "group_name",
}

# Two rows give one user an extension each, so that one is changed. The row that runs last wins, as intake warns;
# where the first one waits for its retry, that is the first.
TWO_MINDS = frozenset({"2181", "2182"})

Rows = list[dict[str, str]]


def pool() -> Rows:
    """Every good row that a part may hold, in an order in which nothing refers to what comes later."""
    return [*first_rows(), *_sharing(), *_waiting(), *_rooms(), *_lisbon()]


def _sharing() -> Rows:
    """Rows that write the same remote entity as another row of their type."""
    members = {"entity_type": "group_membership", "member_group_name": "Equipo Ventas"}
    inventory = {"entity_type": "location_number_state", "location_key": "HQ", "number_action": "ADD"}
    removal = {"entity_type": "number_removal", "location_key": "Valencia"}  # which no row makes: it is there
    new = {"entity_type": "number_removal", "location_key": "HQ"}  # whose numbers come with it, and show late
    device = {"entity_type": "devices", "device_owner_type": "person", "device_owner": "ana@example.com"}
    return [
        {"entity_type": "user_calling_settings", "location_key": "HQ", "email": "leo@example.com"},
        {"entity_type": "user_numbers", "location_key": "HQ", "email": "leo@example.com", "extension": "2177"},
        user("pia", "2181"),
        {"entity_type": "user_numbers", "location_key": "HQ", "email": "pia@example.com", "extension": "2182"},
        inventory | {"number_phone_numbers": "+34910005011"},
        inventory | {"number_phone_numbers": "+34910005012|+34910005013"},
        members | {"member_emails": "eva@example.com"},
        members | {"member_emails": "ivo@example.com"},
        members | {"member_emails": "leo@example.com"},
        device | {"device_mac": "001122334477", "device_model": "Cisco 9861", "device_tags": "a"},
        removal | {"number_to_remove": "+34910005021"},
        removal | {"number_to_remove": "+34910005022"},
        new | {"number_to_remove": "+34910005023"},
    ]


def _waiting() -> Rows:
    """Rows that name somebody whom the directory has not synchronised: lists that would be incomplete."""
    ana = f"ana@example.com|{LATE}"
    queue = {"entity_type": "call_queue", "location_key": "HQ", "queue_name": "Tarde", "extension": "2993"}
    pickup = {"entity_type": "call_pickup_group", "location_key": "HQ", "pickup_name": "Tarde", "pickup_members": ana}
    watch = {"entity_type": "user_monitoring", "location_key": "HQ", "email": "eva@example.com"}
    return [
        hunt_group("Tarde", "2890", hunt_agents=ana),
        queue | {"queue_agents": ana},
        pickup,
        watch | {"user_monitoring_targets": ana},
    ]


def _rooms() -> Rows:
    """Nothing but its name tells one of these from the other, and Webex refuses no second one."""
    return [workspace("Mesa 2", workspace_calling_license="hotdesk_only"), workspace("Mesa 3", "2393")]


def _lisbon() -> Rows:
    """A second location, with a text to speak, which takes Webex some seconds."""
    place = {"location_key": "Lisboa", "location_name": "Lisboa", "address_country": "PT"}
    spoken = {"announcement_source": "tts", "announcement_tts_voice": "es-ES-1", "announcement_tts_language": "es_es"}
    said = spoken | {"announcement_name": "Espere", "announcement_tts_text": "Espere, por favor."}
    return [
        LOCATION | {"time_zone": "Europe/Lisbon"} | place,
        {"entity_type": "announcements_repo", "location_key": "Lisboa"} | said,
        workspace("Sala Lisboa", "2300", location_key="Lisboa"),
    ]


def directory(rows: Rows, *, madrid: bool) -> Rows:
    """What is there before the first launch: everybody but the late one, the numbers, the PSTN unless a row sets it.

    With `madrid` the location is there too, and its row only changes it.
    """
    absent = [row for row in pool() if row["entity_type"] == "location_call_profiles" and row not in rows]
    there = [row for row in pool() if row not in absent]
    if madrid:
        there = [row | _in_madrid(row) for row in there if row.get("location_name") != LOCATION["location_name"]]
    return [{name: cell.replace(LATE, "") for name, cell in row.items()} for row in there]


def _in_madrid(row: Mapping[str, str]) -> dict[str, str]:
    return {"location_key": LOCATION["location_name"]} if row.get("location_key") == LOCATION["location_key"] else {}


def part(number: int) -> Rows:
    """The rows of one part: some of the pool by chance with all that they refer to, and some bad ones.

    The parts together hold the whole pool.
    """
    rows, chance = pool(), random.Random(number)  # noqa: S311 - repeatable, not cryptography
    size = -(-len(rows) // PARTS)
    wanted = rows[number % PARTS * size :][:size]
    others = chance.sample(rows, len(rows))
    kept: Rows = []
    for row in [*wanted, *others]:
        needed = [other for other in _closure(row, rows) if other not in kept]
        if len(kept) + len(needed) <= MOST - BAD or (row in wanted):
            kept += needed
        if len(kept) >= FEWEST and all(one in kept for one in wanted) and len(kept) >= chance.randint(FEWEST, MOST):
            break
    good = [row for row in rows if row in kept]
    return [*good, *bad_rows(good, chance.randint(0, BAD), chance)]


def _closure(row: Mapping[str, str], rows: Rows) -> Rows:
    """A row with all that it refers to, and what that refers to; each is looked at once."""
    found, waiting = [dict(row)], [row]
    for _ in range(len(rows)):
        if not waiting:
            break
        current = waiting.pop()
        for other in rows:
            if other not in found and _refers(current, other):
                found.append(other)
                waiting.append(other)
    return found


def _refers(row: Mapping[str, str], other: Mapping[str, str]) -> bool:
    lines = other["entity_type"] == "user_numbers" and not row.get("extension")
    if lines and row["entity_type"] in {"user", "user_calling_settings"} and row["email"] == other["email"]:
        return True  # a calling licence goes only together with an extension
    name = other.get(NAMES.get(other["entity_type"], ""), "")
    if not name or (row["entity_type"] in NAMES and row.get(NAMES[row["entity_type"]]) == name):
        return False
    return any(name in cell for column, cell in row.items() if column != "entity_type")
