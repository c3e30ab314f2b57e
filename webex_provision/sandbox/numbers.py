"""Phone numbers and extensions of the organisation: the list, the inventory of a location, alternate numbers."""

from collections.abc import Iterable, Iterator
from typing import Literal

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid
from webex_provision.sandbox.bodies import Body, parse
from webex_provision.sandbox.lines import E164, Line, Number
from webex_provision.sandbox.locations import calling_location
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import PROFESSIONAL, Tenant

routes = Routes()

MOST_A_PAGE = 2000
MOST_REMOVED = 5
RingPattern = Literal["NORMAL", "LONG_LONG", "SHORT_SHORT_LONG", "SHORT_LONG_SHORT"]


class AddNumbers(Body):
    """The body that adds numbers to a location."""

    phone_numbers: list[str]
    number_type: Literal["DID", "TOLLFREE", "MOBILE"] | None = None
    number_usage_type: Literal["NONE", "SERVICE"] | None = None
    state: Literal["ACTIVE", "INACTIVE"] | None = None


class ChangeNumbers(Body):
    """The body that switches numbers on or off."""

    phone_numbers: list[str]
    action: Literal["ACTIVATE", "DEACTIVATE"] | None = None


class RemoveNumbers(Body):
    """The body that takes numbers out of a location, at most five."""

    phone_numbers: list[str]


class AlternateNumber(Body):
    """One change of an owner's alternate numbers; `external` is the older name of `directNumber`."""

    primary: bool
    action: Literal["ADD", "DELETE"] = "ADD"
    direct_number: str | None = None
    external: str | None = None
    extension: str | None = None
    ring_pattern: RingPattern | None = None


class AlternateNumbers(Body):
    """The body of PUT …/numbers of a person or workspace: a delta."""

    phone_numbers: list[AlternateNumber]
    distinctive_ring_enabled: bool | None = None


def _owner(tenant: Tenant, line: Line) -> Record:
    if line.owner_type == "PEOPLE":
        person = tenant.table("people").rows[line.owner_id]
        first, last = person.get("firstName", ""), person.get("lastName", ".")
    else:
        record = tenant.owner(line.owner_id)
        first, last = record.get("displayName") or record.get("name", ""), "."
    return {"id": line.owner_id, "type": line.owner_type, "firstName": first, "lastName": last}


def _item(tenant: Tenant, line: Line | None, number: Number | None) -> Record:
    """A row of the list: a number with or without an owner, or an extension without a number."""
    location_id = number.location_id if number else line.location_id if line else ""
    location = tenant.table("locations").rows[location_id]
    prefix = location.get("calling", {}).get("routingPrefix", "")
    item: Record = {
        "state": number.state if number else "ACTIVE",
        "mainNumber": number.main if number else False,
        "tollFreeNumber": bool(number and number.number_type == "TOLLFREE"),
        "isServiceNumber": bool(number and number.service),
        "location": {"id": location_id, "name": location["name"]},
    }
    if number is not None:
        item["phoneNumber"] = number.phone_number
        item["includedTelephonyTypes"] = "PSTN_NUMBER" if number.number_type != "MOBILE" else "MOBILE_NUMBER"
    if line is None:
        return item
    primary = number is None or line.number == number.phone_number
    item["phoneNumberType"] = "PRIMARY" if primary else "ALTERNATE"
    item["owner"] = _owner(tenant, line)
    if line.extension and primary:
        item["extension"] = line.extension
        item["esn"] = prefix + line.extension
        if prefix:
            item["routingPrefix"] = prefix
    return item


Pair = tuple[Line | None, Number | None]


def _pairs(call: Call) -> Iterator[Pair]:
    """Number and owner of every row of the list, numbers first; what lags is left out or shown without owner."""
    tenant, lines = call.tenant, call.tenant.lines
    part = call.query.get("phoneNumber", "").replace("-", "").replace(" ", "")
    if part in lines.inventory:  # a whole number: looked up, not searched for
        numbers: Iterable[Number] = [lines.inventory[part]]
    elif part:
        numbers = [number for key, number in lines.inventory.items() if part in key]
    else:
        numbers = lines.inventory.values()
    for number in numbers:
        if tenant.lagging(number.born):
            continue
        line = lines.by_owner.get(number.owner_id) if number.owner_id else None
        yield (None if line is not None and tenant.lagging(line.since) else line), number
    if part:
        return
    for line in lines.by_owner.values():
        if line.extension and not line.number and not tenant.lagging(line.since):
            yield line, None


