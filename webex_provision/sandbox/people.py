"""People: found, read, changed with care. Lists page by cursor; calling fields show only with callingData."""

from collections.abc import Iterable
from typing import Any

from webex_provision.sandbox.answers import Record, Reply, WebexError, make_id, whole
from webex_provision.sandbox.bodies import Body, parse
from webex_provision.sandbox.licenses import release_calling
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import PROFESSIONAL, STANDARD, Tenant

routes = Routes()

MOST_A_PAGE = 1000
MOST_A_PAGE_WITH_CALLING = 100
MOST_A_PAGE_OF_A_LOCATION = 50
MOST_IDS = 85


class PhoneNumber(Body):
    """A number of the person; `work` is the only type that PUT can set."""

    type: str
    value: str


class PersonBody(Body):
    """What POST and PUT /people accept."""

    emails: list[str] | None = None
    phone_numbers: list[PhoneNumber] | None = None
    extension: str | None = None
    location_id: str | None = None
    display_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    nick_name: str | None = None
    avatar: str | None = None
    roles: list[str] | None = None
    licenses: list[str] | None = None
    department: str | None = None
    manager: str | None = None
    manager_id: str | None = None
    title: str | None = None
    addresses: list[dict[str, Any]] | None = None
    login_enabled: bool | None = None


CALLING_FIELDS = frozenset({"phoneNumbers", "extension", "locationId"})


def shown(tenant: Tenant, person: Record, *, calling: bool) -> Record:
    """A person as answers show it: extension, location and numbers only with the calling flag."""
    answer = dict(person)
    line = tenant.line(person["id"]) if calling else None
    if line is None:
        return answer
    answer["locationId"] = line.location_id
    numbers: list[Record] = []
    if line.number:
        numbers.append({"type": "work", "value": line.number, "primary": True})
    if line.extension:
        location = tenant.table("locations").rows[line.location_id]
        answer["extension"] = line.extension
        prefixed = location.get("routingPrefix", "") + line.extension
        numbers.append({"type": "work_extension", "value": prefixed, "primary": not line.number})
    answer["phoneNumbers"] = numbers
    return answer


@routes.get("/people/me")
def read_me(call: Call) -> Reply:
    """The administrator behind the token; each token is another one, none is in the directory list."""
    return Reply(
        200,
        {
            "id": make_id("PEOPLE", call.token),
            "emails": [f"admin-{call.token}@sandbox.example"],
            "displayName": f"Administrator {call.token}",
            "orgId": call.tenant.org_id,
            "roles": [make_id("ROLE", "id_full_admin")],
            "licenses": [],
            "status": "active",
            "invitePending": False,
            "loginEnabled": True,
            "type": "person",
        },
    )


@routes.get("/people")
def list_people(call: Call) -> Reply:
    """A cursor-paged list, with filters email (exact, folded), displayName (prefix), id (up to 85), locationId."""
    tenant, query = call.tenant, call.query
    calling = call.flag("callingData")
    default = asked = whole(query, "max", 100, MOST_A_PAGE)
    if calling:
        if asked > 10 and tenant.quirks.calling_data_times_out:
            raise WebexError(504, "Gateway timeout: reduce max when callingData is true")
        default = asked = min(asked, MOST_A_PAGE_OF_A_LOCATION if "locationId" in query else MOST_A_PAGE_WITH_CALLING)
    reply = call.cursor_pages("items", _selected(call), default=default, largest=asked)
    reply.body["items"] = [shown(tenant, person, calling=calling) for person in reply.body["items"]]
    return reply


def _selected(call: Call) -> Iterable[Record]:
    tenant, query = call.tenant, call.query
    people = tenant.table("people")
    if "email" in query:
        person = people.find(query["email"])
        return [person] if person is not None and not tenant.lagging(people.born[person["id"]]) else []
    if "id" in query:
        wanted = query["id"].split(",")
        if len(wanted) > MOST_IDS:
            raise WebexError(400, f"Too many ids: at most {MOST_IDS}")
        return [people.rows[person_id] for person_id in wanted if person_id in people.rows]
    if "displayName" in query:
        prefix = query["displayName"].casefold()
        return [person for person in tenant.listed("people") if people.names[person["id"]].startswith(prefix)]
    if "locationId" in query and call.flag("callingData"):
        place = query["locationId"]
        lines = tenant.lines.by_owner
        return [p for p in tenant.listed("people") if p["id"] in lines and lines[p["id"]].location_id == place]
    return tenant.listed("people")


