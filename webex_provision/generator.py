"""Made-up roll-outs of any size, the same for the same seed: for rehearsals, tests and benchmarks.

Rows are about locations, users, numbers, workspaces, extension assignments and hunt groups. Every good row is valid,
refers only to what the same CSV defines, and holds extensions and numbers that nobody else holds; so a sandbox that
was seeded from the CSV knows every user in it. Bad rows, where asked for, are rejected at intake one by one and do
no harm to good ones.
"""

import csv
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

LARGEST = 1_000_000
MOST_BAD = 0.5
_PLACES = 3_000  # rows about one location: its extensions (5 digits) and numbers suffice
_AGENTS = 6
_ALTERNATES = 1_000_000  # alternates stand so far above main numbers in their location's range

COLUMNS = (
    "entity_type",
    "row_ref",
    "location_key",
    "location_name",
    "time_zone",
    "location_preferred_language",
    "address_line1",
    "address_city",
    "address_state",
    "address_postal_code",
    "address_country",
    "email",
    "display_name",
    "extension",
    "phone_number",
    "phone_numbers_secondary",
    "calling_settings_voicemail_enabled",
    "calling_settings_voicemail_rings",
    "calling_settings_call_waiting_enabled",
    "calling_settings_dnd_enabled",
    "workspace_display_name",
    "workspace_type",
    "workspace_capacity",
    "hunt_name",
    "hunt_policy",
    "hunt_agents",
    "hunt_enabled",
    "comment",
)

_SITES = (
    # city, state, postal code, country, time zone, language, number prefix and digits that follow it
    ("Barcelona", "Barcelona", "08001", "ES", "Europe/Madrid", "es_ES", "+3493", 7),
    ("Berlin", "Berlin", "10115", "DE", "Europe/Berlin", "de_DE", "+4930", 8),
    ("Boston", "Massachusetts", "02108", "US", "America/New_York", "en_US", "+1617", 7),
)
_FIRST = (
    "ana",
    "luis",
    "eva",
    "jon",
    "marta",
    "paul",
    "greta",
    "hugo",
    "ines",
    "karl",
    "lena",
    "omar",
    "petra",
    "rosa",
)
_LAST = ("ruiz", "vidal", "soler", "weber", "braun", "adler", "baker", "moore", "reed", "costa", "lang", "ortiz")
_STREETS = ("Calle Mayor", "Gran Via", "Hauptstrasse", "Lindenallee", "Main Street", "Harbor Road")
_ROOMS = ("huddle", "meetingRoom", "open", "desk")

Row = dict[str, str]


@dataclass(frozen=True)
class Generated:
    """What was written: rows in all, and those of them that intake will reject."""

    rows: int
    bad: int


def write_csv(path: Path, rows: int, *, seed: int = 0, bad_share: float = 0.0) -> Generated:
    """Write a roll-out of `rows` rows, of which the share `bad_share` (0 to 0.5) is bad. Replaces `path` whole.

    Raises ValueError for a size or share out of bounds, OSError when the file can't be written.
    """
    bad = round(rows * bad_share)
    content = roll_out(rows, seed=seed, bad_share=bad_share)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return Generated(rows, bad)


def roll_out(rows: int, *, seed: int = 0, bad_share: float = 0.0) -> list[Row]:
    """The rows themselves, filled cells only. Raises ValueError for a size or share out of bounds."""
    if not 1 <= rows <= LARGEST:
        raise ValueError(f"a roll-out has 1 to {LARGEST} rows, not {rows}")
    if not 0 <= bad_share <= MOST_BAD:
        raise ValueError(f"the share of bad rows is 0 to {MOST_BAD:g}, not {bad_share:g}")
    chance = random.Random(f"roll-out:{seed}")  # noqa: S311 - repeatable chance, not cryptography
    bad = round(rows * bad_share)
    good = list(_good_rows(rows - bad, chance))
    return _mixed(good, list(_bad_rows(good, bad, chance)), chance)


