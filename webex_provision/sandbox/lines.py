"""Numbers and extensions: who has which, over people, workspaces and services alike.

A phone number lives once in the organisation, in the inventory of one location, and has at most one owner. An
extension has at most one owner in its location. Everything that can be called has one `Line`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from webex_provision.sandbox.answers import Record, WebexError, invalid

E164 = re.compile(r"\+[1-9]\d{6,14}\Z")
EXTENSION = re.compile(r"\d{2,10}\Z")
MOST_ALTERNATES = 10


@dataclass
class Number:
    """A phone number in the inventory of a location; `born` and other times are seconds since 1970."""

    phone_number: str
    location_id: str
    state: str = "ACTIVE"
    number_type: str = "DID"
    service: bool = False
    main: bool = False
    owner_id: str = ""
    born: float = 0.0


@dataclass
class Line:
    """How an owner can be called. `alternates` maps further numbers to ring patterns."""

    owner_id: str
    owner_type: str
    location_id: str
    extension: str = ""
    number: str = ""
    alternates: dict[str, str] = field(default_factory=dict)
    distinctive_ring: bool = True
    since: float = 0.0


class Lines:
    """The number plan of the organisation, with its indexes."""

    def __init__(self) -> None:
        self.inventory: dict[str, Number] = {}
        self.by_owner: dict[str, Line] = {}
        self.extensions: dict[tuple[str, str], str] = {}

    def stock(self, location_id: str, numbers: Iterable[str], *, state: str = "ACTIVE", born: float = 0.0) -> None:
        """Put free numbers into a location's inventory; those that exist anywhere stay as they are."""
        for number in numbers:
            self.inventory.setdefault(number, Number(number, location_id, state, born=born))

    def check_extension(self, location_id: str, extension: str, owner_id: str) -> None:
        """400/25024 for a malformed extension, 400/4202 for one that somebody else has."""
        if not EXTENSION.match(extension):
            raise invalid("extension")
        if self.extensions.get((location_id, extension), owner_id) != owner_id:
            raise WebexError(400, f"Extension {extension} is already assigned to another owner", 4202)

    def check_number(self, location_id: str, number: str, owner_id: str) -> None:
        """400/25024 for a malformed number, 400/4250 for one absent from the location or owned by another."""
        if not E164.match(number):
            raise invalid("phoneNumber")
        known = self.inventory.get(number)
        if known is None or known.location_id != location_id or known.owner_id not in {"", owner_id}:
            raise WebexError(400, f"The phone number(s) not added: {number} is not available in the location", 4250)

    def assign(
        self, owner_id: str, owner_type: str, location_id: str, *, extension: str, number: str, now: float
    ) -> Line:
        """Make `extension` and `number` (either may be empty) those of an owner; all or nothing."""
        if extension:
            self.check_extension(location_id, extension, owner_id)
        if number:
            self.check_number(location_id, number, owner_id)
        line = self.by_owner.get(owner_id)
        if line is None:
            line = self.by_owner[owner_id] = Line(owner_id, owner_type, location_id, since=now)
        if line.extension and line.extension != extension:
            self.extensions.pop((location_id, line.extension), None)
        if line.number and line.number != number:
            self.inventory[line.number].owner_id = ""
        if extension:
            self.extensions[location_id, extension] = owner_id
        if number:
            self.inventory[number].owner_id = owner_id
            line.alternates.pop(number, None)
        line.extension, line.number = extension, number
        return line

    def change_alternates(self, line: Line, added: Mapping[str, str], removed: Iterable[str]) -> None:
        """Add numbers (with ring patterns) and remove others; all or nothing; an owned or absent one is refused."""
        removed = list(removed)
        for number in removed:
            if number not in line.alternates:
                raise invalid(f"phoneNumbers: {number} is not an alternate number of this owner")
        for number in added:
            if number in line.alternates or number == line.number:
                raise WebexError(400, f"The phone number(s) not added: {number} is already assigned", 4250)
            self.check_number(line.location_id, number, line.owner_id)
        if len(line.alternates) + len(added) - len(removed) > MOST_ALTERNATES:
            raise invalid("phoneNumbers: too many alternate numbers")
        for number in removed:
            del line.alternates[number]
            self.inventory[number].owner_id = ""
        for number, pattern in added.items():
            line.alternates[number] = pattern
            self.inventory[number].owner_id = line.owner_id

    def replace_alternates(self, line: Line, wanted: Mapping[str, str]) -> None:
        """Make `wanted` the alternates of a line; all or nothing."""
        added = {number: pattern for number, pattern in wanted.items() if number not in line.alternates}
        self.change_alternates(line, added, [number for number in line.alternates if number not in wanted])
        line.alternates.update(wanted)

    def release(self, owner_id: str) -> None:
        """Free everything that an owner has; its numbers stay in the inventory."""
        line = self.by_owner.pop(owner_id, None)
        if line is None:
            return
        if line.extension:
            self.extensions.pop((line.location_id, line.extension), None)
        for number in (line.number, *line.alternates):
            if number:
                self.inventory[number].owner_id = ""

    def dump(self) -> Record:
        """Everything as plain data."""
        return {
            "numbers": [vars(number) for number in self.inventory.values()],
            "lines": [vars(line) for line in self.by_owner.values()],
        }

    def load(self, data: Record) -> None:
        """Take over what `dump` gave, and build the indexes."""
        self.inventory = {item["phone_number"]: Number(**item) for item in data["numbers"]}
        self.by_owner = {item["owner_id"]: Line(**item) for item in data["lines"]}
        self.extensions = {
            (line.location_id, line.extension): line.owner_id for line in self.by_owner.values() if line.extension
        }
