"""Call pickup groups, under their location only. Their id holds the name; nobody is in two of them."""

from typing import Literal

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid, missing
from webex_provision.sandbox.bodies import Body, filled, parse
from webex_provision.sandbox.locations import calling_location
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import Tenant

routes = Routes()

TABLE = "call_pickups"
KIND = "CALL_PICKUP"
MEMBERSHIP = "callPickup"
LONGEST_NAME = 80
MEMBER_TABLES = {"people": "PEOPLE", "workspaces": "PLACE", "virtual_lines": "VIRTUAL_LINE"}
LIST = "/telephony/config/locations/{location_id}/callPickups"
ONE = LIST + "/{pickup_id}"


class PickupBody(Body):
    """What POST and PUT accept; agents are plain ids, objects are refused with 25024 (seen live)."""

    name: str | None = None
    notification_type: Literal["NONE", "AUDIO_ONLY", "VISUAL_ONLY", "AUDIO_AND_VISUAL"] | None = None
    notification_delay_timer_seconds: int | None = None
    agents: list[str] | None = None


def _key(location_id: str, name: str) -> str:
    return f"{location_id}/{name}"


def _found(call: Call) -> Record:
    location = calling_location(call.tenant, call.ids["location_id"])
    group = call.tenant.get(TABLE, call.ids["pickup_id"], KIND)
    if group["locationId"] != location["id"]:
        raise WebexError(404, "Call pickup group not found in this location")
    return group


@routes.get(LIST)
def list_pickups(call: Call) -> Reply:
    """Of one location; filter name (contains); start and max."""
    tenant = call.tenant
    location = calling_location(tenant, call.ids["location_id"])
    names, part = tenant.table(TABLE).names, call.query.get("name", "").casefold()
    found = (
        {"id": group["id"], "name": group["name"], "locationId": location["id"], "locationName": location["name"]}
        for group in tenant.listed(TABLE)
        if group["locationId"] == location["id"] and part in names[group["id"]]
    )
    return call.pages("callPickups", found, default=2000, largest=2000)


@routes.post(LIST)
def create_pickup(call: Call) -> Reply:
    """201 with the id; only the name is needed."""
    tenant = call.tenant
    location = calling_location(tenant, call.ids["location_id"])
    given = parse(PickupBody, call.body)
    if not given.get("name"):
        raise missing("name")
    _check(tenant, location["id"], given, None)
    group: Record = {
        "id": tenant.new_id(KIND, _key(location["id"], given["name"])),
        "name": given["name"],
        "locationId": location["id"],
        "notificationType": given.get("notificationType") or "NONE",
        "notificationDelayTimerSeconds": given.get("notificationDelayTimerSeconds") or 6,
        "agents": [],
    }
    tenant.keep(TABLE, group, name=group["name"], key=_key(location["id"], group["name"]))
    _set_agents(tenant, group, given.get("agents") or [])
    return Reply(201, {"id": group["id"]})


def _check(tenant: Tenant, location_id: str, given: Record, present: Record | None) -> None:
    name = given.get("name")
    if name is not None:
        holder = tenant.table(TABLE).find(_key(location_id, name))
        if not name or len(name) > LONGEST_NAME:
            raise invalid("name")
        if holder is not None and holder is not present:
            raise WebexError(409, f"A call pickup group named {name} already exists in this location")
    if (given.get("notificationDelayTimerSeconds") or 1) < 1:
        raise invalid("notificationDelayTimerSeconds")
    agents = given.get("agents") or []
    if len(set(agents)) != len(agents):
        raise invalid("agents")
    for agent_id in agents:
        if not any(agent_id in tenant.table(kind).rows for kind in MEMBER_TABLES):
            raise invalid(f"agents: {agent_id}")
        tenant.active_line(agent_id)
        group_id = tenant.settings.get(agent_id, {}).get(MEMBERSHIP, {}).get("id")
        if group_id is not None and (present is None or group_id != present["id"]):
            other = tenant.table(TABLE).rows[group_id]["name"]
            raise WebexError(400, f"{agent_id} is already assigned to the call pickup group {other}", 4471)


def _set_agents(tenant: Tenant, group: Record, agents: list[str]) -> None:
    for agent_id in group["agents"]:
        tenant.settings[agent_id].pop(MEMBERSHIP)
    for agent_id in agents:
        tenant.settings.setdefault(agent_id, {})[MEMBERSHIP] = {"id": group["id"]}
    group["agents"] = agents


@routes.get(ONE)
def read_pickup(call: Call) -> Reply:
    """One group with its members."""
    group = _found(call)
    answer = {name: value for name, value in group.items() if name != "locationId"}
    return Reply(200, answer | {"agents": [_agent(call.tenant, agent_id) for agent_id in group["agents"]]})


def _agent(tenant: Tenant, agent_id: str) -> Record:
    owner, line = tenant.owner(agent_id), tenant.lines.by_owner[agent_id]
    shown = {
        "id": agent_id,
        "firstName": owner.get("firstName", owner["displayName"]),
        "lastName": owner.get("lastName", "."),
        "displayName": owner["displayName"],
        "type": next(kind for table, kind in MEMBER_TABLES.items() if agent_id in tenant.table(table).rows),
        "phoneNumber": [{"external": line.number, "extension": line.extension, "primary": True}],
    }
    return shown | ({"email": owner["emails"][0]} if owner.get("emails") else {})


@routes.put(ONE)
def update_pickup(call: Call) -> Reply:
    """200 with the id, a new one after a change of name; merged, but without agents nobody is left (seen live)."""
    tenant, group = call.tenant, _found(call)
    given = parse(PickupBody, call.body)
    _check(tenant, group["locationId"], given, group)
    agents = given.pop("agents", None) or []
    _set_agents(tenant, group, [])
    if given.get("name", group["name"]) != group["name"]:
        group = _renamed(tenant, group, given["name"])
    group.update(filled(given))
    _set_agents(tenant, group, agents)
    return Reply(200, {"id": group["id"]})


def _renamed(tenant: Tenant, group: Record, name: str) -> Record:
    """The group under the id that belongs to its new name."""
    key = _key(group["locationId"], name)
    tenant.table(TABLE).remove(group["id"], key=_key(group["locationId"], group["name"]))
    group = group | {"id": tenant.new_id(KIND, key), "name": name}
    tenant.keep(TABLE, group, name=name, key=key)
    return group


@routes.delete(ONE)
def delete_pickup(call: Call) -> Reply:
    """204; its members belong to none."""
    tenant, group = call.tenant, _found(call)
    _set_agents(tenant, group, [])
    tenant.table(TABLE).remove(group["id"], key=_key(group["locationId"], group["name"]))
    return Reply(204)
