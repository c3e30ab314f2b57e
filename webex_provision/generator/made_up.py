"""The mix: locations first, then mostly users, numbers and devices, and now and then what serves many."""

import csv
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from webex_provision.generator import people, rooms, routing, services
from webex_provision.generator.mistakes import bad_rows, mixed
from webex_provision.generator.site import COUNTRIES, LINES, Row, Site

LARGEST = 1_000_000
MOST_BAD = 0.5
# The variables that a run of a made-up roll-out needs besides the tenant's.
NEEDS = {routing.PASSWORD_VARIABLE: "any-password", "ALLOW_NUMBER_REMOVAL": "true"}
_ENOUGH_FOR_SEVERAL = 300  # rows from which on there is more than one location
_ENOUGH_CALLERS = 3

Recipe = Callable[[Site, int], Iterator[Row]]

# Of so many groups of rows that belong together, all but these are users with or without a phone.
_CYCLE = 60
_RECIPES: dict[int, Recipe] = {
    5: rooms.room,
    8: people.with_assignment,
    12: people.with_numbers,
    15: rooms.room,
    18: people.forwarded,
    22: people.recorded,
    25: rooms.room,
    28: people.executive,
    32: people.standard_user,
    36: people.watcher,
    38: people.with_numbers,
    41: rooms.busy_room,
    45: services.hunt_group,
    48: services.call_pickup_group,
    50: services.team,
    52: services.hunt_group,
    54: services.call_queue,
    55: services.auto_attendant,
    57: routing.bought_numbers,
    58: routing.removed_number,
}


@dataclass(frozen=True)
class Generated:
    """What was written: rows in all, and those of them that intake will reject."""

    rows: int
    bad: int


def write_csv(path: Path, rows: int, *, seed: int = 0, bad_share: float = 0.0) -> Generated:
    """Write a roll-out of `rows` rows, of which the share `bad_share` (0 to 0.5) is bad. Replaces `path` whole.

    Raises ValueError for a size or share out of bounds, OSError when the file can't be written.
    """
    return _write(path, roll_out(rows, seed=seed, bad_share=bad_share), bad_share, _as_csv)


def write_workbook(path: Path, rows: int, *, seed: int = 0, bad_share: float = 0.0) -> Generated:
    """The same rows as `write_csv` writes, as an .xlsx. Raises as it does."""
    return _write(path, roll_out(rows, seed=seed, bad_share=bad_share), bad_share, _as_workbook)


def _write(
    path: Path, content: list[Row], bad_share: float, write: Callable[[Path, list[str], list[Row]], None]
) -> Generated:
    columns = dict.fromkeys(name for row in content for name in row)
    columns.pop("comment", None)
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        write(temporary, [*columns, "comment"], content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return Generated(len(content), round(len(content) * bad_share))


def _as_csv(path: Path, columns: list[str], content: list[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(content)


def _as_workbook(path: Path, columns: list[str], content: list[Row]) -> None:
    """One sheet, every cell a text, as a spreadsheet program leaves what stands in a text column."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("roll_out")
    sheet.append(columns)
    for row in content:
        sheet.append([_text(sheet, row.get(name, "")) for name in columns])
    book.save(path)


def _text(sheet: Any, value: str) -> Any:
    if not value:
        return None
    cell = WriteOnlyCell(sheet, value)
    cell.data_type, cell.number_format = "s", "@"  # also what begins like a formula
    return cell


def roll_out(rows: int, *, seed: int = 0, bad_share: float = 0.0) -> list[Row]:
    """The rows themselves, filled cells only. Raises ValueError for a size or share out of bounds."""
    if not 1 <= rows <= LARGEST:
        raise ValueError(f"a roll-out has 1 to {LARGEST} rows, not {rows}")
    if not 0 <= bad_share <= MOST_BAD:
        raise ValueError(f"the share of bad rows is 0 to {MOST_BAD:g}, not {bad_share:g}")
    chance = random.Random(f"roll-out:{seed}")  # noqa: S311 - repeatable chance, not cryptography
    bad = round(rows * bad_share)
    good = list(islice(_good_rows(rows - bad, chance), rows - bad))
    return mixed(good, list(bad_rows(good, bad, chance)), chance)


def _good_rows(wanted: int, chance: random.Random) -> Iterator[Row]:
    """At least `wanted`; wherever they are cut off, what precedes stays valid."""
    several = len(COUNTRIES) if wanted >= _ENOUGH_FOR_SEVERAL else 1
    sites = [Site(number, chance) for number in range(max(several, -(-wanted // LINES)))]
    for site in sites:
        yield from routing.set_up(site)
    for serial in range(1, wanted + 1):  # each yields a row at least
        # In each cycle another location gets the queue, the attendant …
        site = sites[(serial + serial // _CYCLE) % len(sites)]
        if site.lacks_numbers:
            yield routing.more_numbers(site)
        recipe = _RECIPES.get(serial % _CYCLE, people.employee)
        yield from (recipe if len(site.callers) >= _ENOUGH_CALLERS else people.employee)(site, serial)
