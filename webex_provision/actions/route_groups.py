"""Route groups: trunks in order of preference, used as one target of routing. Objects of the whole organisation."""

from collections.abc import Iterator, Sequence

import polars as pl

from webex_provision.actions.declaration import (
    Column,
    EntityType,
    Expect,
    Failure,
    Item,
    Learned,
    Lookup,
    LookupMany,
    RefersTo,
    Repeat,
    RowContext,
    Rule,
    Write,
)
from webex_provision.actions.indexes import named_index
from webex_provision.actions.route_targets import ROUTE_GROUP_TARGET, learn_target
from webex_provision.actions.row import split_attribute, split_items, unescape
from webex_provision.actions.trunks import TRUNKS
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

_WRITE = "spark-admin:telephony_config_write"
_ALL = "/telephony/config/premisePstn/routeGroups"
LIST_ROUTE_GROUPS = Endpoint("GET", _ALL, "spark-admin:telephony_config_read")
CREATE_ROUTE_GROUP = Endpoint("POST", _ALL, _WRITE)
UPDATE_ROUTE_GROUP = Endpoint("PUT", _ALL + "/{route_group_id}", _WRITE)

MOST_TRUNKS = 10  # 400/25043 beyond that

ROUTE_GROUPS = named_index("route groups", "routeGroups", LIST_ROUTE_GROUPS)


def _name(ctx: RowContext) -> str:
    return ctx.row.text("route_group_name")


def _priorities(ctx: RowContext) -> list[tuple[str, int]]:
    """The remote name of each trunk and its priority: as written after `=`, else its place in the cell."""
    found = []
    for place, item in enumerate(split_items(ctx.row.text("route_group_trunks")), start=1):
        trunk, priority = split_attribute(item)
        name = ctx.references.name_of("trunk", unescape(trunk))
        found.append((name, place if priority is None else int(priority)))
    return found


def _trunks(ctx: RowContext) -> Sequence[str]:
    return [name for name, _ in _priorities(ctx)]


def _no_trunk(ctx: RowContext, name: str) -> Failure:
    return Failure(
        Reason.RESOURCE_DEPENDENCY_MISSING,
        f"no trunk named '{name}' in the tenant, and no row of this file made it; nothing was sent, because "
        f"{_name(ctx)} would lose a trunk",
    )


def _body(ctx: RowContext) -> Item:
    """Whole, for the PUT replaces the list of trunks."""
    gateways = [{"id": ctx.found["trunks"][name][0]["id"], "priority": rank} for name, rank in _priorities(ctx)]
    return {"name": _name(ctx), "localGateways": gateways}


def _create(ctx: RowContext) -> ApiRequest | None:
    return None if ctx.found["route_group"] is not None else CREATE_ROUTE_GROUP.at(json=_body(ctx))


def _update(ctx: RowContext) -> ApiRequest | None:
    if "route_group_create" in ctx.created:
        return None
    return UPDATE_ROUTE_GROUP.at(route_group_id=ctx.id_of("route_group"), json=_body(ctx))


def _learn(ctx: RowContext, answer: Answer) -> Iterator[Learned]:
    name, group_id = _name(ctx), str(answer.json["id"])
    yield Learned(ROUTE_GROUPS, {"id": group_id, "name": name})
    yield from learn_target(ROUTE_GROUP_TARGET, group_id, name)


ROUTE_GROUP = EntityType(
    name="route_group",
    phase=Phase.ROUTING,
    rank=3,
    title="Creates or updates a set of trunks that is used as one routing target.",
    prefix="route_group_",
    columns=(
        Column(
            name="route_group_name",
            help="Name in the tenant, unique in the organisation; the lookup key.",
            required=True,
            largest=80,
            feeds="name",
            example="RG-Madrid",
        ),
        Column(
            name="route_group_trunks",
            help="Trunks by key or name; =<priority>, 1 is tried first; blank: the place in the list. Replaces all.",
            required=True,
            many=True,
            most_items=MOST_TRUNKS,
            attribute="priority",
            largest=256,
            refers_to=(RefersTo("trunk"),),
            feeds="localGateways[]",
            example="SBC-Madrid=1|SBC-Barcelona=2",
        ),
    ),
    entity_key=pl.col("route_group_name"),
    called=("route_group_name",),
    remote_name="route_group_name",
    result=("route_group",),
    touches=lambda ctx: [f"route_group:{_name(ctx).casefold()}"],
    rules=(
        Rule(
            "route_group_trunks",
            pl.col("route_group_trunks").str.contains(r"[^\\]=\s*(0+|[0-9]{4,})\s*(\||$)"),
            "a priority after = must be 1 to 999; 1 is tried first",
        ),
    ),
    example={"route_group_trunks": "SBC-Madrid=1"},
    steps=(
        Lookup(name="route_group_lookup", index=ROUTE_GROUPS, key=_name, save="route_group", confirm=True),
        LookupMany(
            name="trunk_resolve",
            index=TRUNKS,
            keys=_trunks,
            save="trunks",
            absent=_no_trunk,
            reasons=(Reason.RESOURCE_DEPENDENCY_MISSING,),
        ),
        Write(
            name="route_group_create",
            endpoint=CREATE_ROUTE_GROUP,
            request=_create,
            expect=Expect(statuses=(200, 201), fields=("id",)),
            creates=True,
            save="route_group",
            recheck="route_group_lookup",
            refuses_twins=True,
            learns=_learn,
        ),
        Write(
            name="route_group_update",
            endpoint=UPDATE_ROUTE_GROUP,
            request=_update,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
        ),
    ),
)

ENTITY_TYPES = (ROUTE_GROUP,)
