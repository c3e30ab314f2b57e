"""Virtual lines: there before a roll-out, listed, and members of groups; a roll-out never makes one."""

from webex_provision.sandbox.answers import Record, Reply
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import Tenant

routes = Routes()

TABLE = "virtual_lines"


def add_virtual_line(tenant: Tenant, location: Record, first: str, last: str, extension: str) -> Record:
    """A virtual line in a calling location."""
    name = f"{first} {last}"
    line: Record = {
        "id": tenant.new_id("VIRTUAL_LINE", f"{location['id']}/{name}"),
        "firstName": first,
        "lastName": last,
        "displayName": name,
        "locationId": location["id"],
    }
    tenant.keep(TABLE, line, name=name)
    tenant.lines.assign(line["id"], "VIRTUAL_LINE", location["id"], extension=extension, number="", now=tenant.now())
    tenant.changes += 1
    return line


@routes.get("/telephony/config/virtualLines")
def list_virtual_lines(call: Call) -> Reply:
    """Of the whole organisation; filters locationId, ownerName (contains); start and max."""
    tenant, query = call.tenant, call.query
    names, part = tenant.table(TABLE).names, query.get("ownerName", "").casefold()
    found = (
        line
        for line in tenant.listed(TABLE)
        if query.get("locationId", line["locationId"]) == line["locationId"] and part in names[line["id"]]
    )
    reply = call.pages("virtualLines", found, default=1000, largest=2000)
    reply.body["virtualLines"] = [_listed(tenant, line) for line in reply.body["virtualLines"]]
    return reply


def _listed(tenant: Tenant, line: Record) -> Record:
    location = tenant.table("locations").rows[line["locationId"]]
    held = tenant.lines.by_owner[line["id"]]
    return {
        "id": line["id"],
        "firstName": line["firstName"],
        "lastName": line["lastName"],
        "location": {"id": location["id"], "name": location["name"]},
        "number": {"extension": held.extension, "primary": True},
        "numberOfDevicesAssigned": 0,
        "externalCallerIdNamePolicy": "DIRECT_LINE",
    }
