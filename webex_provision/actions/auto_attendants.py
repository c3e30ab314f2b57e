"""Auto attendants: a greeting, a key menu, and what differs after hours. Phase 3, after queues and hunt groups."""

from collections.abc import Iterator

import polars as pl

from webex_provision.actions.action_helpers import one_of, path_key, without_nulls
from webex_provision.actions.announcement_references import announcement_steps
from webex_provision.actions.columns import LANGUAGE, TIME_ZONE
from webex_provision.actions.declaration import Column, EntityType, Item, Kind, OutOfScope, RefersTo, RowContext
from webex_provision.actions.indexes import AUTO_ATTENDANTS
from webex_provision.actions.locations import location_steps
from webex_provision.actions.menus import (
    AFTER_HOURS,
    BUSINESS_HOURS,
    menu_announcements,
    menu_columns,
    menu_of,
    menu_rules,
)
from webex_provision.actions.schedule_references import schedule_lookup, schedule_name
from webex_provision.actions.service_columns import (
    alternates_column,
    caller_id_column,
    forwarding_column,
    head_columns,
)
from webex_provision.actions.services import Service
from webex_provision.vocabulary import Phase

ATTENDANT = Service(
    entity_type="auto_attendant",
    prefix="aa_",
    folder="autoAttendants",
    saves=("auto_attendant",),
    index=AUTO_ATTENDANTS,
    owner_type="AUTO_ATTENDANT",
)

_SCHEDULES = {"aa_business_schedule": "businessHours", "aa_holiday_schedule": "holidays"}
_DIALING = ("ENTERPRISE", "GROUP")


def _schedule(ctx: RowContext, column: str) -> str | None:
    cell = ctx.row.get(column)
    return None if cell is None else schedule_name(ctx, cell)


def _named_schedules(ctx: RowContext) -> Iterator[tuple[str, str]]:
    for column, schedule_type in _SCHEDULES.items():
        name = _schedule(ctx, column)
        if name is not None:
            yield schedule_type, name


def _attendant(ctx: RowContext, *, new: bool) -> Item:
    """A PUT is partial at its top level; a menu that is sent replaces that menu whole (seen live)."""
    row = ctx.row
    more = {
        "businessSchedule": _schedule(ctx, "aa_business_schedule"),
        "holidaySchedule": _schedule(ctx, "aa_holiday_schedule"),
        "businessHoursMenu": menu_of(ctx, BUSINESS_HOURS, new=new),
        "afterHoursMenu": menu_of(ctx, AFTER_HOURS, new=new),
        "extensionDialing": row.get("aa_extension_dialing"),
        "nameDialing": row.get("aa_name_dialing"),
    }
    return ATTENDANT.body(ctx) | ATTENDANT.alternates(ctx) | without_nulls(more)


def _new(ctx: RowContext) -> Item:
    return _attendant(ctx, new=True)


def _changed(ctx: RowContext) -> Item | None:
    return None if ATTENDANT.created(ctx) else _attendant(ctx, new=False)


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
    *head_columns("aa_", "Centralita", "2950", "+34910002950"),
    Column(
        name="aa_business_schedule",
        help="Business hours of the location: the key of a schedules row, else the schedule's name.",
        required=True,
        largest=256,
        refers_to=(RefersTo("schedules", same_location=True),),
        feeds="businessSchedule",
        example="Horario de oficina",
    ),
    Column(
        name="aa_holiday_schedule",
        help="Holidays of the location: the key of a schedules row, else the schedule's name.",
        largest=256,
        refers_to=(RefersTo("schedules", same_location=True),),
        feeds="holidaySchedule",
        example="Fiestas de Madrid",
    ),
    *menu_columns(BUSINESS_HOURS, "in business hours", "businessHoursMenu"),
    *menu_columns(AFTER_HOURS, "after hours and on holidays", "afterHoursMenu"),
    _dialing("aa_extension_dialing", "extension", "extensionDialing"),
    _dialing("aa_name_dialing", "name", "nameDialing"),
    LANGUAGE,
    TIME_ZONE,
    caller_id_column("aa_", "callees", "Centralita"),
    alternates_column("aa_", "+34910002951"),
    forwarding_column("aa_", "attendant"),
    Column(name="aa_holiday_menu_json", help="Not served by any API."),
    Column(name="aa_enabled", help="Not served by any API.", kind=Kind.BOOLEAN),
)

AUTO_ATTENDANT = EntityType(
    name=ATTENDANT.entity_type,
    phase=Phase.SERVICES,
    rank=8,
    title="Creates or updates a front door: a greeting and a key menu, by business hours and after hours.",
    prefix=ATTENDANT.prefix,
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
    owner=ATTENDANT.owner,
    claims=ATTENDANT.claims,
    result=ATTENDANT.saves,
    touches=ATTENDANT.touches,
    example={
        "aa_holiday_schedule": "",
        "aa_announcement": "",
        "aa_business_menu_json": "",
        "aa_after_hours_announcement": "",
        "aa_after_hours_menu_json": "",
    },
    steps=(
        *location_steps(),
        schedule_lookup("schedule_lookup", _named_schedules),
        *announcement_steps(
            "announcement_lookup", "aa_announcement", "aa_after_hours_announcement", more=menu_announcements
        ),
        ATTENDANT.lookup(),
        *ATTENDANT.numbers_precheck(),
        ATTENDANT.create(_new),
        ATTENDANT.update(_changed),
        ATTENDANT.forwarding(),
    ),
)

ENTITY_TYPES = (AUTO_ATTENDANT,)
