"""What holds for all calls of a location: its way to the public network, its permissions, the job of its prefix."""

from webex_provision.sandbox.answers import Record, Reply, WebexError, make_id
from webex_provision.sandbox.bodies import Body, parse
from webex_provision.sandbox.feature_bodies import CALL_TYPES, Permission
from webex_provision.sandbox.features import BLOCKED_BY_DEFAULT
from webex_provision.sandbox.locations import JOBS, calling_location
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import Tenant
from webex_provision.sandbox.trunks import ROUTE_GROUPS, TRUNKS

routes = Routes()

JOB_SECONDS = 12.0
CARRIER = "Example Carrier"
_OUTGOING, _TRANSFERS = "locationOutgoingPermission", "locationTransferNumbers"
_ROUTES = {"TRUNK": (TRUNKS, "TRUNK"), "ROUTE_GROUP": (ROUTE_GROUPS, "ROUTE_GROUP")}


class Connection(Body):
    """How the location is to reach the public network: a connection option, or a route of its own premises."""

    id: str | None = None
    premise_route_type: str | None = None
    premise_route_id: str | None = None


class Outgoing(Body):
    """Any of the types of call; those that are not named stay as they are."""

    calling_permissions: list[Permission] | None = None


class TransferNumbers(Body):
    """Where calls are transferred to; an empty text clears, what is not sent stays."""

    auto_transfer_number1: str | None = None
    auto_transfer_number2: str | None = None
    auto_transfer_number3: str | None = None


def _carrier_id(location_id: str) -> str:
    return make_id("PSTN_CONNECTION", f"carrier-of-{location_id[-12:]}")


@routes.get("/telephony/pstn/locations/{location_id}/connectionOptions")
def list_connection_options(call: Call) -> Reply:
    """The carriers that the location may choose from, under `items`."""
    location = calling_location(call.tenant, call.ids["location_id"])
    option = {
        "id": _carrier_id(location["id"]),
        "displayName": CARRIER,
        "pstnServices": ["GEOGRAPHIC_NUMBERS", "TOLLFREE_NUMBERS"],
    }
    return Reply(200, {"items": [option]})


@routes.get("/telephony/pstn/locations/{location_id}/connection")
def read_connection(call: Call) -> Reply:
    """How the location reaches the public network; 404 while that is not configured."""
    location = calling_location(call.tenant, call.ids["location_id"])
    if "pstn" not in location:
        raise WebexError(404, "Location not found or PSTN for the location is not configured")
    premises = location["pstn"]["pstnConnectionType"] == "LOCAL_GATEWAY"
    answer = {
        "id": location["id"] if premises else _carrier_id(location["id"]),
        "displayName": "Premises-based PSTN" if premises else CARRIER,
        "pstnServices": ["GEOGRAPHIC_NUMBERS"],
        **location["pstn"],
    }
    return Reply(200, answer)


@routes.put("/telephony/pstn/locations/{location_id}/connection")
def change_connection(call: Call) -> Reply:
    """204; by the id of an option, or by type and id of a trunk or route group."""
    tenant = call.tenant
    location = calling_location(tenant, call.ids["location_id"])
    given = parse(Connection, call.body)
    if given.get("id"):
        if given["id"] != _carrier_id(location["id"]):
            raise WebexError(400, "Unknown PSTN connection option", 25024)
        location["pstn"] = {"pstnConnectionType": "NON_INTEGRATED_CCP"}
        return Reply(204)
    kind = given.get("premiseRouteType") or ""
    if kind not in _ROUTES or not given.get("premiseRouteId"):
        raise WebexError(400, "Either id, or premiseRouteType and premiseRouteId are needed", 25008)
    table, id_kind = _ROUTES[kind]
    target = tenant.get(table, given["premiseRouteId"], id_kind)
    location["pstn"] = {"pstnConnectionType": "LOCAL_GATEWAY", "routeType": kind, "routeId": target["id"]}
    return Reply(204)


@routes.get("/telephony/config/jobs/updateRoutingPrefix/{job_id}")
def read_prefix_job(call: Call) -> Reply:
    """Started for some seconds, then completed."""
    job = call.tenant.get(JOBS, call.ids["job_id"], "JOB")
    done = job["since"] + JOB_SECONDS <= call.tenant.now()
    body: Record = {
        "id": job["id"],
        "name": "updateRoutingPrefix",
        "trackingId": "SANDBOX_JOB",
        "sourceUserId": call.tenant.org_id,
        "sourceCustomerId": call.tenant.org_id,
        "targetCustomerId": call.tenant.org_id,
        "instanceId": 1,
        "jobExecutionStatus": [],
        "latestExecutionStatus": "COMPLETED" if done else "STARTED",
        "counts": {"routingPrefixUpdated": 1 if done else 0, "routingPrefixFailed": 0},
    }
    return Reply(200, body | ({"latestExecutionExitCode": "COMPLETED"} if done else {}))


def _permissions(tenant: Tenant, location: Record) -> Record:
    kept = tenant.settings.get(location["id"], {}).get(_OUTGOING)
    return kept or {
        kind: {
            "callType": kind,
            "action": "BLOCK" if kind in BLOCKED_BY_DEFAULT else "ALLOW",
            "transferEnabled": kind not in BLOCKED_BY_DEFAULT,
            "isCallTypeRestrictionEnabled": False,
        }
        for kind in CALL_TYPES
    }


@routes.get("/telephony/config/locations/{location_id}/outgoingPermission")
def read_permissions(call: Call) -> Reply:
    """Every type of call."""
    location = calling_location(call.tenant, call.ids["location_id"])
    return Reply(200, {"callingPermissions": list(_permissions(call.tenant, location).values())})


@routes.put("/telephony/config/locations/{location_id}/outgoingPermission")
def change_permissions(call: Call) -> Reply:
    """204; those types that are named; one that the system controls is refused."""
    tenant = call.tenant
    location = calling_location(tenant, call.ids["location_id"])
    given = parse(Outgoing, call.body).get("callingPermissions") or []
    held = _permissions(tenant, location)
    for one in given:
        if held[one["callType"]]["isCallTypeRestrictionEnabled"]:
            raise WebexError(400, f"The call type cannot be set: {one['callType']}", 25321)
    changed = {one["callType"]: {**held[one["callType"]], **one} for one in given}
    tenant.settings.setdefault(location["id"], {})[_OUTGOING] = held | changed
    return Reply(204)


def _transfers(tenant: Tenant, location: Record) -> Record:
    return tenant.settings.get(location["id"], {}).get(_TRANSFERS) or {}


@routes.get("/telephony/config/locations/{location_id}/outgoingPermission/autoTransferNumbers")
def read_transfer_numbers(call: Call) -> Reply:
    """Those that are set."""
    return Reply(200, _transfers(call.tenant, calling_location(call.tenant, call.ids["location_id"])))


@routes.put("/telephony/config/locations/{location_id}/outgoingPermission/autoTransferNumbers")
def change_transfer_numbers(call: Call) -> Reply:
    """204; merged, an empty text clears."""
    tenant = call.tenant
    location = calling_location(tenant, call.ids["location_id"])
    given = parse(TransferNumbers, call.body)
    merged = _transfers(tenant, location) | given
    kept = {name: value for name, value in merged.items() if value}
    tenant.settings.setdefault(location["id"], {})[_TRANSFERS] = kept
    return Reply(204)
