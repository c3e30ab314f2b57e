"""Licences: the catalogue, who holds one, and the one call that gives calling to a person.

PATCH /licenses/users assigns licence, location, extension and number together; a licence that is held already is a
silent success that changes nothing; one without free units is answered 206 and simply not there.
"""

from typing import Literal

from webex_provision.sandbox.answers import Record, Reply, WebexError, not_found
from webex_provision.sandbox.bodies import Body, parse
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import PROFESSIONAL, STANDARD, Tenant

routes = Routes()


class CallingProperties(Body):
    """Where and how the person shall be reached."""

    location_id: str | None = None
    phone_number: str | None = None
    extension: str | None = None


class LicenseOperation(Body):
    """One licence to add (the default) or remove."""

    id: str
    operation: Literal["add", "remove"] = "add"
    properties: CallingProperties | None = None


class LicensesBody(Body):
    """The body of PATCH /licenses/users; one of email and personId says who."""

    email: str | None = None
    person_id: str | None = None
    licenses: list[LicenseOperation] | None = None


def free_units(tenant: Tenant, record: Record) -> int:
    """How many units of a licence are not consumed."""
    return int(record["totalUnits"]) - len(tenant.holders[record["id"]])


def release_calling(tenant: Tenant, owner_id: str) -> None:
    """What losing the calling licence costs: line, numbers and every setting, with no undo."""
    tenant.lines.release(owner_id)
    tenant.settings.pop(owner_id, None)


def _shown(tenant: Tenant, record: Record) -> Record:
    holders = tenant.holders[record["id"]]
    people = tenant.table("people").rows
    by_users = sum(owner_id in people for owner_id in holders)
    return {
        **record,
        "consumedUnits": len(holders),
        "consumedByUsers": by_users,
        "consumedByWorkspaces": len(holders) - by_users,
        "subscriptionId": "Sub-sandbox",
    }


@routes.get("/licenses")
def list_licenses(call: Call) -> Reply:
    """All licences; not paged, `max` and `start` are ignored."""
    rows = call.tenant.table("licenses").rows.values()
    return Reply(200, {"items": [_shown(call.tenant, record) for record in rows]})


@routes.get("/licenses/{license_id}")
def read_license(call: Call) -> Reply:
    """One licence; with includeAssignedTo=user also its holders, by `limit` and `next`."""
    tenant = call.tenant
    record = tenant.get("licenses", call.ids["license_id"], "LICENSE")
    answer = _shown(tenant, record)
    if call.query.get("includeAssignedTo") != "user":
        return Reply(200, answer)
    people = tenant.table("people").rows
    holders = [people[owner_id] for owner_id in tenant.holders[record["id"]] if owner_id in people]
    reply = call.cursor_pages("users", holders, default=300, largest=300, size="limit", cursor="next")
    answer["users"] = [
        {
            "id": person["id"],
            "type": "INTERNAL",
            "displayName": person["displayName"],
            "email": person["emails"][0],
        }
        for person in reply.body["users"]
    ]
    return Reply(200, answer, reply.headers)


@routes.patch("/licenses/users")
def assign_licenses(call: Call) -> Reply:
    """Add and remove licences of one person."""
    tenant = call.tenant
    given = parse(LicensesBody, call.body)
    person = _person(tenant, given)
    operations: list[Record] = given.get("licenses") or []
    for operation in operations:
        if operation["id"] not in tenant.table("licenses").rows:
            raise WebexError(400, f"Invalid license: {operation['id']}", 400000)
    held = person["licenses"]
    removed = [o["id"] for o in operations if o.get("operation", "add") == "remove" and o["id"] in held]
    added = [o for o in operations if o.get("operation", "add") == "add" and o["id"] not in held]
    withheld = _apply(tenant, person, added, removed, withhold=call.withhold)
    answer = {
        "orgId": tenant.org_id,
        "personId": person["id"],
        "email": person["emails"][0],
        "licenses": list(held),
    }
    return Reply(206 if withheld else 200, answer)


def _person(tenant: Tenant, given: Record) -> Record:
    if given.get("personId"):
        return tenant.get("people", given["personId"], "PEOPLE")
    if given.get("email"):
        person = tenant.table("people").find(given["email"])
        if person is None:
            raise WebexError(404, "User not found")
        return person
    raise WebexError(400, "Either email or personId is required")


def _apply(tenant: Tenant, person: Record, added: list[Record], removed: list[str], *, withhold: bool) -> bool:
    """Check everything, then change; whether a licence was withheld."""
    calling = {tenant.license(name)["id"] for name in (PROFESSIONAL, STANDARD)}
    held = set(person["licenses"])
    _check_operations(tenant, held, {operation["id"] for operation in added}, set(removed))
    if any(withhold or free_units(tenant, tenant.table("licenses").rows[o["id"]]) < 1 for o in added):
        return True
    if added and not held & calling:
        _give_line(tenant, person, added[0].get("properties") or {})
    for license_id in removed:
        person["licenses"].remove(license_id)
        tenant.holders[license_id].pop(person["id"], None)
    for operation in added:
        person["licenses"].append(operation["id"])
        tenant.holders[operation["id"]][person["id"]] = None
    if removed and not calling.intersection(person["licenses"]):
        release_calling(tenant, person["id"])
    return False


def _check_operations(tenant: Tenant, held: set[str], new: set[str], removed: set[str]) -> None:
    """400 for a licence that no user can have, a downgrade, or two calling licences at once."""
    professional, standard = (tenant.license(name)["id"] for name in (PROFESSIONAL, STANDARD))
    calling = {professional, standard}
    if new - calling:
        raise WebexError(400, "This license cannot be assigned to a user", 400406)
    if standard in new and professional in held:
        raise WebexError(400, "Downgrade of the calling license is not supported", 400112)
    if len(((held - removed) | new) & calling) > 1:
        raise WebexError(400, "A user can hold one calling license only", 400404)


def _give_line(tenant: Tenant, person: Record, properties: Record) -> None:
    extension, number = properties.get("extension") or "", properties.get("phoneNumber") or ""
    if not extension and not number:
        raise WebexError(400, "Extension and Phone Number cannot be blank.", 400411)
    location_id = properties.get("locationId") or ""
    if not location_id and number:
        known = tenant.lines.inventory.get(number)
        location_id = known.location_id if known else ""
    location = tenant.table("locations").rows.get(location_id)
    if location is None or "calling" not in location:
        raise WebexError(400, "Unable to find location.")
    tenant.lines.assign(person["id"], "PEOPLE", location_id, extension=extension, number=number, now=tenant.now())


def suitable(tenant: Tenant, license_id: str) -> Record:
    """The licence with this id, for a workspace; 400 when there is none or no unit is free."""
    record = tenant.table("licenses").rows.get(license_id)
    if record is None:
        raise not_found(license_id, "LICENSE") if license_id else WebexError(400, "Invalid license", 400000)
    if free_units(tenant, record) < 1:
        raise WebexError(400, f"No license units are available: {record['name']}", 400413)
    return record