# --- good rows -------------------------------------------------------------------------------------------------


class _Site:
    """One location and the counters of what is given out in it."""

    def __init__(self, number: int, chance: random.Random) -> None:
        self.key = f"SITE-{number:03d}"
        self.chance = chance
        self.agents: list[str] = []
        self._site = _SITES[number % len(_SITES)]
        # Locations of one country share a prefix; each has its own block of numbers in it.
        self._first_number = 2_000_000 + number // len(_SITES) * _PLACES
        self._given = 0

    def row(self) -> Row:
        """The location's own row."""
        city, state, postal_code, country, zone, language, _, _ = self._site
        return {
            "entity_type": "location",
            "location_key": self.key,
            "location_name": f"{city} {self.key}",
            "time_zone": zone,
            "location_preferred_language": language,
            "address_line1": f"{self.chance.choice(_STREETS)} {self.chance.randint(1, 200)}",
            "address_city": city,
            "address_state": state,
            "address_postal_code": postal_code,
            "address_country": country,
        }

    def line(self) -> tuple[str, str, str]:
        """A free extension with its main number and an alternate number."""
        self._given += 1
        prefix, digits = self._site[6:]
        number = self._first_number + self._given
        return (
            str(20_000 + self._given),
            f"{prefix}{number:0{digits}d}",
            f"{prefix}{number + _ALTERNATES:0{digits}d}",
        )


