"""Schedules of a location and their events. Ids are made of names: a renamed schedule or event has a new id.

A PUT changes the events that it names and leaves the others; one that it names and the schedule does not have is
refused (which of this the real service does is documented nowhere).
"""

import uuid
from typing import Literal

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid, make_id, missing, not_found
from webex_provision.sandbox.bodies import Body, parse
from webex_provision.sandbox.locations import calling_location
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import Tenant

routes = Routes()

TABLE = "schedules"
_ALL = "/telephony/config/locations/{location_id}/schedules"
_ONE = _ALL + "/{schedule_type}/{schedule_id}"

Kind = Literal["businessHours", "holidays"]
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


class Weekly(Body):
    """On which days of the week."""

    sunday: bool
    monday: bool | None = None
    tuesday: bool | None = None
    wednesday: bool | None = None
    thursday: bool | None = None
    friday: bool | None = None
    saturday: bool | None = None


class YearlyByDate(Body):
    """On which date of the year."""

    day_of_month: int
    month: Month


class YearlyByDay(Body):
    """On which weekday of which week of which month."""

    day: Literal["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"]
    week: Literal["FIRST", "SECOND", "THIRD", "FOURTH", "LAST"]
    month: Month


class Recurrence(Body):
    """How an event comes again."""

    recur_for_ever: bool | None = None
    recur_end_date: str | None = None
    recur_weekly: Weekly | None = None
    recur_yearly_by_date: YearlyByDate | None = None
    recur_yearly_by_day: YearlyByDay | None = None


class Event(Body):
    """An event; without times it must be all day."""

    name: str
    start_date: str
    end_date: str
    start_time: str | None = None
    end_time: str | None = None
    all_day_enabled: bool | None = None
    recurrence: Recurrence | None = None


class ChangedEvent(Event):
    """An event in a PUT; `new_name` is mandatory even where nothing is renamed."""

    new_name: str


class NewSchedule(Body):
    """The body of POST."""

    name: str
    type: Kind
    events: list[Event] | None = None


class ChangedSchedule(Body):
    """The body of PUT."""

    name: str
    events: list[ChangedEvent] | None = None


def _key(location_id: str, kind: str, name: str) -> str:
    return f"{location_id}/{kind}/{name}"


def _found(call: Call) -> Record:
    location = calling_location(call.tenant, call.ids["location_id"])
    schedule = call.tenant.get(TABLE, call.ids["schedule_id"], "SCHEDULE")
    if schedule["locationId"] != location["id"] or schedule["type"] != call.ids["schedule_type"]:
        raise WebexError(404, "Schedule not found in this location")
    return schedule


def _check_name(tenant: Tenant, key: str, name: str, present: Record | None) -> None:
    holder = tenant.table(TABLE).find(key)
    if holder is not None and holder is not present:
        raise WebexError(400, f"Duplicate schedule name: {name}", 25030)
    if not name or len(name) > 40:
        raise invalid("name")


def _event(schedule_id: str, given: Record) -> Record:
    """An event as it is kept; 400 when it has neither times nor is all day."""
    if not given.get("allDayEnabled") and not (given.get("startTime") and given.get("endTime")):
        raise missing("allDayEnabled or startTime and endTime")
    if given["endDate"] < given["startDate"]:
        raise invalid("endDate")
    kept = {name: value for name, value in given.items() if value is not None and name != "newName"}
    kept["name"] = given.get("newName") or given["name"]
    event_id = uuid.uuid5(uuid.NAMESPACE_OID, f"{schedule_id}/{kept['name']}")
    return {"id": make_id("SCHEDULE_EVENT", str(event_id)), **kept}


def _check_event_names(events: list[Record]) -> None:
    names = [event["name"].casefold() for event in events]
    if len(set(names)) < len(names):
        raise WebexError(400, "Duplicate event name", 25030)