def _by_extension(call: Call) -> Iterator[Pair]:
    """The rows of one extension; at one stroke when the location is named too."""
    lines, extension = call.tenant.lines, call.query["extension"]
    if "locationId" in call.query:
        owner_id = lines.extensions.get((call.query["locationId"], extension))
        found = [lines.by_owner[owner_id]] if owner_id else []
    else:
        found = [line for line in lines.by_owner.values() if line.extension == extension]
    for line in found:
        if not call.tenant.lagging(line.since):
            yield line, lines.inventory.get(line.number)


def _wanted(call: Call, pair: Pair) -> bool:
    line, number = pair
    query = call.query
    location_id = number.location_id if number else line.location_id if line else ""
    checks = (
        "locationId" not in query or query["locationId"] == location_id,
        "ownerId" not in query or (line is not None and line.owner_id == query["ownerId"]),
        "ownerType" not in query or (line is not None and line.owner_type == query["ownerType"]),
        "state" not in query or (number is not None and number.state == query["state"]),
        "available" not in query or (line is None) == call.flag("available"),
        query.get("numberType") != "NUMBER" or number is not None,
        query.get("numberType") != "EXTENSION" or number is None,
    )
    return all(checks)


@routes.get("/telephony/config/numbers")
def list_numbers(call: Call) -> Reply:
    """Numbers and extensions; start and max are honoured, 2,000 a page; the key is `phoneNumbers`."""
    query = call.query
    if query.get("numberType") == "EXTENSION" and "state" in query:
        raise WebexError(400, "state cannot be used with numberType EXTENSION", 25024)
    if "available" in query and "reservedNumber" in query:
        raise WebexError(400, "available and reservedNumber cannot be used together", 25024)
    pairs = _by_extension(call) if "extension" in query else _pairs(call)
    filtered = set(query) & {"locationId", "ownerId", "ownerType", "state", "available", "numberType"}
    chosen = (pair for pair in pairs if _wanted(call, pair)) if filtered else pairs
    reply = call.pages("phoneNumbers", chosen, default=MOST_A_PAGE, largest=MOST_A_PAGE)
    reply.body["phoneNumbers"] = [_item(call.tenant, line, number) for line, number in reply.body["phoneNumbers"]]
    return reply


def _location_with_pstn(call: Call) -> Record:
    location = calling_location(call.tenant, call.ids["location_id"])
    if "pstn" not in location:
        raise WebexError(404, "Location not found or PSTN for the location is not configured")
    return location


def _refuse_provider(location: Record) -> None:
    if location["pstn"]["pstnConnectionType"] in {"INTEGRATED_CCP", "CISCO_PSTN"}:
        raise WebexError(400, "The PSTN provider manages these numbers", "ERR.V.TRM.TMN60004")


@routes.post("/telephony/config/locations/{location_id}/numbers")
def add_numbers(call: Call) -> Reply:
    """201; a number that exists is 409/25223, a malformed one an array of errors (both seen live)."""
    location = _location_with_pstn(call)
    given = parse(AddNumbers, call.body)
    _refuse_provider(location)
    inventory = call.tenant.lines.inventory
    bad = [number for number in given["phoneNumbers"] if not E164.match(number)]
    if bad:
        errors = [
            {"number": number, "errorType": "ERROR", "errorCode": 25024, "errorMessage": "Invalid number"}
            for number in bad
        ]
        raise WebexError(400, "Invalid numbers", 25024, body=[{"errors": errors}])
    taken = [number for number in given["phoneNumbers"] if number in inventory]
    if taken:
        text = f"Numbers already exist: {taken[0]}"
        inner = {"errorCode": 25223, "message": text, "errors": [{"description": text, "errorCode": 8363}]}
        raise WebexError(409, text, 25223, body=inner)
    call.tenant.lines.stock(
        location["id"], given["phoneNumbers"], state=given.get("state") or "ACTIVE", born=call.tenant.now()
    )
    for number in given["phoneNumbers"]:
        inventory[number].number_type = given.get("numberType") or "DID"
        inventory[number].service = given.get("numberUsageType") == "SERVICE"
    return Reply(201)


def _held(call: Call, location: Record, numbers: list[str]) -> list[Number]:
    inventory = call.tenant.lines.inventory
    held = [inventory[number] for number in numbers if number in inventory]
    absent = [number for number in numbers if number not in {n.phone_number for n in held}]
    absent += [number.phone_number for number in held if number.location_id != location["id"]]
    if absent:
        if call.method == "DELETE":
            # A business error in the clothes of a 5xx: only this header says so (seen live).
            raise WebexError(502, "Bad gateway", headers={"cisco-spark-error-codes": "4251"})
        raise WebexError(400, f"DN not found: {absent[0]}", 5209)
    return held


