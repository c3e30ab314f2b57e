"""Locations, and what makes them Webex Calling locations: two objects with one id."""

import re
from collections.abc import Iterable

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid, missing
from webex_provision.sandbox.bodies import Body, check_time_zone, filled, merge, parse
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import Tenant

routes = Routes()

JOBS = "jobs"
LANGUAGE = re.compile(r"[a-z]{2}_[A-Za-z]{2}\Z")
ANNOUNCEMENT_LANGUAGES = {
    "ar_ae": "Arabic", "bg_bg": "Bulgarian", "ca_es": "Catalan", "hr_hr": "Croatian", "cs_cz": "Czech",
    "da_dk": "Danish", "nl_nl": "Dutch", "en_au": "English (Australia)", "en_gb": "English (United Kingdom)",
    "en_us": "English (United States)", "et_ee": "Estonian", "fi_fi": "Finnish", "fr_ca": "French (Canada)",
    "fr_fr": "French", "de_de": "German", "el_gr": "Greek", "he_il": "Hebrew", "hi_in": "Hindi",
    "hu_hu": "Hungarian", "id_id": "Indonesian", "it_it": "Italian", "ja_jp": "Japanese", "ko_kr": "Korean",
    "lv_lv": "Latvian", "lt_lt": "Lithuanian", "nb_no": "Norwegian", "pl_pl": "Polish", "pt_br": "Portuguese (Brazil)",
    "pt_pt": "Portuguese", "ro_ro": "Romanian", "ru_ru": "Russian", "sr_rs": "Serbian", "sk_sk": "Slovak",
    "sl_si": "Slovenian", "es_co": "Spanish (Colombia)", "es_es": "Spanish (Spain)", "es_mx": "Spanish (Mexico)",
    "sv_se": "Swedish", "th_th": "Thai", "tr_tr": "Turkish", "uk_ua": "Ukrainian", "zh_cn": "Chinese",
}  # fmt: skip


class Address(Body):
    """A postal address, complete."""

    address1: str
    address2: str | None = None
    city: str
    state: str
    postal_code: str
    country: str


class LocationBody(Body):
    """The body of POST /locations."""

    name: str
    time_zone: str
    preferred_language: str
    announcement_language: str
    address: Address
    latitude: str | None = None
    longitude: str | None = None
    notes: str | None = None


class PartialAddress(Body):
    """An address in PUT /locations, where no part is marked as required."""

    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


class LocationUpdate(Body):
    """The body of PUT /locations/{id}: near a full replacement."""

    name: str | None = None
    time_zone: str | None = None
    preferred_language: str | None = None
    address: PartialAddress | None = None


class CallingBody(Body):
    """The body that enables calling on a location."""

    id: str
    name: str
    time_zone: str
    preferred_language: str
    announcement_language: str
    address: Address


class CallingLine(Body):
    """The main number of a location and the name that goes with it."""

    name: str | None = None
    phone_number: str | None = None


class RouteIdentity(Body):
    """The trunk or route group of a location."""

    type: str
    id: str


class CallingUpdate(Body):
    """The body of PUT /telephony/config/locations/{id}; merged."""

    announcement_language: str | None = None
    calling_line_id: CallingLine | None = None
    connection: RouteIdentity | None = None
    external_caller_id_name: str | None = None
    p_access_network_info: str | None = None
    outside_dial_digit: str | None = None
    enforce_outside_dial_digit: bool | None = None
    routing_prefix: str | None = None
    charge_number: str | None = None


def calling_location(tenant: Tenant, location_id: str) -> Record:
    """The location with this id if calling is enabled there; 404 otherwise."""
    location = tenant.get("locations", location_id, "LOCATION")
    if "calling" not in location:
        raise WebexError(404, "Location not found or not enabled for Webex Calling", 4008)
    return location


def create(tenant: Tenant, given: Record) -> Record:
    """A new location, calling not enabled; names are unique."""
    if tenant.table("locations").find(given["name"]) is not None:
        raise WebexError(409, f"A location named {given['name']} already exists", 25030)
    location: Record = {"id": tenant.new_id("LOCATION", given["name"]), "orgId": tenant.org_id}
    location.update({name: value for name, value in given.items() if name != "announcementLanguage"})
    tenant.keep("locations", location, name=given["name"], key=given["name"])
    return location


