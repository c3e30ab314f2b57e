"""Groups of users. Lists count from 1 by startIndex and count, and ignore start and max (seen live)."""

import re
from typing import Literal

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid, missing, page_of, whole
from webex_provision.sandbox.bodies import Body, parse
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import Tenant

routes = Routes()

TABLE = "groups"
KIND = "SCIM_GROUP"
MOST_A_PAGE = 500
MOST_MEMBERS = 500
FILTER = re.compile(r'displayName (eq|sw) "([^"\\]*)"')


class NewMember(Body):
    """A member at the creation of a group."""

    id: str


class NewGroup(Body):
    """What POST accepts."""

    display_name: str | None = None
    description: str | None = None
    members: list[NewMember] | None = None


class MemberChange(Body):
    """Somebody who comes or goes; without an operation he comes."""

    id: str
    operation: Literal["add", "delete"] | None = None


class GroupChange(Body):
    """What PATCH accepts."""

    display_name: str | None = None
    description: str | None = None
    members: list[MemberChange] | None = None


def _shown(group: Record) -> Record:
    """A group as answers show it: its description and members stand in none of them."""
    answer = {name: group[name] for name in ("id", "displayName", "orgId", "created", "lastModified")}
    return answer | {"memberSize": len(group["members"])}


def _with_members(tenant: Tenant, group: Record, ids: list[str]) -> Record:
    people = tenant.table("people").rows
    members = [{"id": who, "type": "user", "displayName": people[who]["displayName"]} for who in ids]
    return _shown(group) | {"members": members}


@routes.get("/groups")
def list_groups(call: Call) -> Reply:
    """Of the whole organisation; filter displayName eq or sw, whatever the case; startIndex and count."""
    tenant = call.tenant
    found = list(tenant.listed(TABLE))
    if "filter" in call.query:
        asked = FILTER.fullmatch(call.query["filter"])
        if asked is None:
            raise WebexError(400, "Invalid filter: only displayName with eq or sw")
        part, names = asked[2].casefold(), tenant.table(TABLE).names
        exact = asked[1] == "eq"
        found = [g for g in found if names[g["id"]] == part or (not exact and names[g["id"]].startswith(part))]
    start, count = _window(call)
    chosen, _ = page_of(found, start - 1, count)
    counts = {"totalResults": len(found), "startIndex": start, "itemsPerPage": len(chosen)}
    shown = [_with_members(tenant, g, g["members"][:MOST_MEMBERS]) for g in chosen] if _members_too(call) else None
    return Reply(200, counts | {"groups": [_shown(group) for group in chosen] if shown is None else shown})


def _window(call: Call) -> tuple[int, int]:
    return whole(call.query, "startIndex", 1, 10**9), whole(call.query, "count", 100, MOST_A_PAGE)


def _members_too(call: Call) -> bool:
    return call.flag("includeMembers")


@routes.post("/groups")
def create_group(call: Call) -> Reply:
    """201 with the group; a name that is taken gives 409, whatever its case."""
    tenant = call.tenant
    given = parse(NewGroup, call.body)
    name = given.get("displayName")
    if not name:
        raise missing("displayName")
    _check_name(tenant, name, None)
    members = [member["id"] for member in given.get("members") or ()]
    if len(members) > MOST_MEMBERS:
        raise invalid("members")
    _check_people(tenant, members)
    stamp = tenant.timestamp()
    group: Record = {
        "id": tenant.new_id(KIND, name),
        "displayName": name,
        "description": given.get("description") or "",
        "orgId": tenant.org_id,
        "created": stamp,
        "lastModified": stamp,
        "members": sorted(set(members)),
    }
    tenant.keep(TABLE, group, name=name, key=name)
    return Reply(201, _shown(group))


def _check_name(tenant: Tenant, name: str, present: Record | None) -> None:
    holder = tenant.table(TABLE).find(name)
    if holder is not None and holder is not present:
        raise WebexError(409, f"A group named {name} already exists")


def _check_people(tenant: Tenant, ids: list[str]) -> None:
    for person_id in ids:
        if person_id not in tenant.table("people").rows:
            raise WebexError(400, f"Invalid member: {person_id}")


def _found(call: Call) -> Record:
    return call.tenant.get(TABLE, call.ids["group_id"], KIND)


@routes.get("/groups/{group_id}")
def read_group(call: Call) -> Reply:
    """One group; with includeMembers its first 500 members."""
    group = _found(call)
    if _members_too(call):
        return Reply(200, _with_members(call.tenant, group, group["members"][:MOST_MEMBERS]))
    return Reply(200, _shown(group))


@routes.patch("/groups/{group_id}")
def update_group(call: Call) -> Reply:
    """200; only what is named changes. A member who is there already, or is not there, changes nothing."""
    tenant, group = call.tenant, _found(call)
    given = parse(GroupChange, call.body)
    name = given.get("displayName") or group["displayName"]
    _check_name(tenant, name, group)
    changes = given.get("members") or []
    _check_people(tenant, [change["id"] for change in changes])
    members = set(group["members"])
    for change in changes:
        (members.discard if change.get("operation") == "delete" else members.add)(change["id"])
    tenant.table(TABLE).rename(group["id"], name=name, old_key=group["displayName"], key=name)
    group["displayName"] = name
    if given.get("description") is not None:
        group["description"] = given["description"]
    group["members"] = sorted(members)
    group["lastModified"] = tenant.timestamp()
    return Reply(200, _with_members(tenant, group, group["members"][:MOST_MEMBERS]))


@routes.get("/groups/{group_id}/members")
@routes.get("/groups/{group_id}/Members")
def list_members(call: Call) -> Reply:
    """The members of one group, by startIndex and count; described in both spellings."""
    group = _found(call)
    start, count = _window(call)
    chosen, _ = page_of(group["members"], start - 1, count)
    return Reply(200, _with_members(call.tenant, group, chosen))


@routes.delete("/groups/{group_id}")
def delete_group(call: Call) -> Reply:
    """204; its members stay in the organisation."""
    group = _found(call)
    call.tenant.table(TABLE).remove(group["id"], key=group["displayName"])
    return Reply(204)
