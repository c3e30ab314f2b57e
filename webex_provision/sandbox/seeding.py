"""What a tenant holds before a roll-out: from its CSV, or said one by one.

Of a CSV: the people that its rows name (minus a share that LDAP has not synchronised yet), the locations that it
uses without defining them, and the promise of numbers and PSTN for those that it will create. Rows that make no
sense are left to the product to reject.
"""

import csv
import random
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from webex_provision.sandbox.answers import Record
from webex_provision.sandbox.lines import E164
from webex_provision.sandbox.locations import create, enable_calling
from webex_provision.sandbox.tenant import Tenant

EMAIL = re.compile(r"[^@\s|:=]+@[^@\s|:=]+\.[^@\s|:=]+\Z")
LARGEST_CELL = 10 * 2**20
OWN_NUMBER_COLUMNS = (
    "phone_number",
    "phone_numbers_secondary",
    "hunt_alternate_numbers",
    "queue_alternate_numbers",
    "aa_alternate_numbers",
)
MEMBER_SUFFIXES = ("_agents", "_members", "_assistants", "_elements", "_targets", "_emails")
LOCATION_NAME_COLUMNS = ("entity_key", "location_external_id", "location_key", "location_name")
ADDRESS = {
    "address1": "Calle Mayor 1",
    "city": "Madrid",
    "state": "Madrid",
    "postalCode": "28013",
    "country": "ES",
}


def add_location(
    tenant: Tenant, name: str, *, calling: bool = True, numbers: Iterable[str] = (), pstn: str = "LOCAL_GATEWAY"
) -> Record:
    """A location that is there already, calling enabled unless said otherwise, with free numbers."""
    given = {
        "name": name,
        "timeZone": "Europe/Madrid",
        "preferredLanguage": "es_ES",
        "address": dict(ADDRESS),
    }
    tenant.promise(name, numbers, pstn=pstn)
    location = create(tenant, given)
    if calling:
        enable_calling(tenant, location, "es_es")
    tenant.changes += 1
    return location


def seed_from_csv(tenant: Tenant, path: Path, *, missing_users: float = 0, seed: int = 0) -> None:
    """Prepare a tenant for the roll-out in `path`; the same seed leaves out the same users."""
    rows = list(_rows(path))
    names = _location_names(rows)
    ordered = _ordered_numbers(rows)
    used: dict[str, list[str]] = {name: [] for name in dict.fromkeys(names.values())}
    defined = set(used)
    for row in rows:
        for email in _people(row):
            if not _missing(email, missing_users, seed):
                tenant.add_person(email)
        key = row.get("location_key", "")
        if key and row.get("entity_type") != "location":
            numbers = used.setdefault(names.get(key.casefold(), key), [])
            numbers.extend(number for number in _numbers(row) if number not in ordered)
    with_pstn_rows = {names.get(row["location_key"].casefold()) for row in rows if row.get("location_pstn_type")}
    for name, numbers in used.items():
        if name not in defined:
            if tenant.table("locations").find(name) is None:
                add_location(tenant, name, numbers=numbers)
        else:
            tenant.promise(name, numbers, pstn="" if name in with_pstn_rows else "LOCAL_GATEWAY")
    tenant.changes += 1


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows as far as they can be read; cells trimmed."""
    csv.field_size_limit(LARGEST_CELL)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.DictReader(file)
        try:
            for row in reader:
                yield {
                    str(name).strip(): value.strip() for name, value in row.items() if name and isinstance(value, str)
                }
        except csv.Error:
            return


def _location_names(rows: list[dict[str, str]]) -> dict[str, str]:
    """Every key that a location row can be referred to by, folded, and the name behind it."""
    names: dict[str, str] = {}
    for row in rows:
        if row.get("entity_type") == "location" and row.get("location_name"):
            for column in LOCATION_NAME_COLUMNS:
                if row.get(column):
                    names.setdefault(row[column].casefold(), row["location_name"])
    return names


def _ordered_numbers(rows: list[dict[str, str]]) -> frozenset[str]:
    """The numbers that the roll-out itself adds to an inventory; those must not be there before."""
    cells = [
        row.get("number_phone_numbers", "")
        for row in rows
        if row.get("entity_type") == "location_number_state" and row.get("number_action", "").upper() == "ADD"
    ]
    return frozenset(number.strip() for cell in cells for number in cell.split("|"))


def _numbers(row: dict[str, str]) -> list[str]:
    """The phone numbers that the entity of a row shall have, or switch on or off."""
    cells = [row.get(column, "") for column in (*OWN_NUMBER_COLUMNS, "number_phone_numbers", "number_to_remove")]
    found = [item.strip().partition("=")[0] for cell in cells for item in cell.split("|")]
    return [number for number in found if E164.match(number)]


def _people(row: dict[str, str]) -> list[str]:
    """The people that a row is about or refers to, by their folded email."""
    members = [cell for column, cell in row.items() if column.endswith(MEMBER_SUFFIXES)]
    items = [
        row.get("email", ""),
        row.get("device_owner", ""),
        *(item.partition("=")[0] for cell in members for item in cell.split("|")),
    ]
    return [item.strip().casefold() for item in items if EMAIL.match(item.strip())]


def _missing(email: str, share: float, seed: int) -> bool:
    chance = random.Random(f"missing:{seed}:{email}")  # noqa: S311 - repeatable chance, not cryptography
    return share > 0 and chance.random() < share
