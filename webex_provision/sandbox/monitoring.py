"""Monitored lines of people and workspaces.

Written as `enableCallParkNotification` and a list of ids (or objects with an id), read as
`callParkNotificationEnabled` and entries wrapped by their kind; an empty list is left out of the answer (seen live).
The key of the answer is ignored when it is written. What is not sent is kept; a list that is sent replaces.
"""

from typing import Literal

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid
from webex_provision.sandbox.bodies import Body, parse
from webex_provision.sandbox.park_extensions import TABLE as PARKS
from webex_provision.sandbox.routing import Call, Handler, Routes
from webex_provision.sandbox.tenant import Tenant
from webex_provision.sandbox.virtual_lines import TABLE as VIRTUAL_LINES

routes = Routes()

MOST = 50
SETTING = "monitoring"
KINDS = {"people": "PEOPLE", "workspaces": "PLACE", VIRTUAL_LINES: "VIRTUAL_LINE"}


class Element(Body):
    """One monitored line, as an object."""

    id: str
    type: Literal["MEMBER", "CALL_PARK_EXTENSION"] | None = None


class Monitoring(Body):
    """What PUT accepts."""

    enable_call_park_notification: bool | None = None
    monitored_elements: list[str | Element] | None = None


def _kept(tenant: Tenant, owner_id: str) -> Record:
    kept = tenant.settings.get(owner_id, {}).get(SETTING)
    return kept or {"callParkNotificationEnabled": False, "elements": []}


def _member(tenant: Tenant, table: str, record: Record) -> Record:
    line = tenant.lines.by_owner.get(record["id"])
    location_id = line.location_id if line else record.get("locationId", "")
    location = tenant.table("locations").rows.get(location_id, {})
    number: Record = {"primary": True}
    if line is not None and line.number:
        number["external"] = line.number
    if line is not None and line.extension:
        number["extension"] = line.extension
    return {
        "id": record["id"],
        "firstName": record.get("firstName", record["displayName"]),
        "lastName": record.get("lastName", "."),
        "displayName": record["displayName"],
        "type": KINDS[table],
        "email": (record.get("emails") or [""])[0],
        "numbers": [number],
        "location": location.get("name", ""),
        "locationId": location_id,
    }


def _shown(tenant: Tenant, target_id: str) -> Record | None:
    for table in KINDS:
        record = tenant.table(table).rows.get(target_id)
        if record is not None:
            return {"member": _member(tenant, table, record)}
    park = tenant.table(PARKS).rows.get(target_id)
    if park is None:
        return None
    location = tenant.table("locations").rows[park["locationId"]]
    return {"callparkextension": park | {"location": location["name"]}}


def _reader(table: str) -> Handler:
    def read(call: Call) -> Reply:
        tenant = call.tenant
        owner = tenant.get(table, call.ids["owner_id"], KINDS[table])
        tenant.active_line(owner["id"])
        kept = _kept(tenant, owner["id"])
        shown = [entry for entry in (_shown(tenant, target) for target in kept["elements"]) if entry is not None]
        answer: Record = {"callParkNotificationEnabled": kept["callParkNotificationEnabled"]}
        return Reply(200, answer | ({"monitoredElements": shown} if shown else {}))

    return read


def _writer(table: str) -> Handler:
    def write(call: Call) -> Reply:
        tenant = call.tenant
        owner = tenant.get(table, call.ids["owner_id"], KINDS[table])
        tenant.active_line(owner["id"])
        given = parse(Monitoring, call.body)
        kept = dict(_kept(tenant, owner["id"]))
        if given.get("monitoredElements") is not None:
            ids = [entry if isinstance(entry, str) else entry["id"] for entry in given["monitoredElements"]]
            if len(ids) > MOST:
                raise WebexError(400, f"At most {MOST} monitored elements", 25110)
            if any(_shown(tenant, target) is None for target in ids) or owner["id"] in ids:
                raise invalid("monitoredElements")
            kept["elements"] = ids
        if given.get("enableCallParkNotification") is not None:
            kept["callParkNotificationEnabled"] = given["enableCallParkNotification"]
        tenant.settings.setdefault(owner["id"], {})[SETTING] = kept
        return Reply(204)

    return write


for _table, _path in (
    ("people", "/people/{owner_id}/features/monitoring"),
    ("workspaces", "/workspaces/{owner_id}/features/monitoring"),
):
    routes.add("GET", _path, _reader(_table))
    routes.add("PUT", _path, _writer(_table))
