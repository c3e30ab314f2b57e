"""Schedules: business hours and holidays of a location, used by auto attendants, queues and forwarding.

Whether a PUT drops the events that it leaves out, and adds those that it does not know, is documented nowhere. So a
PUT holds the events that are there already, missing ones are posted one by one, and those that are left over are
deleted one by one, each only after the schedule has been read.
"""

from collections.abc import Iterator

import polars as pl

from webex_provision.actions.action_helpers import only_with, path_key
from webex_provision.actions.columns import LOCATION_KEY
from webex_provision.actions.declaration import (
    Check,
    Column,
    EntityType,
    Expect,
    Failure,
    FailureRule,
    Item,
    Kind,
    Learned,
    Lookup,
    Read,
    Repeat,
    RowContext,
    Rule,
    Write,
)
from webex_provision.actions.failures import LOCATION_GONE
from webex_provision.actions.indexes import SCHEDULES, schedule_key
from webex_provision.actions.locations import location_steps
from webex_provision.actions.schedule_events import DAYS, MOST_EVENTS, Events, events_of
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

_WRITE = "spark-admin:telephony_config_write"
_ALL = "/telephony/config/locations/{location_id}/schedules"
_ONE = _ALL + "/{schedule_type}/{schedule_id}"
CREATE_SCHEDULE = Endpoint("POST", _ALL, _WRITE)
GET_SCHEDULE = Endpoint("GET", _ONE, "spark-admin:telephony_config_read")
UPDATE_SCHEDULE = Endpoint("PUT", _ONE, _WRITE)
DELETE_SCHEDULE = Endpoint("DELETE", _ONE, _WRITE)
CREATE_EVENT = Endpoint("POST", _ONE + "/events", _WRITE)
DELETE_EVENT = Endpoint("DELETE", _ONE + "/events/{event_id}", _WRITE)

BUSINESS_HOURS, HOLIDAYS = "businessHours", "holidays"

_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_SPAN = f"({_TIME}-{_TIME}|24h)"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

_TAKEN = FailureRule(
    codes=("25030",),
    reason=Reason.NON_RETRYABLE_EXTERNAL,
    advice="the name is taken, perhaps by a user's own schedule of this type; rename one of the two",
)


def _key(ctx: RowContext) -> str:
    return schedule_key(ctx.row.text("schedule_type"), ctx.row.text("schedule_name"))


def _at(ctx: RowContext, endpoint: Endpoint, body: Item | None = None, **ids: str) -> ApiRequest:
    return endpoint.at(
        location_id=ctx.id_of("location"),
        schedule_type=ctx.row.text("schedule_type"),
        schedule_id=ctx.id_of("schedule"),
        params=None,
        json=body,
        **ids,
    )


def _create(ctx: RowContext) -> ApiRequest | None:
    if ctx.found["schedule"] is not None:
        return None
    row = ctx.row
    body = {"type": row.text("schedule_type"), "name": row.text("schedule_name"), "events": events_of(row)}
    return CREATE_SCHEDULE.at(location_id=ctx.id_of("location"), json=body)


def _details(ctx: RowContext) -> ApiRequest | None:
    """Not of a schedule that this row has just made: it holds what the row wants."""
    return None if "schedule_create" in ctx.created else _at(ctx, GET_SCHEDULE)


def _held(schedule: Item | None) -> dict[str, str]:
    """Name -> id of the events of a schedule that was read."""
    return {str(event["name"]): str(event["id"]) for event in (schedule or {}).get("events") or ()}


def _left_over(ctx: RowContext) -> list[str]:
    wanted = {event["name"] for event in events_of(ctx.row)}
    return sorted(_held(ctx.found["schedule_now"]).keys() - wanted)


def _bounded(ctx: RowContext) -> Failure | None:
    count = len(_left_over(ctx))
    if count <= MOST_EVENTS:
        return None
    return Failure(
        Reason.NON_RETRYABLE_EXTERNAL,
        f"{count} events of the schedule are not in the row, and at most {MOST_EVENTS} are deleted in one go; "
        "delete the schedule in Control Hub, then retry",
    )


