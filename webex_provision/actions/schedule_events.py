"""What happens in a schedule: the cells of a row as the events that Webex keeps.

Names and start dates of generated events never change, so that the same row always sends the same body.
"""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from webex_provision.actions.declaration import Item
from webex_provision.actions.json_cells import Part
from webex_provision.actions.row import Row, split_attribute, split_items, unescape

MOST_EVENTS = 150

DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_DAY_FIELDS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
# A Sunday: the week in which every generated weekly event starts, each on its own day.
_ANCHOR = date(2024, 1, 7)
_ALL_DAY = "24h"

Month = Literal[
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "MAY",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
]
_MONTHS: tuple[str, ...] = Month.__args__  # type: ignore[attr-defined]

_Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
_Time = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Weekly(Part):
    """On which days of the week."""

    sunday: bool
    monday: bool | None = None
    tuesday: bool | None = None
    wednesday: bool | None = None
    thursday: bool | None = None
    friday: bool | None = None
    saturday: bool | None = None


class YearlyByDate(Part):
    """On which day of the year."""

    day_of_month: int = Field(ge=1, le=31)
    month: Month


class YearlyByDay(Part):
    """On which weekday of which week of which month."""

    day: Literal["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"]
    week: Literal["FIRST", "SECOND", "THIRD", "FOURTH", "LAST"]
    month: Month


class Recurrence(Part):
    """How an event comes again."""

    recur_for_ever: bool | None = None
    recur_end_date: _Day | None = None
    recur_weekly: Weekly | None = None
    recur_yearly_by_date: YearlyByDate | None = None
    recur_yearly_by_day: YearlyByDay | None = None


class Event(Part):
    """One event of `schedule_events_json`: with times, or all day."""

    name: Annotated[str, Field(min_length=1, max_length=40)]
    start_date: _Day
    end_date: _Day
    start_time: _Time | None = None
    end_time: _Time | None = None
    all_day_enabled: bool | None = None
    recurrence: Recurrence | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Event":
        if not self.all_day_enabled and (self.start_time is None or self.end_time is None):
            raise ValueError("an event needs startTime and endTime, or allDayEnabled true")
        if date.fromisoformat(self.end_date) < date.fromisoformat(self.start_date):
            raise ValueError("endDate lies before startDate")
        return self


def _named_once(events: list[Event]) -> list[Event]:
    names = {event.name.casefold() for event in events}
    if len(names) < len(events):
        raise ValueError("two events have the same name; give each its own")
    return events


Events = Annotated[list[Event], Field(min_length=1, max_length=MOST_EVENTS), AfterValidator(_named_once)]


def events_of(row: Row) -> list[Item]:
    """The events that the row wants, each with a name of its own; nobody may change them."""
    columns = ("schedule_events_json", "schedule_weekly_hours", "schedule_holidays")
    return _events(*(row.get(column) for column in columns))


@lru_cache(maxsize=1024)
def _events(given: str | None, weekly_hours: str | None, holidays: str | None) -> list[Item]:
    """Remembered, because every step about an event asks for all of them."""
    if given is not None:
        found: list[Item] = json.loads(given)
        return found
    return list(_weekly(weekly_hours) if weekly_hours is not None else _holidays(holidays or ""))


def _weekly(cell: str) -> Iterator[Item]:
    """`MON=09:00-14:00,15:00-18:00`: one event a span, named by its day and place in the day."""
    spans: dict[str, list[str]] = {}
    for item in split_items(cell):
        day, _, hours = item.partition("=")
        spans.setdefault(day.strip(), []).extend(span.strip() for span in hours.split(","))
    for day, found in spans.items():
        for number, span in enumerate(found, start=1):
            yield _span(day, f"{day} {number}", span)


def _span(day: str, name: str, span: str) -> Item:
    place = DAYS.index(day)
    start = _ANCHOR + timedelta(days=place)
    weekly = {field: number == place for number, field in enumerate(_DAY_FIELDS)}
    recurrence: Item = {"recurForEver": True, "recurWeekly": weekly}
    if span == _ALL_DAY:
        return _event(name, start, start, allDayEnabled=True, recurrence=recurrence)
    opens, _, closes = span.partition("-")
    end = start if closes > opens else start + timedelta(days=1)  # past midnight
    return _event(name, start, end, startTime=opens, endTime=closes, allDayEnabled=False, recurrence=recurrence)


def _holidays(cell: str) -> Iterator[Item]:
    """`Name=2026-12-24..2026-12-26`; a final `*` means every year on the same date."""
    for item in split_items(cell):
        name, dates = split_attribute(item)
        days = (dates or "").removesuffix("*").strip()
        first, _, last = days.partition("..")
        start = date.fromisoformat(first)
        event = _event(unescape(name), start, date.fromisoformat(last or first), allDayEnabled=True)
        if dates is not None and dates.endswith("*"):
            yearly = {"dayOfMonth": start.day, "month": _MONTHS[start.month - 1]}
            event["recurrence"] = {"recurForEver": True, "recurYearlyByDate": yearly}
        yield event


def _event(name: str, start: date, end: date, **more: Any) -> Item:
    return {"name": name, "startDate": start.isoformat(), "endDate": end.isoformat(), **more}
