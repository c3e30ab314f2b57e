"""Hunt groups: one org-wide list, everything else under their location. Agents are replaced as a whole."""

from typing import Literal

from webex_provision.sandbox.answers import Record, Reply
from webex_provision.sandbox.bodies import Body, filled, merge, parse, refuse_read_only
from webex_provision.sandbox.locations import calling_location
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.services import (
    HIDDEN,
    Alternate,
    CallerName,
    Service,
    agent_of,
    alternates_of,
    check_agents,
    check_language,
    check_needed,
    numbers_of,
)
from webex_provision.sandbox.tenant import Tenant

routes = Routes()

GROUP = Service(table="hunt_groups", kind="HUNT_GROUP", title="hunt group", folder="huntGroups")
GROUP.serve(routes)

NO_ANSWER = {
    "nextAgentEnabled": True,
    "nextAgentRings": 5,
    "forwardEnabled": False,
    "numberOfRings": 15,
    "destinationVoicemailEnabled": False,
}


class NoAnswer(Body):
    """What happens when nobody answers."""

    next_agent_enabled: bool | None = None
    next_agent_rings: int | None = None
    forward_enabled: bool | None = None
    number_of_rings: int | None = None
    destination: str | None = None
    destination_voicemail_enabled: bool | None = None


class Redirect(Body):
    """Where calls go in one case."""

    enabled: bool | None = None
    destination: str | None = None
    destination_voicemail_enabled: bool | None = None


class CallPolicies(Body):
    """How calls are spread over the agents."""

    policy: Literal["CIRCULAR", "REGULAR", "SIMULTANEOUS", "UNIFORM", "WEIGHTED"] | None = None
    waiting_enabled: bool | None = None
    group_busy_enabled: bool | None = None
    allow_members_to_control_group_busy_enabled: bool | None = None
    no_answer: NoAnswer | None = None
    busy_redirect: Redirect | None = None
    business_continuity_redirect: Redirect | None = None


class Agent(Body):
    """A member; the weight counts with the WEIGHTED policy."""

    id: str
    weight: str | None = None


class HuntGroupBody(Body):
    """What POST and PUT accept; alternates count in PUT only."""

    name: str | None = None
    extension: str | None = None
    phone_number: str | None = None
    enabled: bool | None = None
    language_code: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    time_zone: str | None = None
    call_policies: CallPolicies | None = None
    agents: list[Agent] | None = None
    distinctive_ring: bool | None = None
    alternate_numbers: list[Alternate] | None = None
    hunt_group_caller_id_for_outgoing_calls_enabled: bool | None = None
    direct_line_caller_id_name: CallerName | None = None
    dial_by_name: str | None = None


@routes.get(GROUP.everywhere)
def list_hunt_groups(call: Call) -> Reply:
    """Of the whole organisation."""
    return GROUP.page(call, _listed)


def _listed(tenant: Tenant, group: Record) -> Record:
    line = tenant.lines.by_owner[group["id"]]
    prefix = tenant.table("locations").rows[line.location_id]["calling"]["routingPrefix"]
    return {"enabled": group["enabled"]} | ({"esn": prefix + line.extension} if line.extension else {})


@routes.post(GROUP.all)
def create_hunt_group(call: Call) -> Reply:
    """200 with the id; name, callPolicies and one of extension and number are needed; names are unique."""
    tenant = call.tenant
    location = calling_location(tenant, call.ids["location_id"])
    given = filled(parse(HuntGroupBody, call.body))
    wanted = filled(given.pop("callPolicies", {}))
    check_needed(given | {"callPolicies": wanted.get("policy")}, "name", "callPolicies")
    GROUP.check_name(tenant, location["id"], given["name"])
    _check(tenant, given, wanted["policy"])
    for name in ("alternateNumbers", "distinctiveRing"):
        given.pop(name, None)
    policies = merge({"noAnswer": dict(NO_ANSWER), "waitingEnabled": False}, wanted)
    return Reply(200, {"id": GROUP.add(tenant, location["id"], given, {"agents": [], "callPolicies": policies})})


def _check(tenant: Tenant, given: Record, policy: str) -> None:
    check_language(given)
    check_agents(tenant, given, policy)


def _type_of(tenant: Tenant, agent: Record) -> Record:
    line = tenant.line(agent["id"])
    return {"type": line.owner_type if line is not None else "PEOPLE"}


@routes.get(GROUP.one)
def read_hunt_group(call: Call) -> Reply:
    """One group with its agents."""
    tenant, group = call.tenant, GROUP.found(call)
    answer = {name: value for name, value in group.items() if name not in HIDDEN}
    answer["agents"] = [agent_of(tenant, agent) | _type_of(tenant, agent) for agent in group["agents"]]
    answer["distinctiveRing"] = tenant.lines.by_owner[group["id"]].distinctive_ring
    answer["alternateNumbers"] = alternates_of(tenant, group["id"])
    return Reply(200, answer | numbers_of(tenant, group["id"]))


@routes.put(GROUP.one)
def update_hunt_group(call: Call) -> Reply:
    """204; merged, but agents and alternates are replaced."""
    tenant, group = call.tenant, GROUP.found(call)
    refuse_read_only((call.body or {}).get("callPolicies") if isinstance(call.body, dict) else None)
    given = filled(parse(HuntGroupBody, call.body))
    name = given.get("name") or group["name"]
    GROUP.check_name(tenant, group["locationId"], name, group)
    policies = merge(group["callPolicies"], filled(given.pop("callPolicies", {})))
    _check(tenant, given, policies["policy"])
    line, ring = tenant.lines.by_owner[group["id"]], given.pop("distinctiveRing", None)
    GROUP.change_numbers(tenant, group["id"], given, given.pop("alternateNumbers", None))
    line.distinctive_ring = line.distinctive_ring if ring is None else ring
    GROUP.rename(tenant, group, name)
    group.update(given | {"callPolicies": policies})
    return Reply(204)