@routes.put("/telephony/config/locations/{location_id}/numbers")
def change_numbers(call: Call) -> Reply:
    """204; switches numbers on or off; one that is assigned cannot be switched off."""
    location = _location_with_pstn(call)
    given = parse(ChangeNumbers, call.body)
    _refuse_provider(location)
    held = _held(call, location, given["phoneNumbers"])
    state = "INACTIVE" if given.get("action") == "DEACTIVATE" else "ACTIVE"
    for number in held:
        if state == "INACTIVE" and (number.owner_id or number.main):
            raise WebexError(400, f"The number is assigned: {number.phone_number}", 25042)
    for number in held:
        number.state = state
    return Reply(204)


@routes.delete("/telephony/config/locations/{location_id}/numbers")
def remove_numbers(call: Call) -> Reply:
    """204; at most five, unassigned, not the main number."""
    location = _location_with_pstn(call)
    given = parse(RemoveNumbers, call.body)
    if len(given["phoneNumbers"]) > MOST_REMOVED:
        raise WebexError(400, f"At most {MOST_REMOVED} phone numbers", 25110)
    _refuse_provider(location)
    held = _held(call, location, given["phoneNumbers"])
    for number in held:
        if number.owner_id or number.main:
            raise WebexError(400, f"The number is in use: {number.phone_number}", 25042)
    for number in held:
        del call.tenant.lines.inventory[number.phone_number]
    return Reply(204)


def _numbers_of(line: Line, key: str = "directNumber") -> Record:
    first: Record = {"primary": True, "ringPattern": "NORMAL"}
    if line.number:
        first[key] = line.number
    if line.extension:
        first["extension"] = line.extension
    others = [{"primary": False, key: number, "ringPattern": pattern} for number, pattern in line.alternates.items()]
    return {"distinctiveRingEnabled": line.distinctive_ring, "phoneNumbers": [first, *others]}


@routes.get("/people/{person_id}/features/numbers")
def read_person_numbers(call: Call) -> Reply:
    """Main and alternate numbers of a person."""
    person = call.tenant.get("people", call.ids["person_id"], "PEOPLE")
    return Reply(200, _numbers_of(call.tenant.active_line(person["id"])))


@routes.get("/workspaces/{workspace_id}/features/numbers")
def read_workspace_numbers(call: Call) -> Reply:
    """Main and alternate numbers of a workspace, under the name that a third-party client reads."""
    tenant = call.tenant
    workspace = tenant.get("workspaces", call.ids["workspace_id"], "PLACE")
    line = tenant.active_line(workspace["id"])
    location = tenant.table("locations").rows[line.location_id]
    return Reply(
        200,
        {
            **_numbers_of(line, "external"),
            "workspace": {"id": workspace["id"]},
            "location": {"id": location["id"], "name": location["name"]},
            "organization": {"id": tenant.org_id, "name": "Sandbox"},
        },
    )


@routes.put("/telephony/config/people/{person_id}/numbers")
def change_person_numbers(call: Call) -> Reply:
    """204; a delta of alternates: adding one that is owned already is refused."""
    person = call.tenant.get("people", call.ids["person_id"], "PEOPLE")
    return _change_alternates(call, call.tenant.active_line(person["id"]))


@routes.put("/telephony/config/workspaces/{workspace_id}/numbers")
def change_workspace_numbers(call: Call) -> Reply:
    """204; as for a person, but only with a Professional licence (405/25409)."""
    tenant = call.tenant
    workspace = tenant.get("workspaces", call.ids["workspace_id"], "PLACE")
    line = tenant.active_line(workspace["id"])
    if tenant.license(PROFESSIONAL)["id"] not in workspace["licenses"]:
        raise WebexError(405, "Invalid Professional Place", 25409)
    return _change_alternates(call, line)


def _change_alternates(call: Call, line: Line) -> Reply:
    given = parse(AlternateNumbers, call.body)
    added: dict[str, str] = {}
    removed: list[str] = []
    for entry in given["phoneNumbers"]:
        number = entry.get("directNumber") or entry.get("external") or ""
        if entry["primary"]:
            raise WebexError(400, "Invalid Operation: the primary number cannot be changed here", 25042)
        if not number or number in added or number in removed:
            raise invalid("phoneNumbers.directNumber")
        if entry.get("action", "ADD") == "ADD":
            added[number] = entry.get("ringPattern") or "NORMAL"
        else:
            removed.append(number)
    call.tenant.lines.change_alternates(line, added, removed)
    if given.get("distinctiveRingEnabled") is not None:
        line.distinctive_ring = given["distinctiveRingEnabled"]
    return Reply(204)
