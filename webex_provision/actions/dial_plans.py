"""Dial plans: dialled patterns of the whole organisation that leave by a trunk or route group."""

from collections.abc import Iterator
from functools import partial

import polars as pl

from webex_provision.actions.declaration import (
    Check,
    Claim,
    Column,
    EntityType,
    Expect,
    Failure,
    Index,
    Item,
    Learned,
    Lookup,
    OutOfScope,
    Read,
    Repeat,
    RowContext,
    Write,
)
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
_CHUNKS = range(MOST_PATTERNS // CHUNK)
_SHOWN = 5

DIAL_PLANS = Index(
    name="dial plans",
    items="dialPlans",
    list_all=lambda _: LIST_DIAL_PLANS.at(params={"max": 1000}),
    list_one=lambda _, name: LIST_DIAL_PLANS.at(params={"dialPlanName": name, "max": 1000}),
    keys=lambda item: [str(item["name"])],
    needs=("id", "name"),
    start_honoured=True,
)


def _name(ctx: RowContext) -> str:
    return ctx.row.text("dial_plan_name")


def _chunk(ctx: RowContext, number: int) -> list[str]:
    """The chunks are cut from the cell, so that each stays the same whatever was sent already."""
    return ctx.row.items("dial_plan_patterns")[number * CHUNK : (number + 1) * CHUNK]


def _made(ctx: RowContext) -> bool:
    return "dial_plan_create" in ctx.created


def _missing(ctx: RowContext, number: int) -> list[str]:
    """The patterns of a chunk that the plan lacks; those of the first one came with the create."""
    if number == 0 and _made(ctx):
        return []
    held = set((ctx.found["dial_patterns"] or {}).get("dialPatterns", ()))
    return [pattern for pattern in _chunk(ctx, number) if pattern not in held]


def _plan(ctx: RowContext) -> Item:
    target = target_of(ctx)
    return {"name": _name(ctx), "routeId": target["id"], "routeType": target["type"]}


def _create(ctx: RowContext) -> ApiRequest | None:
    """Plain strings here; the objects of the later PUT are refused."""
    if ctx.found["dial_plan"] is not None:
        return None
    return CREATE_DIAL_PLAN.at(json=_plan(ctx) | {"dialPatterns": _chunk(ctx, 0)})


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
    if _made(ctx) and not _chunk(ctx, 1):
        return None
    return LIST_PATTERNS.at(dial_plan_id=ctx.id_of("dial_plan"), params={"max": 1000})


def _validate(number: int, ctx: RowContext) -> ApiRequest | None:
    """Of missing patterns only: those that the plan itself holds would be called duplicates."""
    missing = [] if _made(ctx) else _missing(ctx, number)
    return VALIDATE_PATTERNS.at(json={"dialPatterns": missing}) if missing else None


def _all_valid(_: RowContext, answer: Answer) -> Failure | None:
    return _refused_patterns((answer.json or {}).get("dialPatternStatus") or [])


def _update(ctx: RowContext) -> ApiRequest | None:
    return None if _made(ctx) else UPDATE_DIAL_PLAN.at(dial_plan_id=ctx.id_of("dial_plan"), json=_plan(ctx))


def _add(number: int, ctx: RowContext) -> ApiRequest | None:
    """A delta: patterns that the row does not name stay, for routing is shared by all."""
    added = [{"dialPattern": pattern, "action": "ADD"} for pattern in _missing(ctx, number)]
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
        Check(name="dial_plan_patterns_check", verdict=_created_whole),
        Read(
            name="dial_plan_patterns_lookup",
            endpoint=LIST_PATTERNS,
            request=_read_patterns,
            save="dial_patterns",
            items="dialPatterns",
        ),
        *(
            Read(
                name="dial_plan_patterns_validate",
                endpoint=VALIDATE_PATTERNS,
                request=partial(_validate, number),
                save="dial_patterns_verdict",
                expect=Expect(statuses=(200,), fields=("status",), proof=_all_valid),
            )
            for number in _CHUNKS
        ),
        Write(
            name="dial_plan_update",
            endpoint=UPDATE_DIAL_PLAN,
            request=_update,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
        ),
        *(
            Write(
                name="dial_plan_patterns_update",
                endpoint=UPDATE_PATTERNS,
                request=partial(_add, number),
                expect=Expect(statuses=(200, 204)),
                recheck="dial_plan_patterns_lookup",
                refuses_twins=True,
            )
            for number in _CHUNKS
        ),
    ),
)

ENTITY_TYPES = (DIAL_PLAN,)
