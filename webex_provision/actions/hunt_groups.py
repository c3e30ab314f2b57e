"""Hunt groups: a number that rings a group of phones by a policy."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from webex_provision.actions.action_helpers import needs, one_of, path_key, without_nulls
from webex_provision.actions.columns import EXTENSION, LANGUAGE, LOCATION_KEY, PHONE_NUMBER, TIME_ZONE
from webex_provision.actions.declaration import (
    Check,
    Claim,
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
    SecondLook,
    Write,
)
from webex_provision.actions.failures import LOCATION_GONE
from webex_provision.actions.indexes import HUNT_GROUPS, place_key
from webex_provision.actions.locations import location_steps
from webex_provision.actions.members import member_items, member_lookups, no_parks
from webex_provision.actions.numbers import held_by, holds, inventory_lookup, learn_numbers, number_verdict
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

_WRITE = "spark-admin:telephony_config_write"
_ONE = "/telephony/config/locations/{location_id}/huntGroups/{hunt_group_id}"
CREATE_HUNT_GROUP = Endpoint("POST", "/telephony/config/locations/{location_id}/huntGroups", _WRITE)
GET_HUNT_GROUP = Endpoint("GET", _ONE, "spark-admin:telephony_config_read")
UPDATE_HUNT_GROUP = Endpoint("PUT", _ONE, _WRITE)
DELETE_HUNT_GROUP = Endpoint("DELETE", _ONE, _WRITE)
FORWARD_HUNT_GROUP = Endpoint("PUT", _ONE + "/callForwarding", _WRITE)

POLICIES = ("CIRCULAR", "REGULAR", "SIMULTANEOUS", "UNIFORM", "WEIGHTED")
MOST_AGENTS = 1000

# What Webex fills in itself; sent whole because the service demands all five fields once one of them is sent.
_NO_ANSWER_DEFAULTS: Item = {
    "nextAgentEnabled": False,
    "nextAgentRings": 5,
    "forwardEnabled": False,
    "numberOfRings": 15,
    "destinationVoicemailEnabled": False,
}


class Forwarding(BaseModel):
    """The inner object of `hunt_forwarding_json`; the wrapper that the API needs is added here."""

    model_config = ConfigDict(extra="forbid")

    always: dict[str, Any] | None = None
    selective: dict[str, Any] | None = None
    rules: list[dict[str, Any]] | None = None
    operatingModes: dict[str, Any] | None = None  # noqa: N815 - the API's name


def _key(ctx: RowContext) -> str:
    return place_key(ctx.id_of("location"), ctx.row.text("hunt_name"))


def _verdict(ctx: RowContext) -> Failure | None:
    found = ctx.found["hunt_group"]
    alternates = ctx.row.items("hunt_alternate_numbers")
    return number_verdict(ctx, owner_id=found and str(found["id"]), more_numbers=alternates)


def _agents(ctx: RowContext) -> list[Item] | None:
    if not ctx.row.has("hunt_agents"):
        return None
    return [
        without_nulls({"id": item["id"], "weight": None if member.attribute is None else str(member.attribute)})
        for member, item in member_items(ctx, "hunt_agents")
    ]


def _no_answer(ctx: RowContext) -> Item | None:
    row = ctx.row
    rings, destination = row.number("hunt_no_answer_rings"), row.get("hunt_no_answer_destination")
    next_rings = row.number("hunt_next_agent_rings")
    asked: Item = {}
    if next_rings is not None:
        asked |= {"nextAgentEnabled": True, "nextAgentRings": next_rings}
    if destination is not None:
        asked |= {"forwardEnabled": True, "numberOfRings": rings, "destination": destination}
    return asked or None


def _redirect(destination: str | None) -> Item | None:
    return None if destination is None else {"enabled": True, "destination": destination}


def _policies(ctx: RowContext) -> Item:
    row = ctx.row
    return without_nulls(
        {
            "policy": row.get("hunt_policy"),
            "waitingEnabled": row.flag("hunt_call_waiting"),
            "noAnswer": _no_answer(ctx),
            "busyRedirect": _redirect(row.get("hunt_busy_destination")),
            "businessContinuityRedirect": _redirect(row.get("hunt_unreachable_destination")),
        }
    )


def _group(ctx: RowContext) -> Item:
    row = ctx.row
    name = row.get("hunt_caller_id_name")
    return without_nulls(
        {
            "name": row.text("hunt_name"),
            "extension": row.get("extension"),
            "phoneNumber": row.get("phone_number"),
            "languageCode": row.get("language"),
            "timeZone": row.get("time_zone"),
            "agents": _agents(ctx),
            "enabled": row.flag("hunt_enabled"),
            "directLineCallerIdName": name and {"selection": "CUSTOM_NAME", "customName": name},
        }
    )


def _create(ctx: RowContext) -> ApiRequest | None:
    if ctx.found["hunt_group"] is not None:
        return None
    policies: Item = {"policy": "CIRCULAR"} | _policies(ctx)
    if "noAnswer" in policies:
        policies["noAnswer"] = _NO_ANSWER_DEFAULTS | policies["noAnswer"]
    body: Item = {"enabled": True, "agents": []} | _group(ctx) | {"callPolicies": policies}
    return CREATE_HUNT_GROUP.at(location_id=ctx.id_of("location"), json=body)


def _alternates(ctx: RowContext) -> Item:
    numbers = ctx.row.items("hunt_alternate_numbers")
    if not numbers:
        return {}
    return {"alternateNumbers": [{"phoneNumber": number, "ringPattern": "NORMAL"} for number in numbers]}


def _update(ctx: RowContext) -> ApiRequest | None:
    """A merge, but for agents. A nested object that Webex refuses as incomplete is completed from what it holds."""
    alternates = _alternates(ctx)
    if "hunt_create" in ctx.created:
        body = alternates
        if not body:
            return None
    else:
        body = _group(ctx) | alternates
        if policies := _policies(ctx):
            body["callPolicies"] = _completed(policies, ctx.found.get("hunt_group_now"))
    return _at(ctx, UPDATE_HUNT_GROUP, body)


def _completed(policies: Item, now: Item | None) -> Item:
    if now is None:
        return policies
    held = now.get("callPolicies") or {}
    no_answer = _NO_ANSWER_DEFAULTS | (held.get("noAnswer") or {}) | policies.get("noAnswer", {})
    no_answer.pop("systemMaxNumberOfRings", None)  # read-only
    return {"policy": held.get("policy", "CIRCULAR")} | policies | {"noAnswer": no_answer}


def _read(ctx: RowContext) -> ApiRequest:
    return _at(ctx, GET_HUNT_GROUP, None)


def _delete(ctx: RowContext) -> ApiRequest:
    return _at(ctx, DELETE_HUNT_GROUP, None)


def _at(ctx: RowContext, endpoint: Endpoint, body: Item | None) -> ApiRequest:
    return endpoint.at(location_id=ctx.id_of("location"), hunt_group_id=ctx.id_of("hunt_group"), json=body)


def _forward(ctx: RowContext) -> ApiRequest | None:
    """Without the wrapper the service answers 200 and ignores the body."""
    if not ctx.row.has("hunt_forwarding_json"):
        return None
    return _at(ctx, FORWARD_HUNT_GROUP, {"callForwarding": ctx.row.json("hunt_forwarding_json")})


def _learn(ctx: RowContext, answer: Answer) -> Iterator[Learned]:
    location_id = ctx.id_of("location")
    if answer.json and "id" in answer.json:
        name = ctx.row.text("hunt_name")
        yield Learned(HUNT_GROUPS, {"id": answer.json["id"], "name": name, "locationId": location_id})
    extension, number = ctx.row.get("extension"), ctx.row.get("phone_number")
    if not holds(held_by(ctx, "hunt_group"), extension=extension, number=number):
        yield from learn_numbers(ctx, "hunt_group", "HUNT_GROUP")


def _weights_without_weighted() -> Rule:
    has_weight = pl.col("hunt_agents").str.contains(r"[^\\]=\s*\d+\s*(\||$)")
    return Rule(
        "hunt_agents",
        has_weight & pl.col("hunt_policy").ne_missing("WEIGHTED"),
        "weights after = go only with hunt_policy=WEIGHTED; empty them or set the policy",
    )


def _too_many(policy: str, most: int) -> Rule:
    count = pl.col("hunt_agents").str.count_matches(r"[^\\]\|") + 1
    return Rule(
        "hunt_agents",
        (pl.col("hunt_policy") == policy) & (count > most),
        f"hunt_policy={policy} takes at most {most} agents",
    )


HUNT_GROUP = EntityType(
    name="hunt_group",
    phase=Phase.SERVICES,
    rank=7,
    title="Creates or updates a number that rings a group of phones by a policy.",
    prefix="hunt_",
    columns=(
        LOCATION_KEY,
        Column(
            name="hunt_name",
            help="Name in the tenant; with the location it is the lookup key.",
            required=True,
            largest=80,
            feeds="name",
            example="Recepcion",
        ),
        replace(EXTENSION, example="2800"),
        replace(PHONE_NUMBER, example="+34910002800"),
        Column(
            name="hunt_policy",
            help="How calls are spread; blank on creation: CIRCULAR.",
            kind=Kind.CHOICE,
            choices=POLICIES,
            feeds="callPolicies.policy",
            example="CIRCULAR",
        ),
        Column(
            name="hunt_agents",
            help="Who rings: emails, workspace:<name>, virtual_line:<name>; =<weight> with WEIGHTED; replaces all.",
            kind=Kind.MEMBER,
            many=True,
            most_items=MOST_AGENTS,
            attribute="weight",
            clearable=True,
            feeds="agents[]",
            example="ana.ruiz@example.com|workspace:Sala Goya",
        ),
        Column(
            name="hunt_enabled",
            help="On or off; blank on creation: on.",
            kind=Kind.BOOLEAN,
            feeds="enabled",
            example="true",
        ),
        LANGUAGE,
        TIME_ZONE,
        Column(
            name="hunt_caller_id_name",
            help="Name that agents and callees see.",
            largest=80,
            feeds="directLineCallerIdName.customName",
            example="Recepcion",
        ),
        Column(
            name="hunt_alternate_numbers",
            help="Alternate numbers, E.164; replaces the list.",
            kind=Kind.PHONE_NUMBER,
            many=True,
            most_items=10,
            feeds="alternateNumbers[].phoneNumber",
            example="+34910002801",
        ),
        Column(
            name="hunt_next_agent_rings",
            help="Rings before the next agent is tried.",
            kind=Kind.INTEGER,
            smallest=2,
            largest=20,
            feeds="callPolicies.noAnswer.nextAgentRings",
            example="5",
        ),
        Column(
            name="hunt_no_answer_rings",
            help="Rings before an unanswered call is forwarded.",
            kind=Kind.INTEGER,
            smallest=2,
            largest=20,
            feeds="callPolicies.noAnswer.numberOfRings",
            example="15",
        ),
        Column(
            name="hunt_no_answer_destination",
            help="Where an unanswered call goes.",
            kind=Kind.DIALABLE,
            feeds="callPolicies.noAnswer.destination",
            example="2100",
        ),
        Column(
            name="hunt_busy_destination",
            help="Where a call goes when all agents are busy.",
            kind=Kind.DIALABLE,
            feeds="callPolicies.busyRedirect.destination",
            example="2100",
        ),
        Column(
            name="hunt_unreachable_destination",
            help="Where a call goes when no agent's phone can be reached.",
            kind=Kind.DIALABLE,
            feeds="callPolicies.businessContinuityRedirect.destination",
            example="+34910002100",
        ),
        Column(
            name="hunt_call_waiting",
            help="Whether busy agents get a second call.",
            kind=Kind.BOOLEAN,
            feeds="callPolicies.waitingEnabled",
            example="false",
        ),
        Column(
            name="hunt_forwarding_json",
            help="Call forwarding of the group: an object with always, selective, rules or operatingModes.",
            kind=Kind.JSON,
            shape=Forwarding,
            feeds="callForwarding",
            example='{"always":{"enabled":false}}',
        ),
    ),
    entity_key=path_key("location_key", "hunt_name"),
    rules=(
        one_of("extension", "phone_number"),
        needs("hunt_no_answer_rings", "hunt_no_answer_destination"),
        needs("hunt_no_answer_destination", "hunt_no_answer_rings"),
        no_parks("hunt_agents"),
        _weights_without_weighted(),
        _too_many("SIMULTANEOUS", 50),
        _too_many("WEIGHTED", 100),
    ),
    owner=pl.format(
        "hunt_group:{}/{}", pl.col("location_key").str.to_lowercase(), pl.col("hunt_name").str.to_lowercase()
    ),
    claims=(
        Claim("extension", per_location=True),
        Claim("phone_number"),
        Claim("hunt_alternate_numbers"),
    ),
    result=("hunt_group",),
    touches=lambda ctx: [f"hunt_group:{ctx.location_name().casefold()}/{ctx.row.text('hunt_name').casefold()}"],
    steps=(
        *location_steps(),
        Lookup(name="hunt_lookup", index=HUNT_GROUPS, key=_key, save="hunt_group", confirm=True),
        *member_lookups("agents_lookup", "hunt_agents"),
        inventory_lookup("numbers_precheck", "hunt_group", more="hunt_alternate_numbers"),
        Check(name="numbers_precheck", verdict=_verdict),
        Write(
            name="hunt_create",
            endpoint=CREATE_HUNT_GROUP,
            request=_create,
            expect=Expect(statuses=(200, 201), fields=("id",)),
            creates=True,
            save="hunt_group",
            recheck="hunt_lookup",
            refuses_twins=True,
            failures=(LOCATION_GONE,),
            learns=_learn,
            compensate=_delete,
        ),
        Write(
            name="hunt_update",
            endpoint=UPDATE_HUNT_GROUP,
            request=_update,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            learns=_learn,
            second_look=SecondLook(
                read=Read(name="hunt_update", endpoint=GET_HUNT_GROUP, request=_read, save="hunt_group_now"),
                insist=(FailureRule(status=400, codes=("25008",), reason=Reason.NON_RETRYABLE_EXTERNAL),),
            ),
        ),
        Write(
            name="hunt_forwarding",
            endpoint=FORWARD_HUNT_GROUP,
            request=_forward,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            reads_back=True,
        ),
    ),
)

ENTITY_TYPES = (HUNT_GROUP,)