def _good_rows(count: int, chance: random.Random) -> Iterator[Row]:
    """Locations first, then rows that a location, and for some a user or workspace, stands behind."""
    sites = [_Site(number, chance) for number in range(max(1, -(-count // _PLACES)))]
    if count >= len(_SITES) * 2:
        sites += [_Site(number, chance) for number in range(len(sites), len(_SITES))]
    sites = sites[:count]
    yield from (site.row() for site in sites)
    left = count - len(sites)
    serial = 0
    while left > 0:  # every pass yields at least one row
        serial += 1
        group = list(_group(sites[serial % len(sites)], serial, chance))[:left]
        left -= len(group)
        yield from group


def _group(site: _Site, serial: int, chance: random.Random) -> Iterator[Row]:
    """A few rows that belong together; whatever is cut off at the end, what precedes it stays valid."""
    kind = serial % 20
    if kind in (4, 9, 14):
        yield _workspace(site, serial, chance)
    elif kind == 7:
        yield _workspace(site, serial, chance)
        yield _hunt_group(site, serial, chance)
    elif kind == 11:
        yield from _user_with_assignment(site, serial, chance)
    elif kind == 17:
        yield from _user_with_numbers(site, serial, chance)
    else:
        yield _user(site, serial, chance)


def _email(serial: int, chance: random.Random) -> str:
    return f"{chance.choice(_FIRST)}.{chance.choice(_LAST)}.{serial}@example.com"


def _user(site: _Site, serial: int, chance: random.Random) -> Row:
    extension, number, _ = site.line()
    email = _email(serial, chance)
    site.agents.append(email)
    row = {"entity_type": "user", "location_key": site.key, "email": email, "extension": extension}
    if chance.random() < 0.7:
        row["phone_number"] = number
    if chance.random() < 0.5:
        row |= {"calling_settings_voicemail_enabled": "true", "calling_settings_voicemail_rings": "6"}
    if chance.random() < 0.3:
        row["calling_settings_call_waiting_enabled"] = "true"
    return row


def _user_with_numbers(site: _Site, serial: int, chance: random.Random) -> Iterator[Row]:
    """The extension stands in the user's own row too, so that the user row is valid without the second one."""
    _, _, alternate = site.line()
    user = _user(site, serial, chance)
    yield user
    line: Row = {name: user[name] for name in ("extension", "phone_number") if name in user}
    yield {
        "entity_type": "user_numbers",
        "location_key": site.key,
        "email": user["email"],
        **line,
        "phone_numbers_secondary": alternate,
    }


def _user_with_assignment(site: _Site, serial: int, chance: random.Random) -> Iterator[Row]:
    """The licence comes with the assignment: phase 3, an existing user."""
    extension, number, _ = site.line()
    yield {
        "entity_type": "extension_assignment",
        "location_key": site.key,
        "email": _email(serial, chance),
        "extension": extension,
        "phone_number": number,
        "calling_settings_dnd_enabled": "false",
    }


def _workspace(site: _Site, serial: int, chance: random.Random) -> Row:
    extension, number, _ = site.line()
    return {
        "entity_type": "workspace",
        "location_key": site.key,
        "workspace_display_name": f"Room {serial}",
        "workspace_type": chance.choice(_ROOMS),
        "workspace_capacity": str(chance.randint(2, 20)),
        "extension": extension,
        "phone_number": number,
    }


def _hunt_group(site: _Site, serial: int, chance: random.Random) -> Row:
    extension, number, _ = site.line()
    agents = chance.sample(site.agents, min(_AGENTS, len(site.agents)))
    row = {
        "entity_type": "hunt_group",
        "location_key": site.key,
        "hunt_name": f"Team {serial}",
        "extension": extension,
        "phone_number": number,
        "hunt_policy": chance.choice(("CIRCULAR", "REGULAR", "UNIFORM")),
        "hunt_enabled": "true",
    }
    return row | {"hunt_agents": "|".join(agents)} if agents else row


# --- bad rows --------------------------------------------------------------------------------------------------


def _spreadsheet_number(row: Row, _: int) -> Row:
    return row | {"phone_number": "3.49E+10"}


def _lost_zero(row: Row, serial: int) -> Row:
    return row | {"extension": str(serial % 10)}


def _identity(row: Row, _: int) -> Row:
    return row | {"display_name": "Somebody Else"}


def _unknown_type(row: Row, _: int) -> Row:
    return row | {"entity_type": "usr"}


def _no_email(row: Row, _: int) -> Row:
    return row | {"email": ""}


def _no_location(row: Row, _: int) -> Row:
    return row | {"location_key": ""}


_SPOILS: tuple[tuple[str, Callable[[Row, int], Row]], ...] = (
    ("a number from a spreadsheet", _spreadsheet_number),
    ("an extension that lost its zeros", _lost_zero),
    ("identity, which the directory owns", _identity),
    ("a type that does not exist", _unknown_type),
    ("no email", _no_email),
    ("no location", _no_location),
)


def _bad_rows(good: list[Row], count: int, chance: random.Random) -> Iterator[Row]:
    """Rows that are rejected each for its own sake; every seventh repeats the key of a good one."""
    users = [row for row in good if row["entity_type"] == "user"]
    places = [row["location_key"] for row in good if row["entity_type"] == "location"]
    for serial in range(count):
        why, spoil = _SPOILS[serial % len(_SPOILS)]
        if serial % 7 == 6 and users:
            yield chance.choice(users) | {"comment": "bad on purpose: repeats a key"}
            continue
        place = chance.choice(places) if places else "SITE-000"
        row = {"entity_type": "user", "location_key": place, "email": f"bad.{serial}@example.com"}
        yield spoil(row | {"comment": f"bad on purpose: {why}"}, serial)


def _mixed(good: list[Row], bad: Iterable[Row], chance: random.Random) -> list[Row]:
    """Bad rows among the good ones of the second half; a repeated key stands at the end, after its first."""
    repeats = [row for row in bad if "repeats" in row["comment"]]
    others = [row for row in bad if "repeats" not in row["comment"]]
    first, second = good[: len(good) // 2], good[len(good) // 2 :]
    places = sorted(chance.randint(0, len(second)) for _ in others)
    mixed, taken = list(first), 0
    for place, row in zip(places, others, strict=True):
        mixed += [*second[taken:place], row]
        taken = place
    return [*mixed, *second[taken:], *repeats]