def enable_calling(tenant: Tenant, location: Record, announcement_language: str) -> None:
    """Make it a calling location: with the PSTN and the numbers that were promised to its name, if any."""
    location["calling"] = {
        "announcementLanguage": announcement_language,
        "callingLineId": {"name": "", "phoneNumber": ""},
        "externalCallerIdName": "",
        "outsideDialDigit": "",
        "enforceOutsideDialDigit": False,
        "routingPrefix": "",
    }
    location["callingSince"] = {"born": tenant.now()}
    promise = tenant.promises.get(location["name"].casefold(), {"numbers": [], "pstn": tenant.default_pstn})
    if promise["pstn"]:
        location["pstn"] = {"pstnConnectionType": promise["pstn"]}
    tenant.lines.stock(location["id"], promise["numbers"], born=tenant.now())


def _public(location: Record) -> Record:
    return {name: value for name, value in location.items() if name not in {"calling", "callingSince", "pstn"}}


def _named(tenant: Tenant, locations: Iterable[Record], part: str) -> Iterable[Record]:
    if not part:
        return locations
    names, folded = tenant.table("locations").names, part.casefold()
    return [location for location in locations if folded in names[location["id"]]]


@routes.get("/locations")
def list_locations(call: Call) -> Reply:
    """By Link only; filters name (contains) and id."""
    found = _named(call.tenant, call.tenant.listed("locations"), call.query.get("name", ""))
    if "id" in call.query:
        found = [location for location in found if location["id"] == call.query["id"]]
    reply = call.cursor_pages("items", found, default=500, largest=1000)
    reply.body["items"] = [_public(location) for location in reply.body["items"]]
    return reply


@routes.post("/locations")
def create_location(call: Call) -> Reply:
    """201 with the id; the name must be new."""
    given = parse(LocationBody, call.body)
    _check_name(given["name"], 256)
    check_time_zone(given["timeZone"])
    if not LANGUAGE.match(given["preferredLanguage"]):
        raise invalid("preferredLanguage")
    return Reply(201, {"id": create(call.tenant, given)["id"]})


@routes.get("/locations/{location_id}")
def read_location(call: Call) -> Reply:
    """One location; the announcement language is not in it."""
    return Reply(200, _public(call.tenant.get("locations", call.ids["location_id"], "LOCATION")))


@routes.put("/locations/{location_id}")
def update_location(call: Call) -> Reply:
    """204; the name is mandatory, and a preferredLanguage that is not sent is erased (seen live)."""
    tenant = call.tenant
    location = tenant.get("locations", call.ids["location_id"], "LOCATION")
    given = parse(LocationUpdate, call.body)
    if not given.get("name"):
        raise WebexError(400, "location name cannot be null or empty")
    _check_name(given["name"], 80 if "calling" in location else 256)
    check_time_zone(given.get("timeZone"))
    holder = tenant.table("locations").find(given["name"])
    if holder is not None and holder is not location:
        raise WebexError(409, f"A location named {given['name']} already exists", 25030)
    tenant.table("locations").rename(location["id"], name=given["name"], old_key=location["name"], key=given["name"])
    location.pop("preferredLanguage", None)
    location.update(filled(given))
    return Reply(204)


def _check_name(name: str, longest: int) -> None:
    if not name.strip():
        raise WebexError(400, "location name cannot be null or empty")
    if len(name) > longest:
        raise WebexError(400, f"Invalid length: name exceeds {longest} characters", 25110)


@routes.get("/telephony/config/announcementLanguages")
def list_announcement_languages(call: Call) -> Reply:
    """Every language an announcement can have; codes are lower case."""
    del call
    return Reply(200, {"languages": [{"name": n, "code": code} for code, n in ANNOUNCEMENT_LANGUAGES.items()]})


