"""Dial plans: dialled patterns of the whole organisation that leave by a trunk or route group."""

from collections.abc import Iterator

import polars as pl

from webex_provision.actions.action_helpers import chunk_names, chunk_of, shows
from webex_provision.actions.declaration import (
    Check,
    Claim,
    Column,
    EntityType,
    Expect,
    Failure,
    Item,
    Learned,
    Lookup,
    OutOfScope,
    Overlap,
    Read,
    Repeat,
    RowContext,
    Write,
)
from webex_provision.actions.indexes import named_index
from webex_provision.actions.route_targets import target_columns, target_lookup, target_of
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

_READ, _WRITE = "spark-admin:telephony_config_read", "spark-admin:telephony_config_write"
_BASE = "/telephony/config/premisePstn"
_ONE = _BASE + "/dialPlans/{dial_plan_id}"
LIST_DIAL_PLANS = Endpoint("GET", _BASE + "/dialPlans", _READ)
LIST_PATTERNS = Endpoint("GET", _ONE + "/dialPatterns", _READ)
VALIDATE_PATTERNS = Endpoint("POST", _BASE + "/actions/validateDialPatterns/invoke", _WRITE)
CREATE_DIAL_PLAN = Endpoint("POST", _BASE + "/dialPlans", _WRITE)
UPDATE_DIAL_PLAN = Endpoint("PUT", _ONE, _WRITE)
DELETE_DIAL_PLAN = Endpoint("DELETE", _ONE, _WRITE)
UPDATE_PATTERNS = Endpoint("PUT", _ONE + "/dialPatterns", _WRITE)

CHUNK = 200  # patterns in one request; so many were accepted on a real tenant
MOST_PATTERNS = 1000
_FIRST = "1"  # of the chunks
_SHOWN = 5

DIAL_PLANS = named_index("dial plans", "dialPlans", LIST_DIAL_PLANS, "dialPlanName")


def _name(ctx: RowContext) -> str:
    return ctx.row.text("dial_plan_name")


def _chunks(ctx: RowContext) -> list[str]:
    return chunk_names(ctx.row.items("dial_plan_patterns"), CHUNK)


def _chunk(ctx: RowContext, name: str) -> list[str]:
    return [*chunk_of(ctx.row.items("dial_plan_patterns"), CHUNK, name)]


_REFUSED = (Reason.INVALID_DIAL_PLAN_COLLISION, Reason.NON_RETRYABLE_EXTERNAL)


def _made(ctx: RowContext) -> bool:
    return "dial_plan_create" in ctx.created


def _missing(ctx: RowContext) -> list[str]:
    """The patterns of a chunk that the plan lacks; those of the first one came with the create."""
    if ctx.item == _FIRST and _made(ctx):
        return []
    held = set((ctx.found["dial_patterns"] or {}).get("dialPatterns", ()))
    return [pattern for pattern in _chunk(ctx, ctx.item) if pattern not in held]


def _plan(ctx: RowContext) -> Item:
    target = target_of(ctx)
    return {"name": _name(ctx), "routeId": target["id"], "routeType": target["type"]}


def _create(ctx: RowContext) -> ApiRequest | None:
    """Plain strings here; the objects of the later PUT are refused."""
    if ctx.found["dial_plan"] is not None:
        return None
    return CREATE_DIAL_PLAN.at(json=_plan(ctx) | {"dialPatterns": _chunk(ctx, _FIRST)})


def _refused_patterns(entries: list[Item]) -> Failure | None:
    """What Webex says of single patterns: one that another plan holds is a collision, any other is just wrong."""
    if not entries:
        return None
    taken = any(str(entry.get("patternStatus", "")).upper() == "DUPLICATE" for entry in entries)
    told = ", ".join(f"{entry.get('dialPattern', '?')} {entry.get('patternStatus', '')}" for entry in entries[:_SHOWN])
    more = f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else ""
    return Failure(
        Reason.INVALID_DIAL_PLAN_COLLISION if taken else Reason.NON_RETRYABLE_EXTERNAL,
        f"Webex refuses dial patterns: {told}{more}; a pattern belongs to one dial plan of the organisation: "
        "take it from the row or from the other plan",
    )


def _created_whole(ctx: RowContext) -> Failure | None:
    """A 201 may name patterns that the new plan did not get."""
    return _refused_patterns((ctx.found["dial_plan"] or {}).get("dialPatternErrors") or [])


def _read_patterns(ctx: RowContext) -> ApiRequest | None:
    if _made(ctx) and len(_chunks(ctx)) == 1:
        return None
    return LIST_PATTERNS.at(dial_plan_id=ctx.id_of("dial_plan"), params={"max": 1000})


def _validate(ctx: RowContext) -> ApiRequest | None:
    """Of missing patterns only: those that the plan itself holds would be called duplicates."""
    missing = [] if _made(ctx) else _missing(ctx)
    return VALIDATE_PATTERNS.at(json={"dialPatterns": missing}) if missing else None


def _all_valid(_: RowContext, answer: Answer) -> Failure | None:
    return _refused_patterns((answer.json or {}).get("dialPatternStatus") or [])


