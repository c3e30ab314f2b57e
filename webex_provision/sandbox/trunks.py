"""Trunks and route groups of the organisation, and the internal dialling of a location that leads to them."""

from collections.abc import Iterator
from typing import Literal

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid, missing
from webex_provision.sandbox.bodies import Body, filled, parse
from webex_provision.sandbox.locations import calling_location
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import Tenant

routes = Routes()

TRUNKS, ROUTE_GROUPS, DIAL_PLANS = "trunks", "route_groups", "dial_plans"
KINDS = {TRUNKS: "TRUNK", ROUTE_GROUPS: "ROUTE_GROUP"}
MOST_GATEWAYS = 10
MOST_CALLS = 250  # of a registering trunk that says nothing about it
UNVERIFIED = (".invalid", ".local")  # domains with these ends are verified in no organisation
DIALLING = "internalDialing"

TrunkType = Literal["REGISTERING", "CERTIFICATE_BASED"]
ChargePolicy = Literal["DISABLED", "ASSERTED_IDENTITY", "CONFIGURABLE_CHARGE_NUMBER"]
RouteType = Literal["TRUNK", "ROUTE_GROUP"]


class TrunkBody(Body):
    """The body of POST."""

    name: str
    location_id: str
    password: str
    trunk_type: TrunkType
    device_type: str | None = None
    address: str | None = None
    domain: str | None = None
    port: int | None = None
    max_concurrent_calls: int | None = None
    dual_identity_support_enabled: bool | None = None
    p_charge_info_support_policy: ChargePolicy | None = None
    peer_identity: str | None = None


class TrunkUpdate(Body):
    """The body of PUT: nothing else of a trunk can be changed."""

    name: str
    password: str
    max_concurrent_calls: int | None = None
    dual_identity_support_enabled: bool | None = None
    p_charge_info_support_policy: ChargePolicy | None = None


class Gateway(Body):
    """A trunk in a route group; 1 is tried first."""

    id: str
    priority: int


class RouteGroupBody(Body):
    """The body of POST and PUT, whole."""

    name: str
    local_gateways: list[Gateway]


class Target(Body):
    """Where unknown extensions go."""

    id: str
    type: RouteType


class DiallingBody(Body):
    """The body of PUT …/internalDialing."""

    enable_unknown_extension_route_policy: bool | None = None
    unknown_extension_route_identity: Target | None = None


def named(call: Call, table: str, parameter: str = "name") -> Iterator[Record]:
    """The objects of a table whose name contains the query parameter; without it, all."""
    part = call.query.get(parameter, "").casefold()
    names = call.tenant.table(table).names
    return (row for row in call.tenant.listed(table) if part in names[row["id"]])


def check_new_name(tenant: Tenant, table: str, name: str, present: Record | None = None) -> None:
    """409/25030 when another object of the organisation has the name."""
    if not name.strip() or len(name) > 80:
        raise WebexError(400, "Invalid length: name", 25110)
    holder = tenant.table(table).find(name)
    if holder is not None and holder is not present:
        raise WebexError(409, f"{name} already exists", 25030)


def route_target(tenant: Tenant, kind: str, target_id: str) -> Record:
    """The trunk or route group with this id; 400/25024 when there is none."""
    table = next(table for table, own in KINDS.items() if own == kind)
    found = tenant.table(table).rows.get(target_id)
    if found is None:
        raise invalid("routeId")
    return found


def _in_use(tenant: Tenant, target_id: str) -> bool:
    gateways = (gateway["id"] for group in tenant.table(ROUTE_GROUPS).rows.values() for gateway in group["gateways"])
    plans = (plan["routeId"] for plan in tenant.table(DIAL_PLANS).rows.values())
    dialling = (
        kept[DIALLING].get("unknownExtensionRouteIdentity", {}).get("id")
        for kept in tenant.settings.values()
        if DIALLING in kept
    )
    return any(target_id in used for used in (gateways, plans, dialling))


def _place(tenant: Tenant, location_id: str) -> Record:
    return {"id": location_id, "name": tenant.table("locations").rows[location_id]["name"]}


@routes.get("/telephony/config/premisePstn/trunks")
def list_trunks(call: Call) -> Reply:
    """Of the whole organisation; filters name (contains), trunkType; start and max."""
    tenant, kind = call.tenant, call.query.get("trunkType")
    found = (trunk for trunk in named(call, TRUNKS) if kind is None or trunk["trunkType"] == kind)
    reply = call.pages("trunks", found, default=1000, largest=2000)
    reply.body["trunks"] = [
        {
            "id": trunk["id"],
            "name": trunk["name"],
            "location": _place(tenant, trunk["locationId"]),
            "inUse": _in_use(tenant, trunk["id"]),
            "trunkType": trunk["trunkType"],
            "isRestrictedToDedicatedInstance": False,
        }
        for trunk in reply.body["trunks"]
    ]
    return reply