def _update(ctx: RowContext) -> ApiRequest | None:
    if ctx.found["schedule_now"] is None:
        return None
    held = _held(ctx.found["schedule_now"])
    events = [event | {"newName": event["name"]} for event in events_of(ctx.row) if event["name"] in held]
    return _at(ctx, UPDATE_SCHEDULE, {"name": ctx.row.text("schedule_name"), "events": events})


def _wanted(ctx: RowContext) -> list[str]:
    """The names of the row's events, of a schedule that was there before."""
    return [] if ctx.found["schedule_now"] is None else [event["name"] for event in events_of(ctx.row)]


def _event_create(ctx: RowContext) -> ApiRequest | None:
    """Adds an event of the row when the schedule has none of its name."""
    if ctx.item in _held(ctx.found["schedule_now"]):
        return None
    return _at(ctx, CREATE_EVENT, next(event for event in events_of(ctx.row) if event["name"] == ctx.item))


def _weigh(ctx: RowContext) -> ApiRequest | None:
    """Read once more before anything is deleted: the PUT may have dropped what it left out."""
    return _at(ctx, GET_SCHEDULE) if _left_over(ctx) else None


def _event_delete(ctx: RowContext) -> ApiRequest | None:
    """Takes away an event that the row does not want, when it is still there."""
    event_id = _held(ctx.found["schedule_left"]).get(ctx.item)
    return None if event_id is None else _at(ctx, DELETE_EVENT, event_id=event_id)


def _learn(ctx: RowContext, answer: Answer) -> Iterator[Learned]:
    row = ctx.row
    item = {"id": answer.json["id"], "name": row.text("schedule_name"), "type": row.text("schedule_type")}
    yield Learned(SCHEDULES, item, scope=ctx.id_of("location"))


def _one_of_three() -> Rule:
    names = ("schedule_weekly_hours", "schedule_holidays", "schedule_events_json")
    filled = pl.sum_horizontal(pl.col(name).is_not_null().cast(pl.Int32) for name in names)
    return Rule(names[0], filled != 1, f"exactly one of {', '.join(names)} is needed; fill one, empty the others")


def _countable_hours() -> Rule:
    spans = pl.col("schedule_weekly_hours").str.extract_all(_SPAN).list.len()
    return Rule(
        "schedule_weekly_hours",
        spans > MOST_EVENTS,
        f"schedule_weekly_hours holds more than {MOST_EVENTS} spans; join those that touch",
    )


def _real_dates() -> Rule:
    """Each date exists, and no span ends before it starts."""
    spans = pl.col("schedule_holidays").str.extract_all(rf"={_DATE}(\.\.{_DATE})?")
    first = pl.element().str.slice(1, 10).str.to_date("%Y-%m-%d", strict=False)
    last = pl.element().str.extract(rf"\.\.({_DATE})", 1).fill_null(pl.element().str.slice(1, 10))
    broken = first.is_null() | (last.str.to_date("%Y-%m-%d", strict=False) >= first).fill_null(value=False).not_()
    return Rule(
        "schedule_holidays",
        spans.list.eval(broken).list.any(),
        "schedule_holidays holds a date that no calendar has, or a span that ends before it starts",
    )


def _holidays_named_once() -> Rule:
    names = pl.col("schedule_holidays").str.split("|")
    name = pl.element().str.replace(rf"={_DATE}.*$", "").str.strip_chars().str.to_lowercase()
    unique = names.list.eval(name).list.n_unique()
    return Rule(
        "schedule_holidays",
        unique < names.list.len(),
        "schedule_holidays gives two holidays one name; name each, such as Navidad 2026",
    )


_EXAMPLES = '[{"name":"Agosto","startDate":"2026-08-01","endDate":"2026-08-31","allDayEnabled":true}]'

