"""Call recording: the organisation's vendor, and the setting of people and workspaces.

Until the vendor's terms are accepted, switching recording on is 409 with nothing but the vendor in the body (seen
live). A workspace needs a Professional licence (405/25409). A notification of no kind is null on write, "None" on read.
"""

from typing import Literal

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid, make_id
from webex_provision.sandbox.bodies import Body
from webex_provision.sandbox.features import Feature, serve
from webex_provision.sandbox.lines import Line
from webex_provision.sandbox.locations import calling_location
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import PROFESSIONAL, Tenant

routes = Routes()

ORGANISATION = "organisation"
TERMS = "https://sandbox.example/terms"
INTERVALS = range(10, 1801)


class Notification(Body):
    """What is heard when recording pauses."""

    type: Literal["Beep", "Play Announcement"] | None = None
    enabled: bool | None = None


class Repeat(Body):
    """The tone that reminds of a recording, every so many seconds."""

    interval: int | None = None
    enabled: bool | None = None


class StartStop(Body):
    """Where the start and the end of a recording are announced."""

    internal_calls_enabled: bool | None = None
    pstn_calls_enabled: bool | None = None


class Selective(Body):
    """Which calls are recorded; all four must be said."""

    record_inbound_internal_calls_enabled: bool
    record_inbound_external_calls_enabled: bool
    record_outbound_internal_calls_enabled: bool
    record_outbound_external_calls_enabled: bool


class Recording(Body):
    """What PUT accepts of a person or workspace."""

    enabled: bool | None = None
    record: Literal["Always", "Never", "Always with Pause/Resume", "On Demand with User Initiated Start"] | None = None
    record_voicemail_enabled: bool | None = None
    notification: Notification | None = None
    repeat: Repeat | None = None
    start_stop_announcement: StartStop | None = None
    selective_call_recording_settings: Selective | None = None


def set_recording(tenant: Tenant, *, enabled: bool = True, vendor: str = "Webex", terms: bool = True) -> None:
    """What the organisation has bought and accepted."""
    kept = tenant.settings.setdefault(ORGANISATION, {})
    kept["callRecording"] = {"enabled": enabled, "vendorName": vendor, "termsAccepted": terms}
    tenant.changes += 1


def _organisation(tenant: Tenant) -> Record:
    kept = tenant.settings.get(ORGANISATION, {}).get("callRecording")
    return kept or {"enabled": True, "vendorName": "Webex", "termsAccepted": True}


def _vendor(name: str) -> Record:
    return {"vendorId": make_id("RECORDING_VENDOR", name), "vendorName": name, "termsOfServiceUrl": TERMS}


@routes.get("/telephony/config/callRecording")
def read_organisation(call: Call) -> Reply:
    """Whether the organisation records, and with whom."""
    organisation = _organisation(call.tenant)
    answer = {
        "organization": {"id": call.tenant.org_id, "name": "Sandbox"},
        "enabled": organisation["enabled"],
        **_vendor(organisation["vendorName"]),
    }
    return Reply(200, answer)


@routes.get("/telephony/config/locations/{location_id}/callRecording/vendors")
def read_vendors(call: Call) -> Reply:
    """The vendor of a location: that of the organisation."""
    calling_location(call.tenant, call.ids["location_id"])
    vendor = _vendor(_organisation(call.tenant)["vendorName"])
    listed = {
        "id": vendor["vendorId"],
        "name": vendor["vendorName"],
        "description": "",
        "migrateUserCreationEnabled": False,
        "loginUrl": "https://sandbox.example/login",
        "termsOfServiceUrl": TERMS,
    }
    answer = {
        "orgDefaultEnabled": True,
        "orgDefaultVendorId": vendor["vendorId"],
        "orgDefaultVendorName": vendor["vendorName"],
        "defaultVendorId": vendor["vendorId"],
        "defaultVendorName": vendor["vendorName"],
        "vendors": [listed],
        "failureBehavior": "PROCEED_WITH_CALL_NO_ANNOUNCEMENT",
    }
    return Reply(200, answer)


def _defaults(tenant: Tenant, owner: Record, line: Line) -> Record:
    del tenant, line
    return {
        "enabled": False,
        "record": "Never",
        "recordVoicemailEnabled": False,
        "notification": {"type": "None", "enabled": False},
        "repeat": {"interval": 15, "enabled": False},
        "startStopAnnouncement": {"internalCallsEnabled": False, "pstnCallsEnabled": False},
        "serviceProvider": "Sandbox",
        "externalGroup": "",
        "externalIdentifier": owner["id"][-12:],
    }


def _check(tenant: Tenant, line: Line, given: Record) -> None:
    organisation = _organisation(tenant)
    if line.owner_type == "PLACE":
        held = tenant.table("workspaces").rows[line.owner_id]["licenses"]
        if tenant.license(PROFESSIONAL)["id"] not in held:
            raise WebexError(405, "Invalid Professional Place", 25409)
    if given.get("enabled") and not organisation["enabled"]:
        raise WebexError(400, "[Error 4410] Service is not assigned to this subscriber: Call Recording", 4410)
    if given.get("enabled") and not organisation["termsAccepted"]:
        vendor = _vendor(organisation["vendorName"])
        raise WebexError(409, "terms of service", body=vendor)
    interval = (given.get("repeat") or {}).get("interval")
    if interval is not None and interval not in INTERVALS:
        raise invalid("repeat.interval")
    notification = given.get("notification")
    if notification and notification.get("type", "") is None:
        notification["type"] = "None"


PERSON = "/people/{owner_id}/features/callRecording"
PLACE = "/telephony/config/workspaces/{owner_id}/features/callRecordings"

for _table, _path in (("people", PERSON), ("workspaces", PLACE)):
    serve(routes, Feature("callRecording", _table, _path, Recording, _defaults, _check))
