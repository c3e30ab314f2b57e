"""Devices of people and workspaces, and the catalogue of models.

As seen live: phones of the 98xx family are made with 204 and show half a minute later; every activation code makes
another device that counts; a MAC address belongs to one device of all organisations.
"""

import re
from collections.abc import Iterator
from typing import Any, Literal

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid, not_found
from webex_provision.sandbox.bodies import Body, parse
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import PROFESSIONAL, VOLATILE, Tenant

routes = Routes()

TABLE = "devices"
MOST_DEVICES = 5
SHOWS_AFTER_SECONDS = 45.0
_MAC = re.compile(r"[0-9A-F]{12}\Z")

_SWITCHES = (
    "additionalPrimaryLineAppearancesEnabled", "allowConfigureLayoutEnabled", "allowConfigureLinesEnabled",
    "allowConfigurePhoneSettingsEnabled", "allowConfigurePortsEnabled", "allowHotelingHostEnabled",
    "basicEmergencyNomadicEnabled", "callDeclinedEnabled", "customizableLineLabelEnabled",
    "customizedBehaviorsEnabled", "kemLinesSupportEnabled", "kemSupportEnabled", "portNumberSupportEnabled",
    "supportsApplyChangesEnabled", "supportsHotlineEnabled", "supportsLinePortReorderingEnabled", "t38Enabled",
    "touchScreenPhone", "upgradeChannelEnabled",
)  # fmt: skip


def _model(model: str, name: str, kind: str, *ways: str) -> Record:
    return {
        "model": model,
        "displayName": name,
        "type": kind,
        "manufacturer": "CISCO",
        "managedBy": "CISCO",
        "supportedFor": ["PEOPLE", "PLACE"],
        "onboardingMethod": list(ways),
        "numberOfLinePorts": 4,
        "numberOfLineKeyButtons": 4,
        **dict.fromkeys(_SWITCHES, False),
    }


MODELS = (
    _model("DMS Cisco 8845", "Cisco 8845", "MPP", "MAC_ADDRESS", "ACTIVATION_CODE"),
    _model("DMS Cisco 7841", "Cisco 7841", "MPP", "MAC_ADDRESS", "ACTIVATION_CODE"),
    _model("Cisco 9861", "Cisco 9861", "DESK_PHONE", "MAC_ADDRESS", "ACTIVATION_CODE"),
    _model("Cisco 9821", "Cisco 9821", "DESK_PHONE", "MAC_ADDRESS"),
    _model("Cisco 192", "Cisco ATA 192", "ATA", "MAC_ADDRESS"),
)
_BY_MODEL = {model["model"]: model for model in MODELS}
_NOT_SUPPORTED = frozenset({"Cisco 9821"})  # listed, and refused all the same


class DeviceOwner(Body):
    """Whose device it is: exactly one of the two."""

    person_id: str | None = None
    workspace_id: str | None = None


class DeviceBody(DeviceOwner):
    """The body of POST /devices."""

    mac: str
    model: str
    password: str | None = None


class MacsBody(Body):
    """The body of POST validateMacs."""

    macs: list[str]


class CodeBody(DeviceOwner):
    """The body of POST /devices/activationCode; no model means a room device."""

    model: str | None = None


class Change(Body):
    """One change of a JSON Patch."""

    op: Literal["add", "remove", "replace"]
    path: str
    value: list[str] | None = None


@routes.get("/telephony/config/supportedDevices")
def list_models(call: Call) -> Reply:
    """The catalogue, whole."""
    del call
    return Reply(200, {"upgradeChannelList": ["STABLE"], "devices": list(MODELS)})


@routes.get("/devices")
def list_devices(call: Call) -> Reply:
    """By start and max, or Link; filters mac (however it is written), serial, owner, type, connectionStatus."""
    reply = call.pages("items", _selected(call), default=100, largest=1000)
    reply.body["items"] = [_shown(device) for device in reply.body["items"]]
    return reply


def _selected(call: Call) -> Iterator[Record]:
    query, now = call.query, call.tenant.now()
    wanted = {
        name: query[name] for name in ("serial", "personId", "workspaceId", "type", "connectionStatus") if name in query
    }
    mac = re.sub(r"[:.\-]", "", query.get("mac", "")).upper()
    for device in call.tenant.listed(TABLE):
        same = all(device.get(name) == value for name, value in wanted.items())
        if same and (not mac or device.get("mac") == mac) and device["since"] <= now:
            yield device


def _shown(device: Record) -> Record:
    return {name: value for name, value in device.items() if name not in VOLATILE} | {"created": device["created"]}


def _owner(tenant: Tenant, given: Record) -> tuple[str, Record]:
    """The field that names the owner, and the owner; 400/4003 for one that does not call."""
    named = [name for name in ("personId", "workspaceId") if given.get(name)]
    if len(named) != 1:
        raise WebexError(400, "Exactly one of personId and workspaceId is needed")
    table, kind = ("people", "PEOPLE") if named[0] == "personId" else ("workspaces", "PLACE")
    owner = tenant.get(table, given[named[0]], kind)
    tenant.active_line(owner["id"])
    _check_room_for_one_more(tenant, named[0], owner)
    return named[0], owner


