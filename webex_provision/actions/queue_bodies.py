"""What is sent about a call queue: the bodies of create and update, built from a row and what lookups found.

A PUT is a merge, nested objects too, except for agents, which are replaced (seen live). The API description demands
more inside nested objects; where a real tenant does too (25008), they are completed from what the queue holds.
"""

from typing import Any

from webex_provision.actions.action_helpers import without_nulls
from webex_provision.actions.announcement_references import announcement_of
from webex_provision.actions.declaration import Item, RowContext
from webex_provision.actions.members import member_items

SKILL_BASED, PRIORITY_BASED = "SKILL_BASED", "PRIORITY_BASED"

_OVERFLOW: Item = {"action": "PERFORM_BUSY_TREATMENT", "greeting": "DEFAULT"}
_SILENT: Item = {"enabled": False, "greeting": "DEFAULT"}


def agents(ctx: RowContext) -> list[Item] | None:
    """The whole list of agents; what follows = is a skill level or, with the WEIGHTED policy, a weight."""
    if not ctx.row.has("queue_agents"):
        return None
    by_skill = ctx.row.get("queue_routing_type") == SKILL_BASED
    found = []
    for member, item in member_items(ctx, "queue_agents"):
        agent: Item = {"id": item["id"]}
        if member.attribute is not None:
            agent |= {"skillLevel": member.attribute} if by_skill else {"weight": str(member.attribute)}
        found.append(agent)
    return found


def policies(ctx: RowContext) -> Item:
    """How calls are spread, as far as the row says."""
    row = ctx.row
    return without_nulls({"policy": row.get("queue_policy"), "routingType": row.get("queue_routing_type")})


def _played(ctx: RowContext, column: str) -> Item | None:
    announcement = announcement_of(ctx, column)
    if announcement is None:
        return None
    return {"enabled": True, "greeting": "CUSTOM", "audioAnnouncementFiles": [{"id": announcement["id"]}]}


def settings(ctx: RowContext) -> Item:
    """How callers wait, as far as the row says."""
    row = ctx.row
    overflow = {"action": row.get("queue_overflow_action"), "transferNumber": row.get("queue_overflow_number")}
    music = _played(ctx, "queue_moh_announcement")
    return without_nulls(
        {
            "queueSize": row.number("queue_size"),
            "overflow": without_nulls(overflow) or None,
            "welcomeMessage": _played(ctx, "queue_welcome_announcement"),
            "comfortMessage": _played(ctx, "queue_comfort_announcement"),
            "mohMessage": music and {"normalSource": music},
        }
    )


def _whole_settings(wanted: Item, held: Item) -> Item:
    """`wanted` with what the API description demands: from what the queue holds, else as Webex makes new queues."""
    overflow = {name: (held.get("overflow") or {}).get(name, default) for name, default in _OVERFLOW.items()}
    whole = {"queueSize": held.get("queueSize", 0)} | wanted | {"overflow": overflow | wanted.get("overflow", {})}
    if "mohMessage" in wanted:
        other = (held.get("mohMessage") or {}).get("alternateSource") or _SILENT
        kept = {name: other.get(name, default) for name, default in _SILENT.items()}
        whole["mohMessage"] = {"alternateSource": kept} | wanted["mohMessage"]
    return whole


def _queue(ctx: RowContext) -> Item:
    row = ctx.row
    name = row.get("queue_caller_id_name")
    return without_nulls(
        {
            "name": row.text("queue_name"),
            "extension": row.get("extension"),
            "phoneNumber": row.get("phone_number"),
            "languageCode": row.get("language"),
            "timeZone": row.get("time_zone"),
            "agents": agents(ctx),
            "allowAgentJoinEnabled": row.flag("queue_allow_agent_join"),
            "callingLineIdPolicy": row.get("queue_calling_line_id_policy"),
            "directLineCallerIdName": name and {"selection": "CUSTOM_NAME", "customName": name},
        }
    )


def new_queue(ctx: RowContext) -> Item:
    """The body of a create: complete, because nothing is there to complete it from."""
    body: Item = {"agents": []} | _queue(ctx)
    body["callPolicies"] = {"policy": "CIRCULAR", "routingType": PRIORITY_BASED} | policies(ctx)
    wanted = settings(ctx)
    if wanted:
        body["queueSettings"] = _whole_settings(wanted, {})
    return body


def put_only(ctx: RowContext) -> Item:
    """The fields that a create does not take."""
    row = ctx.row
    numbers = row.items("queue_alternate_numbers")
    entries = [{"phoneNumber": number, "ringPattern": "NORMAL"} for number in numbers]
    alternates = {"alternateNumbers": entries} if entries else None
    return without_nulls({"enabled": row.flag("queue_enabled"), "alternateNumberSettings": alternates})


def changed_queue(ctx: RowContext, now: Item | None) -> Item:
    """The body of an update; `now` is the queue as it was read after a slim body had been refused as incomplete."""
    body = _queue(ctx) | put_only(ctx)
    spread, waiting = policies(ctx), settings(ctx)
    held: dict[str, Any] = now or {}
    if now is not None:
        held_policies = held.get("callPolicies") or {}
        kept = {"policy": held_policies.get("policy", "CIRCULAR")}
        kept["routingType"] = held_policies.get("routingType", PRIORITY_BASED)
        spread = kept | spread
        waiting = _whole_settings(waiting, held.get("queueSettings") or {})
    return body | without_nulls({"callPolicies": spread or None, "queueSettings": waiting or None})
