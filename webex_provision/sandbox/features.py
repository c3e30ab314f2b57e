"""Call settings of people and workspaces: read, and merged by PUT.

A PUT is answered 204 even when it holds unknown keys, which are ignored (seen live); read-only keys are refused.
The target must be calling-active, else 400/4003. Adding a setting is one `Feature` in `FEATURES`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid, missing
from webex_provision.sandbox.bodies import Body, filled, merge, parse, refuse_read_only
from webex_provision.sandbox.feature_bodies import (
    CALL_TYPES,
    BargeIn,
    CallerId,
    DoNotDisturb,
    MandatorySwitch,
    PersonDoNotDisturb,
    PersonForwarding,
    PersonOutgoing,
    Switch,
    Voicemail,
    WorkspaceBargeIn,
    WorkspaceForwarding,
    WorkspaceOutgoing,
)
from webex_provision.sandbox.lines import Line
from webex_provision.sandbox.routing import Call, Handler, Routes
from webex_provision.sandbox.tenant import Tenant

routes = Routes()

BLOCKED_BY_DEFAULT = frozenset({"INTERNATIONAL", "PREMIUM_SERVICES_I", "PREMIUM_SERVICES_II"})
MOST_RINGS = 20


Defaults = Callable[[Tenant, Record, Line], Record]
Check = Callable[[Tenant, Line, Record], None]


@dataclass(frozen=True)
class Feature:
    """One setting: where it stands, what PUT accepts, what a new owner has, what else is checked."""

    name: str
    table: str
    path: str
    body: type[Body]
    defaults: Defaults
    check: Check | None = None


def _caller_id(tenant: Tenant, owner: Record, line: Line) -> Record:
    location = tenant.table("locations").rows[line.location_id]["calling"]
    common: Record = {
        "selected": "DIRECT_LINE" if line.number else "LOCATION_NUMBER",
        "blockInForwardCallsEnabled": False,
        "externalCallerIdNamePolicy": "DIRECT_LINE",
        "locationExternalCallerIdName": location["externalCallerIdName"],
        "tollFreeLocationNumber": False,
    }
    if line.owner_type == "PLACE":
        return common | {"displayName": owner["displayName"], "displayDetail": "."}
    return common | {"firstName": owner["firstName"], "lastName": owner["lastName"]}


def _caller_id_now(tenant: Tenant, line: Line) -> Record:
    """The parts of the caller id that follow the line and only answers hold."""
    location = tenant.table("locations").rows[line.location_id]["calling"]
    main = location["callingLineId"].get("phoneNumber", "")
    now: Record = {"types": ["LOCATION_NUMBER", "CUSTOM"], "locationNumber": main}
    if line.number:
        now["types"] = ["DIRECT_LINE", *now["types"]]
    if line.number or line.owner_type == "PLACE":
        now["directNumber"] = line.number
    if line.extension and line.owner_type == "PEOPLE":
        now["extensionNumber"] = line.extension
    return now


def _check_caller_id(tenant: Tenant, line: Line, given: Record) -> None:
    if given["selected"] == "DIRECT_LINE" and not line.number:
        raise WebexError(400, "Invalid Operation: the owner has no direct line", 25042)
    if given["selected"] == "CUSTOM" and not given.get("customNumber"):
        raise missing("customNumber")
    number = tenant.lines.inventory.get(given.get("customNumber") or "")
    if given.get("customNumber") and (number is None or number.location_id != line.location_id):
        raise WebexError(400, f"DN not found: {given['customNumber']}", 5209)


def _voicemail(tenant: Tenant, owner: Record, line: Line) -> Record:
    del tenant, line
    email = owner.get("emails", [""])[0]
    return {
        "enabled": True,
        "sendAllCalls": {"enabled": False},
        "sendBusyCalls": {"enabled": False, "greeting": "DEFAULT", "greetingUploaded": False},
        "sendUnansweredCalls": {
            "enabled": True,
            "greeting": "DEFAULT",
            "greetingUploaded": False,
            "numberOfRings": 3,
            "systemMaxNumberOfRings": MOST_RINGS,
        },
        "notifications": {"enabled": False},
        "transferToNumber": {"enabled": False},
        "emailCopyOfMessage": {"enabled": False, "emailId": email},
        "messageStorage": {"mwiEnabled": True, "storageType": "INTERNAL", "externalEmail": email},
        "faxMessage": {"enabled": False},
    }


def _check_voicemail(tenant: Tenant, line: Line, given: Record) -> None:
    del tenant, line
    rings = (given.get("sendUnansweredCalls") or {}).get("numberOfRings")
    if rings is not None and not 2 <= rings <= MOST_RINGS:
        raise invalid("sendUnansweredCalls.numberOfRings")


def _forwarding(tenant: Tenant, owner: Record, line: Line) -> Record:
    del tenant, owner, line
    off: Record = {"enabled": False, "destinationVoicemailEnabled": False}
    rings = {"numberOfRings": 3, "systemMaxNumberOfRings": MOST_RINGS}
    return {
        "callForwarding": {
            "always": {**off, "ringReminderEnabled": False},
            "busy": dict(off),
            "noAnswer": {**off, **rings},
        },
        "businessContinuity": dict(off),
    }


def _check_forwarding(tenant: Tenant, line: Line, given: Record) -> None:
    del tenant, line
    for mode, block in (given.get("callForwarding") or {}).items():
        if block and block.get("enabled") and not block.get("destination"):
            raise missing(f"callForwarding.{mode}.destination")


def _fixed(**values: bool) -> Defaults:
    def defaults(tenant: Tenant, owner: Record, line: Line) -> Record:
        del tenant, owner, line
        return dict(values)

    return defaults


def _outgoing(tenant: Tenant, owner: Record, line: Line) -> Record:
    del tenant, owner, line
    permissions = [
        {
            "callType": kind,
            "action": "BLOCK" if kind in BLOCKED_BY_DEFAULT else "ALLOW",
            "transferEnabled": kind not in BLOCKED_BY_DEFAULT,
            "isCallTypeRestrictionEnabled": False,
        }
        for kind in CALL_TYPES
    ]
    return {"useCustomEnabled": False, "useCustomPermissions": False, "callingPermissions": permissions}


PERSON = "/people/{owner_id}/features/"
PLACE = "/workspaces/{owner_id}/features/"
PLACE_TELEPHONY = "/telephony/config/workspaces/{owner_id}/"

_dnd = _fixed(enabled=False, ringSplashEnabled=False)
_person_dnd = _fixed(enabled=False, ringSplashEnabled=False, webexGoOverrideEnabled=False)
_barge_in = _fixed(enabled=False, toneEnabled=False)

FEATURES = (
    Feature("callerId", "people", PERSON + "callerId", CallerId, _caller_id, _check_caller_id),
    Feature("voicemail", "people", PERSON + "voicemail", Voicemail, _voicemail, _check_voicemail),
    Feature("callWaiting", "people", PERSON + "callWaiting", MandatorySwitch, _fixed(enabled=True)),
    Feature("doNotDisturb", "people", PERSON + "doNotDisturb", PersonDoNotDisturb, _person_dnd),
    Feature("bargeIn", "people", PERSON + "bargeIn", BargeIn, _barge_in),
    Feature("outgoingPermission", "people", PERSON + "outgoingPermission", PersonOutgoing, _outgoing),
    Feature("callForwarding", "people", PERSON + "callForwarding", PersonForwarding, _forwarding, _check_forwarding),
    Feature("callerId", "workspaces", PLACE + "callerId", CallerId, _caller_id, _check_caller_id),
    Feature("callWaiting", "workspaces", PLACE + "callWaiting", Switch, _fixed(enabled=True)),
    Feature("outgoingPermission", "workspaces", PLACE + "outgoingPermission", WorkspaceOutgoing, _outgoing),
    Feature(
        "callForwarding", "workspaces", PLACE + "callForwarding", WorkspaceForwarding, _forwarding, _check_forwarding
    ),
    Feature("voicemail", "workspaces", PLACE_TELEPHONY + "voicemail", Voicemail, _voicemail, _check_voicemail),
    Feature("doNotDisturb", "workspaces", PLACE_TELEPHONY + "doNotDisturb", DoNotDisturb, _dnd),
    Feature("bargeIn", "workspaces", PLACE_TELEPHONY + "bargeIn", WorkspaceBargeIn, _barge_in),
)


def _owner_and_line(call: Call, feature: Feature) -> tuple[Record, Line]:
    kind = "PEOPLE" if feature.table == "people" else "PLACE"
    owner = call.tenant.get(feature.table, call.ids["owner_id"], kind)
    return owner, call.tenant.active_line(owner["id"])


def _current(call: Call, feature: Feature, owner: Record, line: Line) -> Record:
    kept = call.tenant.settings.get(owner["id"], {}).get(feature.name)
    return kept if kept is not None else feature.defaults(call.tenant, owner, line)


def _reader(feature: Feature) -> Handler:
    def read(call: Call) -> Reply:
        owner, line = _owner_and_line(call, feature)
        current = dict(_current(call, feature, owner, line))
        if feature.name == "callerId":
            current.update(_caller_id_now(call.tenant, line))
        return Reply(200, current)

    return read


def _merged(current: Record, given: Record) -> Record:
    """`given` over `current`; permissions are merged by their type of call."""
    given = filled(given)
    permissions = {item["callType"]: item for item in given.pop("callingPermissions", ())}
    merged = merge(current, given)
    if permissions:
        merged["callingPermissions"] = [
            {**item, **permissions.get(item["callType"], {})} for item in current["callingPermissions"]
        ]
    return merged


def _writer(feature: Feature) -> Handler:
    def write(call: Call) -> Reply:
        owner, line = _owner_and_line(call, feature)
        refuse_read_only(call.body)
        if feature.name == "callerId" and isinstance(call.body, dict) and "selected" not in call.body:
            raise invalid("selected")
        given = parse(feature.body, call.body)
        if feature.check is not None:
            feature.check(call.tenant, line, given)
        current = _current(call, feature, owner, line)
        call.tenant.settings.setdefault(owner["id"], {})[feature.name] = _merged(current, given)
        return Reply(204)

    return write


def serve(routes: Routes, feature: Feature) -> None:
    """Answer GET and PUT of one setting."""
    routes.add("GET", feature.path, _reader(feature))
    routes.add("PUT", feature.path, _writer(feature))


for _feature in FEATURES:
    serve(routes, _feature)
