"""Auto attendants: a greeting, a key menu, and what differs after hours. Phase 3, after queues and hunt groups."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from webex_provision.actions.action_helpers import one_of, path_key, without_nulls
from webex_provision.actions.announcement_references import announcement_steps
from webex_provision.actions.columns import EXTENSION, LANGUAGE, LOCATION_KEY, PHONE_NUMBER, TIME_ZONE
from webex_provision.actions.declaration import (
    Check,
    Claim,
    Column,
    EntityType,
    Expect,
    Failure,
    Item,
    Kind,
    Learned,
    Lookup,
    OutOfScope,
    Repeat,
    RowContext,
    Write,
)
from webex_provision.actions.failures import LOCATION_GONE
from webex_provision.actions.indexes import AUTO_ATTENDANTS, place_key
from webex_provision.actions.locations import location_steps
from webex_provision.actions.menus import (
    AFTER_HOURS,
    BUSINESS_HOURS,
    menu_announcements,
    menu_columns,
    menu_of,
    menu_rules,
)
from webex_provision.actions.numbers import held_by, holds, inventory_lookup, learn_numbers, number_verdict
from webex_provision.actions.schedule_references import schedule_lookup, schedule_name
from webex_provision.vocabulary import Phase
from webex_provision.wire import Answer, ApiRequest, Endpoint

_WRITE = "spark-admin:telephony_config_write"
_ALL = "/telephony/config/locations/{location_id}/autoAttendants"
_ONE = _ALL + "/{auto_attendant_id}"
CREATE_AUTO_ATTENDANT = Endpoint("POST", _ALL, _WRITE)
UPDATE_AUTO_ATTENDANT = Endpoint("PUT", _ONE, _WRITE)
DELETE_AUTO_ATTENDANT = Endpoint("DELETE", _ONE, _WRITE)
FORWARD_AUTO_ATTENDANT = Endpoint("PUT", _ONE + "/callForwarding", _WRITE)

_SCHEDULES = {"aa_business_schedule": "businessHours", "aa_holiday_schedule": "holidays"}
_DIALING = ("ENTERPRISE", "GROUP")


class Forwarding(BaseModel):
    """The inner object of `aa_forwarding_json`; the wrapper that the API needs is added here."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)

    always: dict[str, Any] | None = None
    selective: dict[str, Any] | None = None
    rules: list[dict[str, Any]] | None = None
    operating_modes: dict[str, Any] | None = None


def _key(ctx: RowContext) -> str:
    return place_key(ctx.id_of("location"), ctx.row.text("aa_name"))


def _schedule(ctx: RowContext, column: str) -> str | None:
    cell = ctx.row.get(column)
    return None if cell is None else schedule_name(ctx, cell)


def _named_schedules(ctx: RowContext) -> Iterator[tuple[str, str]]:
    for column, schedule_type in _SCHEDULES.items():
        name = _schedule(ctx, column)
        if name is not None:
            yield schedule_type, name


def _verdict(ctx: RowContext) -> Failure | None:
    found = ctx.found["auto_attendant"]
    alternates = ctx.row.items("aa_alternate_numbers")
    return number_verdict(ctx, owner_id=found and str(found["id"]), more_numbers=alternates)


def _attendant(ctx: RowContext, *, new: bool) -> Item:
    """A PUT is partial at its top level; a menu that is sent replaces that menu whole (seen live)."""
    row = ctx.row
    caller_name = row.get("aa_caller_id_name")
    numbers = row.items("aa_alternate_numbers")
    return without_nulls(
        {
            "name": row.text("aa_name"),
            "extension": row.get("extension"),
            "phoneNumber": row.get("phone_number"),
            "businessSchedule": _schedule(ctx, "aa_business_schedule"),
            "holidaySchedule": _schedule(ctx, "aa_holiday_schedule"),
            "businessHoursMenu": menu_of(ctx, BUSINESS_HOURS, new=new),
            "afterHoursMenu": menu_of(ctx, AFTER_HOURS, new=new),
            "extensionDialing": row.get("aa_extension_dialing"),
            "nameDialing": row.get("aa_name_dialing"),
            "languageCode": row.get("language"),
            "timeZone": row.get("time_zone"),
            "alternateNumbers": [{"phoneNumber": number, "ringPattern": "NORMAL"} for number in numbers] or None,
            "directLineCallerIdName": caller_name and {"selection": "CUSTOM_NAME", "customName": caller_name},
        }
    )


def _create(ctx: RowContext) -> ApiRequest | None:
    if ctx.found["auto_attendant"] is not None:
        return None
    return CREATE_AUTO_ATTENDANT.at(location_id=ctx.id_of("location"), json=_attendant(ctx, new=True))


def _update(ctx: RowContext) -> ApiRequest | None:
    if "aa_create" in ctx.created:
        return None
    return _at(ctx, UPDATE_AUTO_ATTENDANT, _attendant(ctx, new=False))


def _at(ctx: RowContext, endpoint: Endpoint, body: Item | None = None) -> ApiRequest:
    return endpoint.at(location_id=ctx.id_of("location"), auto_attendant_id=ctx.id_of("auto_attendant"), json=body)


def _forward(ctx: RowContext) -> ApiRequest | None:
    """Without the wrapper the service answers 200 and ignores the body."""
    if not ctx.row.has("aa_forwarding_json"):
        return None
    return _at(ctx, FORWARD_AUTO_ATTENDANT, {"callForwarding": ctx.row.json("aa_forwarding_json")})