@routes.get(_ALL)
def list_schedules(call: Call) -> Reply:
    """Of one location, without events; filters name (prefix) and type; start and max."""
    tenant, query = call.tenant, call.query
    location = calling_location(tenant, call.ids["location_id"])
    names, start = tenant.table(TABLE).names, query.get("name", "").casefold()
    found = (
        {
            "id": schedule["id"],
            "name": schedule["name"],
            "type": schedule["type"],
            "locationName": location["name"],
            "locationId": location["id"],
        }
        for schedule in tenant.listed(TABLE)
        if schedule["locationId"] == location["id"]
        and query.get("type", schedule["type"]) == schedule["type"]
        and names[schedule["id"]].startswith(start)
    )
    return call.pages("schedules", found, default=1000, largest=2000)


@routes.post(_ALL)
def create_schedule(call: Call) -> Reply:
    """201 with the id; a name is unique among those of its type."""
    tenant = call.tenant
    location = calling_location(tenant, call.ids["location_id"])
    given = parse(NewSchedule, call.body)
    key = _key(location["id"], given["type"], given["name"])
    _check_name(tenant, key, given["name"], None)
    schedule_id = tenant.new_id("SCHEDULE", key)
    events = [_event(schedule_id, event) for event in given.get("events") or ()]
    _check_event_names(events)
    schedule = {
        "id": schedule_id,
        "name": given["name"],
        "type": given["type"],
        "locationId": location["id"],
        "events": events,
    }
    tenant.keep(TABLE, schedule, name=given["name"], key=key)
    return Reply(201, {"id": schedule_id})


@routes.get(_ONE)
def read_schedule(call: Call) -> Reply:
    """One schedule with its events."""
    return Reply(200, {name: value for name, value in _found(call).items() if name != "locationId"})


@routes.put(_ONE)
def update_schedule(call: Call) -> Reply:
    """200 with the id, which is new when the name is; events that are left out stay."""
    tenant, schedule = call.tenant, _found(call)
    given = parse(ChangedSchedule, call.body)
    old_key = _key(schedule["locationId"], schedule["type"], schedule["name"])
    key = _key(schedule["locationId"], schedule["type"], given["name"])
    _check_name(tenant, key, given["name"], schedule)
    held = {event["name"]: event for event in schedule["events"]}
    for event in given.get("events") or ():
        if event["name"] not in held:
            raise invalid(f"events: {event['name']}")
        held[event["name"]] = _event(schedule["id"], event)
    events = list(held.values())
    _check_event_names(events)
    schedule |= {"events": events, "name": given["name"]}
    if key.casefold() != old_key.casefold():
        tenant.table(TABLE).remove(schedule["id"], key=old_key)
        schedule["id"] = tenant.new_id("SCHEDULE", key)
        tenant.keep(TABLE, schedule, name=given["name"], key=key)
    return Reply(200, {"id": schedule["id"]})


@routes.delete(_ONE)
def delete_schedule(call: Call) -> Reply:
    """204."""
    schedule = _found(call)
    key = _key(schedule["locationId"], schedule["type"], schedule["name"])
    call.tenant.table(TABLE).remove(schedule["id"], key=key)
    return Reply(204)


@routes.post(_ONE + "/events")
def create_event(call: Call) -> Reply:
    """201 with the id; names of events are unique in their schedule."""
    schedule = _found(call)
    event = _event(schedule["id"], parse(Event, call.body))
    _check_event_names([*schedule["events"], event])
    schedule["events"].append(event)
    return Reply(201, {"id": event["id"]})


@routes.delete(_ONE + "/events/{event_id}")
def delete_event(call: Call) -> Reply:
    """204; 404 for an event that is not there."""
    schedule = _found(call)
    left = [event for event in schedule["events"] if event["id"] != call.ids["event_id"]]
    if len(left) == len(schedule["events"]):
        raise not_found(call.ids["event_id"], "SCHEDULE_EVENT")
    schedule["events"] = left
    return Reply(204)