@routes.get("/people/{person_id}")
def read_person(call: Call) -> Reply:
    """One person."""
    person = call.tenant.get("people", call.ids["person_id"], "PEOPLE")
    return Reply(200, shown(call.tenant, person, calling=call.flag("callingData")))


@routes.post("/people")
def create_person(call: Call) -> Reply:
    """Create a person, as the real service would; calling fields are not served here."""
    given = parse(PersonBody, call.body)
    if not given.get("emails"):
        raise WebexError(400, "emails cannot be null or empty.")
    if call.tenant.table("people").find(given["emails"][0]) is not None:
        raise WebexError(409, "User already exists.")
    if CALLING_FIELDS.intersection(given) or given.get("licenses"):
        raise WebexError(400, "Calling flag not set")
    person = call.tenant.add_person(given["emails"][0], display_name=given.get("displayName") or "")
    person.update({name: value for name, value in given.items() if name != "displayName" and value is not None})
    return Reply(200, shown(call.tenant, person, calling=call.flag("callingData")))


@routes.put("/people/{person_id}")
def update_person(call: Call) -> Reply:
    """Merge into a person; identity fields are applied when sent. The location of a caller is write-once."""
    tenant = call.tenant
    person = tenant.get("people", call.ids["person_id"], "PEOPLE")
    given = parse(PersonBody, call.body)
    if not given.get("displayName"):
        raise WebexError(400, "displayName cannot be null.")
    if CALLING_FIELDS.intersection(given) and not call.flag("callingData"):
        raise WebexError(400, "Calling flag not set")
    _check_identity(tenant, person, given)
    _change_line(tenant, person, given)
    _change_licenses(tenant, person, given.pop("licenses", None))
    table = tenant.table("people")
    if given.get("emails"):
        table.keys.pop(person["emails"][0].casefold(), None)
        table.keys[given["emails"][0].casefold()] = person["id"]
    person.update({name: v for name, v in given.items() if name not in CALLING_FIELDS and v is not None})
    person["lastModified"] = tenant.timestamp()
    table.rename(person["id"], name=person["displayName"])
    if call.flag("minResponse"):
        return Reply(200, {"id": person["id"]})
    return Reply(200, shown(tenant, person, calling=call.flag("callingData")))


def _check_identity(tenant: Tenant, person: Record, given: Record) -> None:
    if given.get("emails"):
        holder = tenant.table("people").find(given["emails"][0])
        if holder is not None and holder is not person:
            raise WebexError(409, "User already exists.")
    held = set(person["licenses"])
    if any(license_id not in held for license_id in given.get("licenses") or ()):
        raise WebexError(400, "Licenses are added with PATCH /licenses/users", 400000)


def _change_line(tenant: Tenant, person: Record, given: Record) -> None:
    if not CALLING_FIELDS.intersection(given):
        return
    line = tenant.line(person["id"])
    if line is None:
        raise WebexError(400, "Calling flag not set")
    if given.get("locationId", line.location_id) != line.location_id:
        raise WebexError(400, "Delete Calling Location in request is invalid")
    number, extension = line.number, line.extension
    for entry in given.get("phoneNumbers") or ():
        if entry["type"] == "work":
            number = entry["value"]
        elif entry["type"] not in {"work_extension", "alternate1", "alternate2"}:
            where = "either in User level or in calling license properties, not in both places"
            raise WebexError(400, f"Phone number should be present {where}")
    if given.get("extension") is not None:
        extension = given["extension"]
    tenant.lines.assign(person["id"], "PEOPLE", line.location_id, extension=extension, number=number, now=tenant.now())


def _change_licenses(tenant: Tenant, person: Record, wanted: list[str] | None) -> None:
    if wanted is None:
        return
    calling = {tenant.license(name)["id"] for name in (PROFESSIONAL, STANDARD)}
    for license_id in [held for held in person["licenses"] if held not in wanted]:
        person["licenses"].remove(license_id)
        tenant.holders[license_id].pop(person["id"], None)
        if license_id in calling:
            release_calling(tenant, person["id"])
