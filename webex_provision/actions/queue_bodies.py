"""What is sent about a call queue: the bodies of create and update, built from a row and what lookups found.

A PUT is a merge, nested objects too, except for agents, which are replaced (seen live). The API description demands
more inside nested objects; where a real tenant does too (25008), they are completed from what the queue holds.
"""

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


def _more(ctx: RowContext) -> Item:
    row = ctx.row
    return without_nulls(
        {
            "agents": agents(ctx),
            "allowAgentJoinEnabled": row.flag("queue_allow_agent_join"),
            "callingLineIdPolicy": row.get("queue_calling_line_id_policy"),
        }
    )


def new_queue(ctx: RowContext, body: Item) -> Item:
    """The body of a create, from what every service says: complete, for nothing is there to complete it from."""
    whole: Item = {"agents": []} | body | _more(ctx)
    whole["callPolicies"] = {"policy": "CIRCULAR", "routingType": PRIORITY_BASED} | policies(ctx)
    wanted = settings(ctx)
    if wanted:
        whole["queueSettings"] = _whole_settings(wanted, {})
    return whole


def put_only(ctx: RowContext, alternates: Item) -> Item:
    """The fields that a create does not take."""
    return without_nulls({"enabled": ctx.row.flag("queue_enabled"), "alternateNumberSettings": alternates or None})


def changed_queue(ctx: RowContext, body: Item, now: Item | None) -> Item:
    """The body of an update; `now` is the queue as it was read after a slim body had been refused as incomplete."""
    spread, waiting = policies(ctx), settings(ctx)
    if now is not None:
        held: Item = now.get("callPolicies") or {}
        kept = {"policy": held.get("policy", "CIRCULAR"), "routingType": held.get("routingType", PRIORITY_BASED)}
        spread = kept | spread
        waiting = _whole_settings(waiting, now.get("queueSettings") or {})
    return body | _more(ctx) | without_nulls({"callPolicies": spread or None, "queueSettings": waiting or None})
