"""Call park extensions: there before a roll-out, listed, and monitored; a roll-out never makes one."""

from webex_provision.sandbox.answers import Record, Reply
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import Tenant

routes = Routes()

TABLE = "call_park_extensions"


def add_park_extension(tenant: Tenant, location: Record, name: str, extension: str) -> Record:
    """A place where calls are parked, in a calling location."""
    park: Record = {
        "id": tenant.new_id("CALL_PARK_EXTENSION", f"{location['id']}/{extension}"),
        "name": name,
        "extension": extension,
        "locationId": location["id"],
    }
    tenant.keep(TABLE, park, name=name)
    tenant.changes += 1
    return park


@routes.get("/telephony/config/callParkExtensions")
def list_park_extensions(call: Call) -> Reply:
    """Of the whole organisation; filters locationId, extension (prefix), name (contains); start and max."""
    query = call.query
    found = (
        park
        for park in call.tenant.listed(TABLE)
        if query.get("locationId", park["locationId"]) == park["locationId"]
        and park["extension"].startswith(query.get("extension", ""))
        and query.get("name", "").casefold() in park["name"].casefold()
    )
    reply = call.pages("callParkExtensions", found, default=1000, largest=2000)
    locations = call.tenant.table("locations").rows
    reply.body["callParkExtensions"] = [
        park | {"locationName": locations[park["locationId"]]["name"]} for park in reply.body["callParkExtensions"]
    ]
    return reply
