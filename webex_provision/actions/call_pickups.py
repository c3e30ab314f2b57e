"""Call pickup groups: members of a team answer each other's ringing phones with *98."""

from collections.abc import Iterator

import polars as pl

from webex_provision.actions.action_helpers import path_key, without_nulls
from webex_provision.actions.columns import LOCATION_KEY
from webex_provision.actions.declaration import (
    Claim,
    Column,
    EntityType,
    Expect,
    FailureRule,
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
from webex_provision.actions.indexes import CALL_PICKUPS
from webex_provision.actions.locations import location_steps
from webex_provision.actions.members import member_items, member_lookups, no_parks
from webex_provision.actions.service_columns import name_column
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

_WRITE = "spark-admin:telephony_config_write"
_ONE = "/telephony/config/locations/{location_id}/callPickups/{pickup_id}"
CREATE_PICKUP = Endpoint("POST", "/telephony/config/locations/{location_id}/callPickups", _WRITE)
UPDATE_PICKUP = Endpoint("PUT", _ONE, _WRITE)
DELETE_PICKUP = Endpoint("DELETE", _ONE, _WRITE)

NOTIFICATIONS = ("NONE", "AUDIO_ONLY", "VISUAL_ONLY", "AUDIO_AND_VISUAL")

_ELSEWHERE = FailureRule(
    codes=("4471",),
    reason=Reason.NON_RETRYABLE_EXTERNAL,
    advice="a member belongs to another call pickup group; take that member out there (another row may), then retry",
)


def _name(ctx: RowContext) -> str:
    return ctx.row.text("pickup_name")


def _body(ctx: RowContext) -> Item:
    """Agents are plain ids, and always there: a PUT without them empties the group, though it merges the rest."""
    row = ctx.row
    return without_nulls(
        {
            "name": _name(ctx),
            "notificationType": row.get("pickup_notification_type"),
            "notificationDelayTimerSeconds": row.number("pickup_notification_delay"),
            "agents": [item["id"] for _, item in member_items(ctx, "pickup_members")],
        }
    )


def _create(ctx: RowContext) -> ApiRequest | None:
    if ctx.found["pickup"] is not None:
        return None
    return CREATE_PICKUP.at(location_id=ctx.id_of("location"), json=_body(ctx))


def _update(ctx: RowContext) -> ApiRequest | None:
    if "pickup_create" in ctx.created:
        return None
    return UPDATE_PICKUP.at(location_id=ctx.id_of("location"), pickup_id=ctx.id_of("pickup"), json=_body(ctx))


def _delete(ctx: RowContext) -> ApiRequest:
    return DELETE_PICKUP.at(location_id=ctx.id_of("location"), pickup_id=ctx.id_of("pickup"))


def _learn(ctx: RowContext, _: Answer) -> Iterator[Learned]:
    yield Learned(CALL_PICKUPS, {"id": ctx.id_of("pickup"), "name": _name(ctx)}, scope=ctx.id_of("location"))


CALL_PICKUP_GROUP = EntityType(
    name="call_pickup_group",
    phase=Phase.SERVICES,
    rank=5,
    title="Creates or updates a group whose members answer each other's ringing phones.",
    prefix="pickup_",
    columns=(
        LOCATION_KEY,
        name_column("pickup_", "Ventas Planta 2"),
        Column(
            name="pickup_members",
            help="Who is in it: emails, workspace:<name>, virtual_line:<name>; replaces all; nobody is in two groups.",
            kind=Kind.MEMBER,
            required=True,
            many=True,
            clearable=True,
            feeds="agents[]",
            example="ana.ruiz@example.com|workspace:Sala Goya",
        ),
        Column(
            name="pickup_notification_type",
            help="How members learn that another's phone rings; blank on creation: NONE.",
            kind=Kind.CHOICE,
            choices=NOTIFICATIONS,
            feeds="notificationType",
            example="AUDIO_AND_VISUAL",
        ),
        Column(
            name="pickup_notification_delay",
            help="Seconds of ringing before members are told; blank on creation: 6.",
            kind=Kind.INTEGER,
            smallest=1,
            feeds="notificationDelayTimerSeconds",
            example="6",
        ),
        Column(
            name="pickup_extension",
            help="No API serves it.",
            kind=Kind.EXTENSION,
        ),
    ),
    entity_key=path_key("location_key", "pickup_name"),
    rules=(no_parks("pickup_members"),),
    out_of_scope=(
        OutOfScope(
            "pickup_extension",
            pl.col("pickup_extension").is_not_null(),
            "a call pickup group has no extension, members dial *98; empty it, or use a hunt_group row for a number "
            "that rings them all",
        ),
    ),
    owner=pl.format(
        "call_pickup_group:{}/{}", pl.col("location_key").str.to_lowercase(), pl.col("pickup_name").str.to_lowercase()
    ),
    claims=(Claim("pickup_members"),),
    result=("pickup",),
    touches=lambda ctx: [f"call_pickup_group:{ctx.location_name().casefold()}/{_name(ctx).casefold()}"],
    steps=(
        *location_steps(),
        Lookup(
            name="pickup_lookup",
            index=CALL_PICKUPS,
            key=_name,
            scope=lambda ctx: ctx.id_of("location"),
            save="pickup",
            confirm=True,
            failures=(LOCATION_GONE,),
        ),
        *member_lookups("members_lookup", "pickup_members"),
        Write(
            name="pickup_create",
            endpoint=CREATE_PICKUP,
            request=_create,
            expect=Expect(statuses=(200, 201), fields=("id",)),
            creates=True,
            save="pickup",
            recheck="pickup_lookup",
            refuses_twins=True,
            failures=(_ELSEWHERE, LOCATION_GONE),
            learns=_learn,
            compensate=_delete,
        ),
        # The answer carries the id that the group has from now on: it changes with the name.
        Write(
            name="pickup_update",
            endpoint=UPDATE_PICKUP,
            request=_update,
            expect=Expect(statuses=(200, 204), fields=("id",)),
            save="pickup",
            repeat=Repeat.SAFE,
            failures=(_ELSEWHERE,),
            learns=_learn,
        ),
    ),
)

ENTITY_TYPES = (CALL_PICKUP_GROUP,)