def _learn(ctx: RowContext, answer: Answer) -> Iterator[Learned]:
    location_id = ctx.id_of("location")
    if answer.json and "id" in answer.json:
        name = ctx.row.text("aa_name")
        yield Learned(AUTO_ATTENDANTS, {"id": answer.json["id"], "name": name, "locationId": location_id})
    extension, number = ctx.row.get("extension"), ctx.row.get("phone_number")
    if not holds(held_by(ctx, "auto_attendant"), extension=extension, number=number):
        yield from learn_numbers(ctx, "auto_attendant", "AUTO_ATTENDANT")


def _dialing(name: str, what: str, feeds: str) -> Column:
    return Column(
        name=name,
        help=f"Whom callers reach by {what}: anybody, or this location; blank on creation: ENTERPRISE.",
        kind=Kind.CHOICE,
        choices=_DIALING,
        feeds=feeds,
        example="ENTERPRISE",
    )


COLUMNS = (
    LOCATION_KEY,
    Column(
        name="aa_name",
        help="Name in the tenant; with the location it is the lookup key.",
        required=True,
        largest=80,
        feeds="name",
        example="Centralita",
    ),
    replace(EXTENSION, example="2950"),
    replace(PHONE_NUMBER, example="+34910002950"),
    Column(
        name="aa_business_schedule",
        help="Business hours of the location: the key of a schedules row, else the schedule's name.",
        required=True,
        largest=256,
        feeds="businessSchedule",
        example="Horario de oficina",
    ),
    Column(
        name="aa_holiday_schedule",
        help="Holidays of the location: the key of a schedules row, else the schedule's name.",
        largest=256,
        feeds="holidaySchedule",
        example="Fiestas de Madrid",
    ),
    *menu_columns(BUSINESS_HOURS, "in business hours", "businessHoursMenu"),
    *menu_columns(AFTER_HOURS, "after hours and on holidays", "afterHoursMenu"),
    _dialing("aa_extension_dialing", "extension", "extensionDialing"),
    _dialing("aa_name_dialing", "name", "nameDialing"),
    LANGUAGE,
    TIME_ZONE,
    Column(
        name="aa_caller_id_name",
        help="Name that callees see.",
        largest=80,
        feeds="directLineCallerIdName.customName",
        example="Centralita",
    ),
    Column(
        name="aa_alternate_numbers",
        help="Alternate numbers, E.164; replaces the list.",
        kind=Kind.PHONE_NUMBER,
        many=True,
        most_items=10,
        feeds="alternateNumbers[].phoneNumber",
        example="+34910002951",
    ),
    Column(
        name="aa_forwarding_json",
        help="Call forwarding of the attendant: an object with always, selective, rules or operatingModes.",
        kind=Kind.JSON,
        shape=Forwarding,
        feeds="callForwarding",
        example='{"always":{"enabled":false}}',
    ),
    Column(name="aa_holiday_menu_json", help="Not served by any API."),
    Column(name="aa_enabled", help="Not served by any API.", kind=Kind.BOOLEAN),
)

AUTO_ATTENDANT = EntityType(
    name="auto_attendant",
    phase=Phase.SERVICES,
    rank=8,
    title="Creates or updates a front door: a greeting and a key menu, by business hours and after hours.",
    prefix="aa_",
    columns=COLUMNS,
    entity_key=path_key("location_key", "aa_name"),
    rules=(one_of("extension", "phone_number"), *menu_rules(BUSINESS_HOURS), *menu_rules(AFTER_HOURS)),
    out_of_scope=(
        OutOfScope(
            "aa_holiday_menu_json",
            pl.col("aa_holiday_menu_json").is_not_null(),
            "Webex accepts a holiday menu and drops it, the after-hours menu serves holidays too; for another "
            "routing make a second auto attendant, and empty the cell",
        ),
        OutOfScope(
            "aa_enabled",
            pl.col("aa_enabled").is_not_null(),
            "no API field switches an auto attendant on or off; do it in Control Hub and empty the cell",
        ),
    ),
    owner=pl.format(
        "auto_attendant:{}/{}", pl.col("location_key").str.to_lowercase(), pl.col("aa_name").str.to_lowercase()
    ),
    claims=(
        Claim("extension", per_location=True),
        Claim("phone_number"),
        Claim("aa_alternate_numbers"),
    ),
    result=("auto_attendant",),
    touches=lambda ctx: [f"auto_attendant:{ctx.location_name().casefold()}/{ctx.row.text('aa_name').casefold()}"],
    steps=(
        *location_steps(),
        schedule_lookup("schedule_lookup", _named_schedules),
        *announcement_steps(
            "announcement_lookup", "aa_announcement", "aa_after_hours_announcement", more=menu_announcements
        ),
        Lookup(name="aa_lookup", index=AUTO_ATTENDANTS, key=_key, save="auto_attendant", confirm=True),
        inventory_lookup("numbers_precheck", "auto_attendant", more="aa_alternate_numbers"),
        Check(name="numbers_precheck", verdict=_verdict),
        Write(
            name="aa_create",
            endpoint=CREATE_AUTO_ATTENDANT,
            request=_create,
            expect=Expect(statuses=(200, 201), fields=("id",)),
            creates=True,
            save="auto_attendant",
            recheck="aa_lookup",
            refuses_twins=True,
            failures=(LOCATION_GONE,),
            learns=_learn,
            compensate=lambda ctx: _at(ctx, DELETE_AUTO_ATTENDANT),
        ),
        Write(
            name="aa_update",
            endpoint=UPDATE_AUTO_ATTENDANT,
            request=_update,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            learns=_learn,
        ),
        Write(
            name="aa_forwarding",
            endpoint=FORWARD_AUTO_ATTENDANT,
            request=_forward,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            reads_back=True,
        ),
    ),
)

ENTITY_TYPES = (AUTO_ATTENDANT,)