@routes.get("/telephony/config/locations")
def list_calling_locations(call: Call) -> Reply:
    """Those with calling; filter name (contains); start and max."""
    tenant = call.tenant
    found = (
        location
        for location in _named(tenant, tenant.listed("locations"), call.query.get("name", ""))
        if "calling" in location and not tenant.lagging(location["callingSince"]["born"])
    )
    reply = call.pages("locations", found, default=1000, largest=1000)
    reply.body["locations"] = [_listed(location) for location in reply.body["locations"]]
    return reply


def _listed(location: Record) -> Record:
    calling = location["calling"]
    names = ("outsideDialDigit", "enforceOutsideDialDigit", "routingPrefix", "callingLineId")
    own = {name: calling[name] for name in names}
    return {"id": location["id"], "name": location["name"], **own, "e911SetupRequired": False}


@routes.post("/telephony/config/locations")
def enable_calling_on_location(call: Call) -> Reply:
    """201; needs the whole address and a lower-case announcement language (400/25046)."""
    tenant = call.tenant
    if isinstance(call.body, dict) and not isinstance(call.body.get("address"), dict):
        raise WebexError(400, "Validation failure")
    given = parse(CallingBody, call.body)
    location = tenant.get("locations", given["id"], "LOCATION")
    if given["address"].get("address2") == "":
        raise WebexError(400, "Validation failure")
    _check_name(given["name"], 80)
    check_time_zone(given["timeZone"])
    _check_announcement_language(given["announcementLanguage"])
    if "calling" in location:
        raise WebexError(409, "Location is already enabled for Webex Calling")
    enable_calling(tenant, location, given["announcementLanguage"])
    return Reply(201, {"id": location["id"]})


def _check_announcement_language(code: str | None) -> None:
    if code is not None and code not in ANNOUNCEMENT_LANGUAGES:
        text = f"errorCode = '25046', error = 'Invalid announcement language code: {code}'"
        raise WebexError(400, text, 25046)


@routes.get("/telephony/config/locations/{location_id}")
def read_calling_location(call: Call) -> Reply:
    """The calling side of a location."""
    location = calling_location(call.tenant, call.ids["location_id"])
    calling = location["calling"]
    return Reply(
        200,
        {
            "id": location["id"],
            "name": location["name"],
            **calling,
            "connection": calling.get("connection", {"type": "TRUNK", "id": ""}),
            "userLimit": 500000,
            "defaultDomain": "sandbox.example",
        },
    )


@routes.put("/telephony/config/locations/{location_id}")
def update_calling_location(call: Call) -> Reply:
    """204; merged. The main number must be in the location's inventory, a routing prefix new (400/5600).

    Another routing prefix starts a job, whose id is in the answer: 200.
    """
    tenant = call.tenant
    location = calling_location(tenant, call.ids["location_id"])
    given = parse(CallingUpdate, call.body)
    _check_announcement_language(given.get("announcementLanguage"))
    main = given.get("callingLineId", {}).get("phoneNumber") if given.get("callingLineId") else None
    if main:
        number = tenant.lines.inventory.get(main)
        if number is None or number.location_id != location["id"]:
            raise WebexError(400, f"DN not found: {main}", 5209)
    elif given.get("callingLineId"):
        raise missing("callingLineId.phoneNumber")
    _check_prefix(tenant, location, given.get("routingPrefix"))
    if main:
        old = tenant.lines.inventory.get(location["calling"]["callingLineId"].get("phoneNumber", ""))
        if old is not None:
            old.main = False
        tenant.lines.inventory[main].main = True
    known = filled(given)
    prefix_before = location["calling"]["routingPrefix"]
    location["calling"] = merge(location["calling"], known)
    if location["calling"]["routingPrefix"] == prefix_before:
        return Reply(204)
    job: Record = {"id": tenant.new_id("JOB", location["id"]), "since": tenant.now()}
    tenant.keep(JOBS, job, name="")
    return Reply(200, {"batchJobId": job["id"]})


def _check_prefix(tenant: Tenant, location: Record, prefix: str | None) -> None:
    if not prefix:
        return
    for other in tenant.table("locations").rows.values():
        if other is not location and other.get("calling", {}).get("routingPrefix") == prefix:
            raise WebexError(400, "The routing prefix is used by another location", 5600)
