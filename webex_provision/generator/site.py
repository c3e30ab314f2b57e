"""One made-up location: what it is called, and the counters of what is given out in it."""

import random

Row = dict[str, str]

LINES = 3_000  # lines that a location gives out at most, its block of numbers
_STOCK = 50  # numbers that its inventory gets at a time
_MOST_LINES = 3  # more than rows that belong together take
FIRST_EXTENSION = 20_001  # the first user's, where calls may be sent to
# A location's spare numbers and numbers to remove stand so far above those of its lines.
_SPARE, _OLD = 2_000_000, 3_000_000

COUNTRIES = (
    # city, state, postal code, country, time zone, language, number prefix and digits that follow it
    ("Barcelona", "Barcelona", "08001", "ES", "Europe/Madrid", "es_ES", "+3493", 7),
    ("Berlin", "Berlin", "10115", "DE", "Europe/Berlin", "de_DE", "+4930", 8),
    ("Boston", "Massachusetts", "02108", "US", "America/New_York", "en_US", "+1617", 7),
)
_STREETS = ("Calle Mayor", "Gran Via", "Hauptstrasse", "Lindenallee", "Main Street", "Harbor Road")


class Site:
    """A location. `callers` are users who call and may serve in groups, `unpicked` those of them in no pickup group."""

    def __init__(self, number: int, chance: random.Random) -> None:
        self.number = number
        self.key = f"SITE-{number:03d}"
        self.chance = chance
        self.callers: list[str] = []
        self.unpicked: list[str] = []
        self.rooms: list[str] = []
        self._country = COUNTRIES[number % len(COUNTRIES)]
        # Locations of one country share a prefix; each has its own block of numbers in it.
        self._first_number = 2_000_000 + number // len(COUNTRIES) * LINES
        self._lines = self._stocked = self._spare = self._old = 0

    def row(self, entity_type: str, **cells: str) -> Row:
        """A row about something in this location."""
        return {"entity_type": entity_type, "location_key": self.key, **cells}

    def location(self) -> Row:
        """The location's own row."""
        city, state, postal_code, country, zone, language, _, _ = self._country
        return self.row(
            "location",
            location_name=f"{city} {self.key}",
            time_zone=zone,
            location_preferred_language=language,
            address_line1=f"{self.chance.choice(_STREETS)} {self.chance.randint(1, 200)}",
            address_city=city,
            address_state=state,
            address_postal_code=postal_code,
            address_country=country,
        )

    @property
    def language(self) -> str:
        """The language of spoken prompts."""
        return self._country[5].lower()

    def line(self) -> tuple[str, str]:
        """A free extension and a number of the stock."""
        self._lines += 1
        return str(FIRST_EXTENSION - 1 + self._lines), self._number(self._lines)

    @property
    def lacks_numbers(self) -> bool:
        """Whether the stock may not last for the next rows that belong together."""
        return self._stocked - self._lines < _MOST_LINES

    def more_numbers(self) -> list[str]:
        """The numbers of the next lines, for a row that puts them into the inventory."""
        first = self._stocked + 1
        self._stocked += _STOCK
        return [self._number(serial) for serial in range(first, first + _STOCK)]

    def spare_numbers(self, count: int) -> list[str]:
        """Numbers that no line has."""
        first = self._spare + 1
        self._spare += count
        return [self._number(_SPARE + serial) for serial in range(first, first + count)]

    def old_number(self) -> str:
        """A number that nobody needs any longer."""
        self._old += 1
        return self._number(_OLD + self._old)

    def _number(self, offset: int) -> str:
        prefix, digits = self._country[6:]
        return f"{prefix}{self._first_number + offset:0{digits}d}"

    def some_callers(self, fewest: int, most: int) -> list[str]:
        """Different users of this location who call; fewer when there are no more yet."""
        return self.chance.sample(self.callers, min(self.chance.randint(fewest, most), len(self.callers)))
