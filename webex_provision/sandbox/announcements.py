"""Announcements: sound files of the organisation or of one location, listed in one sweep."""

from webex_provision.sandbox.answers import Record, Reply
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import Tenant

routes = Routes()

TABLE = "announcements"


def add_announcement(tenant: Tenant, name: str, location: Record | None = None) -> Record:
    """An announcement of a location, or of the whole organisation."""
    place = "" if location is None else location["id"]
    announcement: Record = {
        "id": tenant.new_id("ANNOUNCEMENT", f"{place}/{name}"),
        "name": name,
        "fileName": f"{name}.wav",
        "fileSize": "356",
        "mediaFileType": "WAV",
        "lastUpdated": tenant.timestamp(),
        "level": "LOCATION" if location else "ORGANIZATION",
        "locationId": place,
    }
    tenant.keep(TABLE, announcement, name=name, key=f"{place}/{name}")
    tenant.changes += 1
    return announcement


@routes.get("/telephony/config/announcements")
def list_announcements(call: Call) -> Reply:
    """Without locationId those of the organisation only, with `all` everything; filter name; start and max."""
    tenant, query = call.tenant, call.query
    names, part = tenant.table(TABLE).names, query.get("name", "").casefold()
    scope = query.get("locationId", "")
    found = (
        item
        for item in tenant.listed(TABLE)
        if part in names[item["id"]] and _within(scope, item["locationId"], tenant.org_id)
    )
    reply = call.pages("announcements", found, default=1000, largest=2000)
    reply.body["announcements"] = [_listed(tenant, item) for item in reply.body["announcements"]]
    return reply


def _within(scope: str, location_id: str, org_id: str) -> bool:
    if scope in ("", org_id):
        return not location_id
    return scope == "all" or (bool(location_id) if scope == "locations" else scope == location_id)


def _listed(tenant: Tenant, item: Record) -> Record:
    shown = {name: value for name, value in item.items() if name != "locationId"}
    if item["locationId"]:
        location = tenant.table("locations").rows[item["locationId"]]
        shown["location"] = {"id": location["id"], "name": location["name"]}
    return shown
