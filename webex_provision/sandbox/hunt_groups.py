"""Hunt groups: one org-wide list, everything else under their location. Agents are replaced as a whole."""

from typing import Literal

import phonenumbers

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid, missing
from webex_provision.sandbox.bodies import Body, check_time_zone, merge, parse, refuse_read_only
from webex_provision.sandbox.locations import ANNOUNCEMENT_LANGUAGES, calling_location
from webex_provision.sandbox.numbers import RingPattern
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import Tenant

routes = Routes()

TABLE = "hunt_groups"
MOST_AGENTS = {"SIMULTANEOUS": 50, "WEIGHTED": 100}
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


class Alternate(Body):
    """A further number of the group."""

    phone_number: str
    ring_pattern: RingPattern = "NORMAL"


class CallerName(Body):
    """The name shown to those whom the group calls."""

    selection: Literal["CUSTOM_NAME", "DISPLAY_NAME", "FIRSTNAME_LASTNAME", "LASTNAME_FIRSTNAME"] | None = None
    custom_name: str | None = None


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


class Forward(Body):
    """One way of forwarding."""

    enabled: bool | None = None
    destination: str | None = None
    ring_reminder_enabled: bool | None = None
    destination_voicemail_enabled: bool | None = None


class ForwardRule(Body):
    """A rule of selective forwarding, switched on or off."""

    id: str
    enabled: bool | None = None


class Forwarding(Body):
    """The object inside the wrapper."""

    always: Forward | None = None
    selective: Forward | None = None
    rules: list[ForwardRule] | None = None


class ForwardingBody(Body):
    """The body of PUT …/callForwarding; without the wrapper it says nothing."""

    call_forwarding: Forwarding | None = None