def _update(ctx: RowContext) -> ApiRequest | None:
    if _made(ctx) or shows(ctx.found["dial_plan"], _plan(ctx)):
        return None
    return UPDATE_DIAL_PLAN.at(dial_plan_id=ctx.id_of("dial_plan"), json=_plan(ctx))


def _add(ctx: RowContext) -> ApiRequest | None:
    """A delta: patterns that the row does not name stay, for routing is shared by all."""
    added = [{"dialPattern": pattern, "action": "ADD"} for pattern in _missing(ctx)]
    return UPDATE_PATTERNS.at(dial_plan_id=ctx.id_of("dial_plan"), json={"dialPatterns": added}) if added else None


def _delete(ctx: RowContext) -> ApiRequest:
    return DELETE_DIAL_PLAN.at(dial_plan_id=ctx.id_of("dial_plan"))


def _learn(ctx: RowContext, answer: Answer) -> Iterator[Learned]:
    yield Learned(DIAL_PLANS, {"id": answer.json["id"], "name": _name(ctx)})


DIAL_PLAN = EntityType(
    name="dial_plan",
    phase=Phase.ROUTING,
    rank=5,
    title="Routes dialled patterns of the whole organisation to a trunk or route group.",
    prefix="dial_plan_",
    columns=(
        Column(
            name="dial_plan_name",
            help="Name in the tenant, unique in the organisation; the lookup key.",
            required=True,
            largest=80,
            feeds="name",
            example="DP-Madrid-PBX",
        ),
        Column(
            name="dial_plan_patterns",
            help="What is dialled: + and digits, then X (one digit each) or one ! (any digits); or digits and X. "
            "Missing ones are added, none is taken away.",
            required=True,
            many=True,
            most_items=MOST_PATTERNS,
            pattern=r"^(\+[1-9][0-9]*(X*|!)|[0-9]+X*)$",
            largest=50,
            feeds="dialPatterns[]",
            example="+3491000!|45XX",
        ),
        *target_columns("dial_plan_", required=True, feeds=("routeType", "routeId")),
        Column(name="dial_plan_priority", help="Not served by any API.", example=""),
    ),
    entity_key=pl.col("dial_plan_name"),
    called=("dial_plan_name",),
    remote_name="dial_plan_name",
    result=("dial_plan",),
    owner=pl.format("dial_plan:{}", pl.col("dial_plan_name").str.to_lowercase()),
    claims=(Claim("dial_plan_patterns"),),
    overlaps=(
        Overlap("dial_plan_patterns", "extension", "calls to these extensions may leave by the dial plan"),
        Overlap(
            "dial_plan_patterns",
            "location_routing_prefix",
            "calls between sites, dialled with that prefix, may leave by the dial plan",
            leading=True,
        ),
        Overlap(
            "dial_plan_patterns",
            "location_outside_dial_digit",
            "in that location the first digit asks for an outside line",
            leading=True,
        ),
    ),
    touches=lambda ctx: [f"dial_plan:{_name(ctx).casefold()}"],
    out_of_scope=(
        OutOfScope(
            "dial_plan_priority",
            pl.col("dial_plan_priority").is_not_null(),
            "dial plans have no priority, the longest match decides; empty the cell",
        ),
    ),
    steps=(
        Lookup(name="dial_plan_lookup", index=DIAL_PLANS, key=_name, save="dial_plan", confirm=True),
        target_lookup("dial_plan_"),
        Write(
            name="dial_plan_create",
            endpoint=CREATE_DIAL_PLAN,
            request=_create,
            expect=Expect(statuses=(200, 201), fields=("id",)),
            creates=True,
            save="dial_plan",
            recheck="dial_plan_lookup",
            refuses_twins=True,
            learns=_learn,
            compensate=_delete,
        ),
        Check(
            name="dial_plan_patterns_check",
            verdict=_created_whole,
            reasons=_REFUSED,
        ),
        Read(
            name="dial_plan_patterns_lookup",
            endpoint=LIST_PATTERNS,
            request=_read_patterns,
            save="dial_patterns",
            items="dialPatterns",
        ),
        Read(
            name="dial_plan_patterns_validate",
            endpoint=VALIDATE_PATTERNS,
            request=_validate,
            save="dial_patterns_verdicts",
            expect=Expect(statuses=(200,), fields=("status",), proof=_all_valid, reasons=_REFUSED),
            over=_chunks,
            most_items=MOST_PATTERNS // CHUNK,
        ),
        Write(
            name="dial_plan_update",
            endpoint=UPDATE_DIAL_PLAN,
            request=_update,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
        ),
        Write(
            name="dial_plan_patterns_update",
            endpoint=UPDATE_PATTERNS,
            request=_add,
            expect=Expect(statuses=(200, 204)),
            recheck="dial_plan_patterns_lookup",
            refuses_twins=True,
            over=_chunks,
            most_items=MOST_PATTERNS // CHUNK,
        ),
    ),
)

ENTITY_TYPES = (DIAL_PLAN,)