def _check_room_for_one_more(tenant: Tenant, field: str, owner: Record) -> None:
    held = [device for device in tenant.table(TABLE).rows.values() if device.get(field) == owner["id"]]
    full = field == "personId" or tenant.license(PROFESSIONAL)["id"] in owner["licenses"]
    if len(held) < (MOST_DEVICES if full else 1):
        return
    if field == "personId":
        raise WebexError(400, "Phones cannot be added to this user")
    raise WebexError(400, "Too many devices for this workspace", 2022)


def _keep(tenant: Tenant, field: str, owner: Record, key: str, details: Record) -> Record:
    line = tenant.active_line(owner["id"])
    device: Record = {
        "id": tenant.new_id("DEVICE", key),
        "orgId": tenant.org_id,
        field: owner["id"],
        "displayName": owner["displayName"],
        "capabilities": [],
        "permissions": [],
        "tags": [],
        "locationId": line.location_id,
        "managedBy": "CISCO",
        "devicePlatform": "cisco",
        "created": tenant.timestamp(),
        "since": tenant.now(),
        **details,
    }
    tenant.keep(TABLE, device, name=device["displayName"])
    if field == "workspaceId":
        owner.setdefault("devices", []).append(device["id"])
    return device


def _known_model(name: str) -> Record:
    if name not in _BY_MODEL or name in _NOT_SUPPORTED:
        raise WebexError(400, f"Model not supported: {name}", 2014)
    return _BY_MODEL[name]


@routes.post("/devices")
def create_device(call: Call) -> Reply:
    """200 with the device; 204 and a late appearance for a desk phone of the 98xx family."""
    tenant = call.tenant
    given = parse(DeviceBody, call.body)
    mac = re.sub(r"[:.\-]", "", given["mac"]).upper()
    if not _MAC.match(mac):
        raise invalid("mac")
    model = _known_model(given["model"])
    if any(device.get("mac") == mac for device in tenant.table(TABLE).rows.values()):
        raise WebexError(400, f"The MAC address is already in use: {mac}", 2011)
    field, owner = _owner(tenant, given)
    late = model["type"] == "DESK_PHONE"
    details = {
        "mac": mac,
        "product": model["displayName"],
        "type": "phone",
        "connectionStatus": "disconnected",
        "since": tenant.now() + (SHOWS_AFTER_SECONDS if late else 0),
    }
    device = _keep(tenant, field, owner, mac, details)
    return Reply(204) if late else Reply(200, _shown(device))


@routes.post("/telephony/config/devices/actions/validateMacs/invoke")
def validate_macs(call: Call) -> Reply:
    """200; OK alone when all are free, else ERRORS and every address with what is wrong with it (seen live)."""
    taken = {device.get("mac") for device in call.tenant.table(TABLE).rows.values()}
    judged: list[Record] = []
    for mac in parse(MacsBody, call.body)["macs"]:
        plain = re.sub(r"[:.\-]", "", mac).upper()
        if not _MAC.match(plain):
            judged.append({"mac": mac, "state": "INVALID", "errorCode": 25220, "message": "Invalid MAC address"})
        elif any(plain == earlier["mac"] for earlier in judged):
            judged.append({"mac": plain, "state": "DUPLICATE_IN_LIST", "errorCode": 5676, "message": "Given twice"})
        elif plain in taken:
            judged.append({"mac": plain, "state": "UNAVAILABLE", "errorCode": 5675, "message": "Already in use"})
        else:
            judged.append({"mac": plain, "state": "AVAILABLE"})
    if all(entry["state"] == "AVAILABLE" for entry in judged):
        return Reply(200, {"status": "OK"})
    return Reply(200, {"status": "ERRORS", "macStatus": judged})


@routes.post("/devices/activationCode")
def create_activation_code(call: Call) -> Reply:
    """200 with a new code, every time, and a new device that waits for it."""
    tenant = call.tenant
    given = parse(CodeBody, call.body)
    model = _known_model(given["model"]) if given.get("model") else None
    field, owner = _owner(tenant, given)
    details = {
        "product": model["displayName"] if model else "Cisco Room device",
        "type": "phone" if model else "roomdesk",
        "connectionStatus": "activating",
    }
    device = _keep(tenant, field, owner, f"{owner['id']}/{details['product']}", details)
    code = f"{sum(device['id'].encode()) * 99_999_999_977 % 10**16:016}"
    return Reply(200, {"code": code, "expiryTime": tenant.timestamp()})


@routes.get("/devices/{device_id}")
def read_device(call: Call) -> Reply:
    """One device; 404 for one that does not show yet."""
    tenant, device_id = call.tenant, call.ids["device_id"]
    device = tenant.get(TABLE, device_id, "DEVICE")
    if device["since"] > tenant.now():
        raise not_found(device_id, "DEVICE")
    return Reply(200, _shown(device))


@routes.patch("/devices/{device_id}")
def change_device(call: Call) -> Reply:
    """200; an array of changes of the tags. `remove` takes all of them away, whatever its value (seen live)."""
    device = call.tenant.get(TABLE, call.ids["device_id"], "DEVICE")
    changes: Any = call.body
    if not isinstance(changes, list):
        raise WebexError(400, "The request body is not a JSON Patch")
    for change in (parse(Change, entry) for entry in changes):
        if change["path"].strip("/") != "tags":
            raise invalid("path")
        value = change.get("value") or []
        if change["op"] == "add":
            value = list(dict.fromkeys([*device["tags"], *value]))
        device["tags"] = [] if change["op"] == "remove" else value
    return Reply(200, _shown(device))