@routes.post("/telephony/config/premisePstn/trunks")
def create_trunk(call: Call) -> Reply:
    """201 with the id; the location must call, a certificate-based trunk needs its peer. Passwords are not kept."""
    tenant = call.tenant
    given = filled(parse(TrunkBody, call.body))
    calling_location(tenant, given["locationId"])
    check_new_name(tenant, TRUNKS, given["name"])
    _check_password(given.pop("password"))
    if given["trunkType"] == "CERTIFICATE_BASED":
        for name in ("address", "domain", "maxConcurrentCalls"):
            if name not in given:
                raise missing(name)
        _check_peer(tenant, given)
    trunk: Record = {
        "id": tenant.new_id("TRUNK", given["name"]),
        "dualIdentitySupportEnabled": False,
        "pChargeInfoSupportPolicy": "DISABLED",
        "deviceType": "Cisco Unified Border Element",
        **given,
    }
    tenant.keep(TRUNKS, trunk, name=trunk["name"], key=trunk["name"])
    return Reply(201, {"id": trunk["id"]})


def _check_password(password: str) -> None:
    """400/25015 for characters that the real service refuses (seen live)."""
    if not password or set(password) & set("?!"):
        raise WebexError(400, f"Invalid characters in password {password}", 25015)


def _check_peer(tenant: Tenant, given: Record) -> None:
    """400/25024 for a domain that is not verified; 409/27571 for an address that another trunk has."""
    if given["domain"].casefold().endswith(UNVERIFIED):
        raise invalid("domain")
    wanted = [given.get(name) for name in ("address", "domain", "port")]
    for other in tenant.table(TRUNKS).rows.values():
        if wanted == [other.get(name) for name in ("address", "domain", "port")]:
            raise WebexError(409, "The address, domain and port are in use by another trunk", 27571)


@routes.get("/telephony/config/premisePstn/trunks/{trunk_id}")
def read_trunk(call: Call) -> Reply:
    """One trunk, never its password; offline, for no gateway has registered."""
    tenant = call.tenant
    trunk = tenant.get(TRUNKS, call.ids["trunk_id"], "TRUNK")
    shown = {name: value for name, value in trunk.items() if name not in {"id", "locationId", "peerIdentity"}}
    return Reply(
        200,
        {
            "customer": {"id": tenant.org_id, "name": "Sandbox"},
            "location": _place(tenant, trunk["locationId"]),
            "locationsUsingTrunk": [],
            "otgDtgId": f"{trunk['id'][-6:].lower()}_lgu",
            "linePort": f"{trunk['id'][-10:]}@sandbox.example",
            "pilotUserId": trunk["id"],
            "outboundProxy": {},
            "sipAuthenticationUserName": f"{trunk['id'][-6:]}_LGU",
            "maxConcurrentCalls": MOST_CALLS,
            "errorCodes": [],
            "status": "OFFLINE",
            "port": 0,
            "isRestrictedToDedicatedInstance": False,
            **shown,
        },
    )


@routes.put("/telephony/config/premisePstn/trunks/{trunk_id}")
def update_trunk(call: Call) -> Reply:
    """204; name and password are mandatory, type, place and peer stay as they are."""
    tenant = call.tenant
    trunk = tenant.get(TRUNKS, call.ids["trunk_id"], "TRUNK")
    given = filled(parse(TrunkUpdate, call.body))
    check_new_name(tenant, TRUNKS, given["name"], trunk)
    _check_password(given.pop("password"))
    tenant.table(TRUNKS).rename(trunk["id"], name=given["name"], old_key=trunk["name"], key=given["name"])
    trunk.update(given)
    return Reply(204)


@routes.get("/telephony/config/premisePstn/routeGroups")
def list_route_groups(call: Call) -> Reply:
    """Of the whole organisation; filter name (contains); start and max."""
    reply = call.pages("routeGroups", named(call, ROUTE_GROUPS), default=1000, largest=2000)
    reply.body["routeGroups"] = [
        {"id": group["id"], "name": group["name"], "inUse": _in_use(call.tenant, group["id"])}
        for group in reply.body["routeGroups"]
    ]
    return reply