SCHEDULE = EntityType(
    name="schedules",
    phase=Phase.ROUTING,
    rank=8,
    title="Creates or updates business hours or holidays of a location.",
    prefix="schedule_",
    columns=(
        LOCATION_KEY,
        Column(
            name="schedule_name",
            help="Name in the tenant; with location and type it is the lookup key.",
            required=True,
            largest=40,
            feeds="name",
            example="Horario de oficina",
        ),
        Column(
            name="schedule_type",
            help="What the schedule tells; it can't be changed later.",
            kind=Kind.CHOICE,
            choices=(BUSINESS_HOURS, HOLIDAYS),
            required=True,
            feeds="type",
            example=BUSINESS_HOURS,
        ),
        Column(
            name="schedule_weekly_hours",
            help="Opening hours, every week: day=span,span; a span past midnight ends the next day, 24h is all day.",
            many=True,
            most_items=50,
            pattern=f"^({'|'.join(DAYS)})={_SPAN}(, ?{_SPAN})*$",
            feeds="events[]",
            example="MON=09:00-14:00,15:00-18:00|TUE=09:00-14:00",
        ),
        Column(
            name="schedule_holidays",
            help="Whole days: name=date or name=first..last, a final * for every year.",
            many=True,
            most_items=MOST_EVENTS,
            pattern=rf"^[^=].*={_DATE}(\.\.{_DATE})?\*?$",
            feeds="events[]",
            example="Navidad=2026-12-25*|Puente=2026-12-07..2026-12-08",
        ),
        Column(
            name="schedule_events_json",
            help="What the two columns above can't say: a list of events as the API takes them.",
            kind=Kind.JSON,
            shape=Events,
            feeds="events[]",
            example=_EXAMPLES,
        ),
    ),
    entity_key=path_key("location_key", "schedule_type", "schedule_name"),
    rules=(
        _one_of_three(),
        only_with("schedule_weekly_hours", "schedule_type", equal=BUSINESS_HOURS),
        only_with("schedule_holidays", "schedule_type", equal=HOLIDAYS),
        _countable_hours(),
        _real_dates(),
        _holidays_named_once(),
    ),
    remote_name="schedule_name",
    result=("schedule",),
    touches=lambda ctx: [f"schedule:{ctx.location_name().casefold()}/{_key(ctx).casefold()}"],
    example={"schedule_holidays": "", "schedule_events_json": ""},
    steps=(
        *location_steps(),
        Lookup(
            name="schedule_lookup",
            index=SCHEDULES,
            scope=lambda ctx: ctx.id_of("location"),
            key=_key,
            save="schedule",
            confirm=True,
            failures=(LOCATION_GONE,),
        ),
        Write(
            name="schedule_create",
            endpoint=CREATE_SCHEDULE,
            request=_create,
            expect=Expect(statuses=(200, 201), fields=("id",)),
            creates=True,
            save="schedule",
            recheck="schedule_lookup",
            refuses_twins=True,
            failures=(_TAKEN, LOCATION_GONE),
            learns=_learn,
            compensate=lambda ctx: _at(ctx, DELETE_SCHEDULE),
        ),
        Read(
            name="schedule_details",
            endpoint=GET_SCHEDULE,
            request=_details,
            save="schedule_now",
            expect=Expect(statuses=(200,), fields=("id",)),
        ),
        Check(name="schedule_details", verdict=_bounded, reasons=(Reason.NON_RETRYABLE_EXTERNAL,)),
        Write(
            name="schedule_update",
            endpoint=UPDATE_SCHEDULE,
            request=_update,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            failures=(_TAKEN,),
        ),
        Write(
            name="schedule_event_create",
            endpoint=CREATE_EVENT,
            request=_event_create,
            expect=Expect(statuses=(200, 201), fields=("id",)),
            recheck="schedule_details",
            refuses_twins=True,  # an event's id is made of its name
            failures=(_TAKEN,),
            over=_wanted,
            most_items=MOST_EVENTS,
        ),
        Read(
            name="schedule_events_left",
            endpoint=GET_SCHEDULE,
            request=_weigh,
            save="schedule_left",
            expect=Expect(statuses=(200,), fields=("id",)),
        ),
        Write(
            name="schedule_event_delete",
            endpoint=DELETE_EVENT,
            request=_event_delete,
            expect=Expect(statuses=(200, 204)),
            recheck="schedule_events_left",
            refuses_twins=True,  # deleting twice takes away nothing more
            over=_left_over,
            most_items=MOST_EVENTS,
        ),
    ),
)

ENTITY_TYPES = (SCHEDULE,)
