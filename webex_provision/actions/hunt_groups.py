"""Hunt groups: a number that rings a group of phones by a policy."""

import polars as pl

from webex_provision.actions.action_helpers import needs, one_of, path_key, without_nulls
from webex_provision.actions.columns import LANGUAGE, TIME_ZONE
from webex_provision.actions.declaration import Column, EntityType, Item, Kind, RowContext, Rule
from webex_provision.actions.indexes import HUNT_GROUPS
from webex_provision.actions.locations import location_steps
from webex_provision.actions.members import member_items, member_lookups, no_parks
from webex_provision.actions.service_columns import (
    agents_column,
    agents_rules,
    alternates_column,
    caller_id_column,
    forwarding_column,
    head_columns,
    policy_column,
)
from webex_provision.actions.services import Service
from webex_provision.vocabulary import Phase

GROUP = Service(
    entity_type="hunt_group",
    prefix="hunt_",
    folder="huntGroups",
    saves=("hunt_group",),
    index=HUNT_GROUPS,
    owner_type="HUNT_GROUP",
)

# What Webex fills in itself; sent whole because the service demands all five fields once one of them is sent.
_NO_ANSWER_DEFAULTS: Item = {
    "nextAgentEnabled": False,
    "nextAgentRings": 5,
    "forwardEnabled": False,
    "numberOfRings": 15,
    "destinationVoicemailEnabled": False,
}


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
    return GROUP.body(ctx) | without_nulls({"agents": _agents(ctx), "enabled": ctx.row.flag("hunt_enabled")})


def _new(ctx: RowContext) -> Item:
    policies: Item = {"policy": "CIRCULAR"} | _policies(ctx)
    if "noAnswer" in policies:
        policies["noAnswer"] = _NO_ANSWER_DEFAULTS | policies["noAnswer"]
    return {"enabled": True, "agents": []} | _group(ctx) | {"callPolicies": policies}


def _changed(ctx: RowContext, now: Item | None) -> Item:
    """A merge, but for agents. A nested object that Webex refuses as incomplete is completed from what it holds."""
    alternates = GROUP.alternates(ctx)
    if GROUP.created(ctx):
        return alternates
    policies = _policies(ctx)
    return _group(ctx) | alternates | ({"callPolicies": _completed(policies, now)} if policies else {})


def _completed(policies: Item, now: Item | None) -> Item:
    if now is None:
        return policies
    held = now.get("callPolicies") or {}
    no_answer = _NO_ANSWER_DEFAULTS | (held.get("noAnswer") or {}) | policies.get("noAnswer", {})
    no_answer.pop("systemMaxNumberOfRings", None)  # read-only
    return {"policy": held.get("policy", "CIRCULAR")} | policies | {"noAnswer": no_answer}


def _weights_without_weighted() -> Rule:
    has_weight = pl.col("hunt_agents").str.contains(r"[^\\]=\s*\d+\s*(\||$)")
    return Rule(
        "hunt_agents",
        has_weight & pl.col("hunt_policy").ne_missing("WEIGHTED"),
        "weights after = go only with hunt_policy=WEIGHTED; empty them or set the policy",
    )


HUNT_GROUP = EntityType(
    name=GROUP.entity_type,
    phase=Phase.SERVICES,
    rank=7,
    title="Creates or updates a number that rings a group of phones by a policy.",
    prefix=GROUP.prefix,
    columns=(
        *head_columns("hunt_", "Recepcion", "2800", "+34910002800"),
        policy_column("hunt_"),
        agents_column(
            "hunt_",
            "Who rings: emails, workspace:<name>, virtual_line:<name>; =<weight> with WEIGHTED; replaces all.",
            "weight",
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
        caller_id_column("hunt_", "agents and callees", "Recepcion"),
        alternates_column("hunt_", "+34910002801"),
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
            example="2950",
        ),
        Column(
            name="hunt_busy_destination",
            help="Where a call goes when all agents are busy.",
            kind=Kind.DIALABLE,
            feeds="callPolicies.busyRedirect.destination",
            example="2950",
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
        forwarding_column("hunt_", "group"),
    ),
    entity_key=path_key("location_key", "hunt_name"),
    rules=(
        one_of("extension", "phone_number"),
        needs("hunt_no_answer_rings", "hunt_no_answer_destination"),
        needs("hunt_no_answer_destination", "hunt_no_answer_rings"),
        no_parks("hunt_agents"),
        _weights_without_weighted(),
        *agents_rules("hunt_"),
    ),
    owner=GROUP.owner,
    claims=GROUP.claims,
    result=GROUP.saves,
    touches=GROUP.touches,
    steps=(
        *location_steps(),
        GROUP.lookup(),
        *member_lookups("agents_lookup", "hunt_agents"),
        *GROUP.numbers_precheck(),
        GROUP.create(_new),
        GROUP.completed_update(_changed),
        GROUP.forwarding(),
    ),
)

ENTITY_TYPES = (HUNT_GROUP,)