def _gateways(tenant: Tenant, given: Record) -> list[Record]:
    gateways: list[Record] = given["localGateways"]
    if len(gateways) > MOST_GATEWAYS:
        raise WebexError(400, "More trunks than a route group may have", 25043)
    if not gateways or any(gateway["id"] not in tenant.table(TRUNKS).rows for gateway in gateways):
        raise invalid("localGateways")
    return gateways


@routes.post("/telephony/config/premisePstn/routeGroups")
def create_route_group(call: Call) -> Reply:
    """201 with the id; at most ten trunks (400/25043)."""
    tenant = call.tenant
    given = parse(RouteGroupBody, call.body)
    check_new_name(tenant, ROUTE_GROUPS, given["name"])
    group = {
        "id": tenant.new_id("ROUTE_GROUP", given["name"]),
        "name": given["name"],
        "gateways": _gateways(tenant, given),
    }
    tenant.keep(ROUTE_GROUPS, group, name=given["name"], key=given["name"])
    return Reply(201, {"id": group["id"]})


@routes.get("/telephony/config/premisePstn/routeGroups/{group_id}")
def read_route_group(call: Call) -> Reply:
    """One group; its own id is not in the answer."""
    tenant = call.tenant
    group = tenant.get(ROUTE_GROUPS, call.ids["group_id"], "ROUTE_GROUP")
    trunks = tenant.table(TRUNKS).rows
    gateways = [
        {**gateway, "name": trunks[gateway["id"]]["name"], "locationId": trunks[gateway["id"]]["locationId"]}
        for gateway in group["gateways"]
    ]
    organization = {"id": tenant.org_id, "name": "Sandbox"}
    return Reply(200, {"name": group["name"], "organization": organization, "localGateways": gateways})


@routes.put("/telephony/config/premisePstn/routeGroups/{group_id}")
def update_route_group(call: Call) -> Reply:
    """204; the trunks are replaced."""
    tenant = call.tenant
    group = tenant.get(ROUTE_GROUPS, call.ids["group_id"], "ROUTE_GROUP")
    given = parse(RouteGroupBody, call.body)
    check_new_name(tenant, ROUTE_GROUPS, given["name"], group)
    gateways = _gateways(tenant, given)
    tenant.table(ROUTE_GROUPS).rename(group["id"], name=given["name"], old_key=group["name"], key=given["name"])
    group.update({"name": given["name"], "gateways": gateways})
    return Reply(204)


@routes.get("/telephony/config/routeChoices")
def list_route_choices(call: Call) -> Reply:
    """Trunks and route groups in one list; filters trunkName and routeGroupName (contain)."""
    query = call.query
    wanted = [table for table, own in ((TRUNKS, "trunkName"), (ROUTE_GROUPS, "routeGroupName")) if own in query]
    filters = {TRUNKS: "trunkName", ROUTE_GROUPS: "routeGroupName"}
    found = (
        {"id": row["id"], "name": row["name"], "type": KINDS[table]}
        for table in wanted or KINDS
        for row in named(call, table, filters[table])
    )
    return call.pages("routeIdentities", found, default=1000, largest=2000)


@routes.get("/telephony/config/locations/{location_id}/internalDialing")
def read_internal_dialing(call: Call) -> Reply:
    """Where unknown extensions go, off at first."""
    tenant = call.tenant
    location = calling_location(tenant, call.ids["location_id"])
    kept = tenant.settings.get(location["id"], {}).get(DIALLING, {"enableUnknownExtensionRoutePolicy": False})
    shown = dict(kept)
    target = shown.get("unknownExtensionRouteIdentity")
    if target is not None:
        name = route_target(tenant, target["type"], target["id"])["name"]
        shown["unknownExtensionRouteIdentity"] = {**target, "name": name}
    return Reply(200, shown)


@routes.put("/telephony/config/locations/{location_id}/internalDialing")
def update_internal_dialing(call: Call) -> Reply:
    """204; on without a target answers 400/27344 (seen live)."""
    tenant = call.tenant
    location = calling_location(tenant, call.ids["location_id"])
    given = parse(DiallingBody, call.body)
    target = given.get("unknownExtensionRouteIdentity")
    if given.get("enableUnknownExtensionRoutePolicy") and target is None:
        raise WebexError(400, "Route identity is needed when the route policy is enabled", 27344)
    if target is not None:
        route_target(tenant, target["type"], target["id"])
    known = filled(given)
    tenant.settings.setdefault(location["id"], {})[DIALLING] = known
    return Reply(204)
