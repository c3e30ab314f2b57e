"""Where calls are routed to: a trunk or a route group. The columns, the list and the look-up that rows share."""

from collections.abc import Iterator

from webex_provision.actions.declaration import (
    Column,
    Failure,
    Index,
    Item,
    Kind,
    Learned,
    Lookup,
    RefersTo,
    RowContext,
)
from webex_provision.vocabulary import Reason
from webex_provision.wire import ApiRequest, Endpoint

LIST_ROUTE_CHOICES = Endpoint("GET", "/telephony/config/routeChoices", "spark-admin:telephony_config_read")

TRUNK_TARGET, ROUTE_GROUP_TARGET = "TRUNK", "ROUTE_GROUP"
TARGET_TYPES = (TRUNK_TARGET, ROUTE_GROUP_TARGET)
_FILTERS = {TRUNK_TARGET: "trunkName", ROUTE_GROUP_TARGET: "routeGroupName"}
_ENTITY_TYPES = {TRUNK_TARGET: "trunk", ROUTE_GROUP_TARGET: "route_group"}


def _target_key(kind: str, name: str) -> str:
    """A trunk and a route group may have one name, so both make the key."""
    return f"{kind}/{name}"


def _one_choice(_: str, key: str) -> ApiRequest:
    kind, name = key.split("/", 1)
    return LIST_ROUTE_CHOICES.at(params={_FILTERS[kind]: name, "max": 1000})


ROUTE_CHOICES = Index(
    name="route choices",
    items="routeIdentities",
    list_all=lambda _: LIST_ROUTE_CHOICES.at(params={"max": 1000}),
    list_one=_one_choice,
    keys=lambda item: [_target_key(str(item["type"]), str(item["name"]))],
    needs=("id", "name", "type"),
    start_honoured=True,
    made_by=tuple(_ENTITY_TYPES.values()),
)


def learn_target(kind: str, remote_id: str, name: str) -> Iterator[Learned]:
    """A trunk or route group that a row has just made: lists may not show it yet, later rows route to it."""
    yield Learned(ROUTE_CHOICES, {"id": remote_id, "name": name, "type": kind})


def refers_to_target(type_column: str) -> tuple[RefersTo, ...]:
    """What a target's key names, by what stands in the column of its type."""
    return tuple(RefersTo(entity_type, when=(type_column, kind)) for kind, entity_type in _ENTITY_TYPES.items())


def target_columns(prefix: str, *, required: bool, feeds: tuple[str, str]) -> tuple[Column, Column]:
    """`<prefix>target_type` and `<prefix>target_key`; `feeds` are the API fields of type and id."""
    return (
        Column(
            name=f"{prefix}target_type",
            help="What calls are routed to.",
            kind=Kind.CHOICE,
            choices=TARGET_TYPES,
            required=required,
            feeds=feeds[0],
            example=ROUTE_GROUP_TARGET,
        ),
        Column(
            name=f"{prefix}target_key",
            help="The trunk or route group: a key of its row in this file, else its name in the tenant.",
            required=required,
            largest=256,
            refers_to=refers_to_target(f"{prefix}target_type"),
            feeds=feeds[1],
            example="RG-Madrid",
        ),
    )


def target_lookup(prefix: str, *, type_column: str = "target_type") -> Lookup:
    """Finds the trunk or route group that a row routes to and saves it as `target`; skipped when the row names none."""

    def key(ctx: RowContext) -> str | None:
        kind, wanted = ctx.row.get(f"{prefix}{type_column}"), ctx.row.get(f"{prefix}target_key")
        if kind not in _ENTITY_TYPES or wanted is None:
            return None
        return _target_key(kind, ctx.references.name_of(_ENTITY_TYPES[kind], wanted))

    def absent(ctx: RowContext) -> Failure:
        kind, _, name = (key(ctx) or "").partition("/")
        noun = _ENTITY_TYPES[kind].replace("_", " ")
        return Failure(
            Reason.RESOURCE_DEPENDENCY_MISSING,
            f"no {noun} named '{name}' in the tenant, and no row of this file made it",
        )

    return Lookup(
        name="route_target_lookup",
        index=ROUTE_CHOICES,
        key=key,
        save="target",
        confirm=True,
        absent=absent,
        reasons=(Reason.RESOURCE_DEPENDENCY_MISSING,),
    )


def target_of(ctx: RowContext) -> Item:
    """The trunk or route group that `target_lookup` found: its id, name and type."""
    found: Item = ctx.found["target"]
    return found