def dashed(number: str) -> str:
    """A number as details show it: a dash after the country code, +1-9195559876 (seen live)."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    country = str(parsed.country_code)
    return f"+{country}-{number[len(country) + 1 :]}"


def _key(location_id: str, name: str) -> str:
    return f"{location_id}/{name}"


def _found(call: Call) -> Record:
    location = calling_location(call.tenant, call.ids["location_id"])
    group = call.tenant.get(TABLE, call.ids["group_id"], "HUNT_GROUP")
    if group["locationId"] != location["id"]:
        raise WebexError(404, "Hunt group not found in this location")
    return group


@routes.get("/telephony/config/huntGroups")
def list_hunt_groups(call: Call) -> Reply:
    """Of the whole organisation; filters locationId, name (contains), phoneNumber; start and max."""
    tenant, query = call.tenant, call.query
    names, part = tenant.table(TABLE).names, query.get("name", "").casefold()
    found = (
        group
        for group in tenant.listed(TABLE)
        if query.get("locationId", group["locationId"]) == group["locationId"]
        and (not part or part in names[group["id"]])
        and query.get("phoneNumber", "") in tenant.lines.by_owner[group["id"]].number
    )
    reply = call.pages("huntGroups", found, default=1000, largest=2000)
    reply.body["huntGroups"] = [_listed(tenant, group) for group in reply.body["huntGroups"]]
    return reply


def _listed(tenant: Tenant, group: Record) -> Record:
    location = tenant.table("locations").rows[group["locationId"]]
    item = {
        "id": group["id"],
        "name": group["name"],
        "locationId": location["id"],
        "locationName": location["name"],
        "enabled": group["enabled"],
    }
    return item | _numbers(tenant, group["id"])


def _numbers(tenant: Tenant, group_id: str) -> Record:
    line = tenant.lines.by_owner[group_id]
    prefix = tenant.table("locations").rows[line.location_id]["calling"]["routingPrefix"]
    shown: Record = {}
    if line.number:
        shown["phoneNumber"] = dashed(line.number)
    if line.extension:
        shown |= {"extension": line.extension, "esn": prefix + line.extension}
    return shown


@routes.post("/telephony/config/locations/{location_id}/huntGroups")
def create_hunt_group(call: Call) -> Reply:
    """200 with the id; name, callPolicies and one of extension and number are needed; names are unique."""
    tenant = call.tenant
    location = calling_location(tenant, call.ids["location_id"])
    given = parse(HuntGroupBody, call.body)
    if not given.get("name"):
        raise missing("name")
    if not (given.get("callPolicies") or {}).get("policy"):
        raise missing("callPolicies")
    if not given.get("extension") and not given.get("phoneNumber"):
        raise missing("extension or phoneNumber")
    _check_name(tenant, location["id"], given["name"], None)
    policies = merge({"noAnswer": dict(NO_ANSWER), "waitingEnabled": False}, _filled(given.pop("callPolicies")))
    _check(tenant, given, policies["policy"])
    group_id = tenant.new_id("HUNT_GROUP", _key(location["id"], given["name"]))
    tenant.lines.assign(
        group_id,
        "HUNT_GROUP",
        location["id"],
        extension=given.pop("extension", None) or "",
        number=given.pop("phoneNumber", None) or "",
        now=tenant.now(),
    )
    for name in ("alternateNumbers", "distinctiveRing"):
        given.pop(name, None)
    group = {"id": group_id, "locationId": location["id"], "enabled": True, "agents": [], **_filled(given)}
    group["callPolicies"] = policies
    tenant.keep(TABLE, group, name=group["name"], key=_key(location["id"], group["name"]))
    return Reply(200, {"id": group_id})


def _filled(given: Record) -> Record:
    return {name: value for name, value in given.items() if value is not None}


def _check_name(tenant: Tenant, location_id: str, name: str, present: Record | None) -> None:
    holder = tenant.table(TABLE).find(_key(location_id, name))
    if holder is not None and holder is not present:
        raise WebexError(409, f"A hunt group named {name} already exists in this location", 25030)


def _check(tenant: Tenant, given: Record, policy: str) -> None:
    check_time_zone(given.get("timeZone"))
    if given.get("languageCode") is not None and given["languageCode"] not in ANNOUNCEMENT_LANGUAGES:
        raise WebexError(400, f"Invalid language code: {given['languageCode']}", 25046)
    agents = [agent["id"] for agent in given.get("agents") or ()]
    if len(agents) > MOST_AGENTS.get(policy, 1000) or len(set(agents)) != len(agents):
        raise invalid("agents")
    for agent_id in agents:
        if not any(agent_id in tenant.table(kind).rows for kind in ("people", "workspaces", "virtual_lines")):
            raise invalid(f"agents: {agent_id}")
        tenant.active_line(agent_id)


@routes.get("/telephony/config/locations/{location_id}/huntGroups/{group_id}")
def read_hunt_group(call: Call) -> Reply:
    """One group with its agents."""
    tenant, group = call.tenant, _found(call)
    line = tenant.lines.by_owner[group["id"]]
    answer = {name: value for name, value in group.items() if name not in {"locationId", "forwarding"}}
    answer["agents"] = [_agent(tenant, agent) for agent in group["agents"]]
    answer["distinctiveRing"] = line.distinctive_ring
    answer["alternateNumbers"] = [
        {"phoneNumber": dashed(number), "ringPattern": pattern} for number, pattern in line.alternates.items()
    ]
    answer.update(_numbers(tenant, group["id"]))
    answer.pop("esn", None)
    return Reply(200, answer)


def _agent(tenant: Tenant, agent: Record) -> Record:
    owner = tenant.owner(agent["id"])
    line = tenant.line(agent["id"])
    shown = {
        "id": agent["id"],
        "firstName": owner.get("firstName", owner["displayName"]),
        "lastName": owner.get("lastName", "."),
        "type": "PEOPLE",
    }
    if line is not None and line.extension:
        shown["extension"] = line.extension
    if agent.get("weight") is not None:
        shown["weight"] = agent["weight"]
    return shown


@routes.put("/telephony/config/locations/{location_id}/huntGroups/{group_id}")
def update_hunt_group(call: Call) -> Reply:
    """204; merged, but agents and alternates are replaced."""
    tenant, group = call.tenant, _found(call)
    refuse_read_only((call.body or {}).get("callPolicies") if isinstance(call.body, dict) else None)
    given = parse(HuntGroupBody, call.body)
    name = given.get("name") or group["name"]
    _check_name(tenant, group["locationId"], name, group)
    policies = merge(group["callPolicies"], _filled(given.pop("callPolicies", None) or {}))
    _check(tenant, given, policies["policy"])
    _change_numbers(tenant, group["id"], given)
    tenant.table(TABLE).rename(
        group["id"],
        name=name,
        old_key=_key(group["locationId"], group["name"]),
        key=_key(group["locationId"], name),
    )
    group.update(_filled(given))
    group["callPolicies"] = policies
    return Reply(204)


def _change_numbers(tenant: Tenant, group_id: str, given: Record) -> None:
    """Take extension, number and alternates out of `given` and give them to the group."""
    line = tenant.lines.by_owner[group_id]
    extension, number = given.pop("extension", None), given.pop("phoneNumber", None)
    extension = line.extension if extension is None else extension
    number = line.number if number is None else number
    if not extension and not number:
        raise missing("extension or phoneNumber")
    if extension:
        tenant.lines.check_extension(line.location_id, extension, group_id)
    if number:
        tenant.lines.check_number(line.location_id, number, group_id)
    alternates = given.pop("alternateNumbers", None)
    distinctive = given.pop("distinctiveRing", None)
    if alternates is not None:
        wanted = {item["phoneNumber"]: item.get("ringPattern") or "NORMAL" for item in alternates}
        tenant.lines.replace_alternates(line, wanted)
    tenant.lines.assign(group_id, "HUNT_GROUP", line.location_id, extension=extension, number=number, now=tenant.now())
    if distinctive is not None:
        line.distinctive_ring = distinctive


@routes.delete("/telephony/config/locations/{location_id}/huntGroups/{group_id}")
def delete_hunt_group(call: Call) -> Reply:
    """204; its extension and numbers become free."""
    tenant, group = call.tenant, _found(call)
    tenant.lines.release(group["id"])
    tenant.table(TABLE).remove(group["id"], key=_key(group["locationId"], group["name"]))
    return Reply(204)


def _forwarding(group: Record) -> Record:
    off = {"enabled": False, "ringReminderEnabled": False, "destinationVoicemailEnabled": False}
    kept: Record = group.get("forwarding", {})
    return merge({"always": dict(off), "selective": dict(off), "rules": []}, kept)


@routes.get("/telephony/config/locations/{location_id}/huntGroups/{group_id}/callForwarding")
def read_forwarding(call: Call) -> Reply:
    """Where the group's calls are forwarded."""
    return Reply(200, {"callForwarding": _forwarding(_found(call))})


@routes.put("/telephony/config/locations/{location_id}/huntGroups/{group_id}/callForwarding")
def update_forwarding(call: Call) -> Reply:
    """204; without the wrapper 200, and nothing changes (seen live)."""
    group = _found(call)
    given = parse(ForwardingBody, call.body).get("callForwarding")
    if given is None:
        return Reply(200)
    for name in ("always", "selective"):
        wish = given.get(name) or {}
        if wish.get("enabled") and not wish.get("destination"):
            raise missing(f"callForwarding.{name}.destination")
    group["forwarding"] = merge(_forwarding(group), _filled(given))
    return Reply(204)
