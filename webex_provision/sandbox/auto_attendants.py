"""Auto attendants: one org-wide list, everything else under their location. A menu is replaced as a whole."""

from typing import Any, Literal

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid, missing
from webex_provision.sandbox.bodies import Body, merge, parse
from webex_provision.sandbox.call_queues import (
    change_service_numbers,
    check_files,
    check_language,
    filled,
    service_numbers,
)
from webex_provision.sandbox.hunt_groups import Alternate, CallerName, dashed
from webex_provision.sandbox.locations import calling_location
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import Tenant

routes = Routes()

TABLE = "auto_attendants"
_ALL = "/telephony/config/locations/{location_id}/autoAttendants"
_ONE = _ALL + "/{attendant_id}"
MENUS = ("businessHoursMenu", "afterHoursMenu")
NEEDS_VALUE = frozenset({"TRANSFER_WITHOUT_PROMPT", "TRANSFER_WITH_PROMPT", "TRANSFER_TO_MAILBOX"})


class AudioFile(Body):
    """An announcement, by id and level."""

    id: str
    level: Literal["ORGANIZATION", "LOCATION"]


class KeyConfiguration(Body):
    """What one key does."""

    key: Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"]
    action: Literal[
        "PLAY_ANNOUNCEMENT",
        "TRANSFER_WITH_PROMPT",
        "TRANSFER_WITHOUT_PROMPT",
        "TRANSFER_TO_OPERATOR",
        "TRANSFER_TO_MAILBOX",
        "NAME_DIALING",
        "EXTENSION_DIALING",
        "REPEAT_MENU",
        "EXIT",
    ]
    description: str | None = None
    value: str | None = None
    audio_announcement_file: AudioFile | None = None


class Menu(Body):
    """A menu, whole."""

    greeting: Literal["DEFAULT", "CUSTOM"]
    extension_enabled: bool
    key_configurations: list[KeyConfiguration]
    audio_announcement_file: AudioFile | None = None
    call_treatment: dict[str, Any] | None = None


class AttendantBody(Body):
    """What POST and PUT accept; a holiday menu is unknown and ignored (seen live)."""

    name: str | None = None
    extension: str | None = None
    phone_number: str | None = None
    alternate_numbers: list[Alternate] | None = None
    language_code: str | None = None
    time_zone: str | None = None
    business_schedule: str | None = None
    holiday_schedule: str | None = None
    extension_dialing: Literal["ENTERPRISE", "GROUP"] | None = None
    name_dialing: Literal["ENTERPRISE", "GROUP"] | None = None
    business_hours_menu: Menu | None = None
    after_hours_menu: Menu | None = None
    direct_line_caller_id_name: CallerName | None = None


class Forward(Body):
    """One way of forwarding; voicemail has another name here than in queues and hunt groups."""

    enabled: bool | None = None
    destination: str | None = None
    ring_reminder_enabled: bool | None = None
    send_to_voicemail_enabled: bool | None = None


class ForwardRule(Body):
    """A rule of selective forwarding, switched on or off."""

    id: str
    enabled: bool | None = None


class Forwarding(Body):
    """The object inside the wrapper."""

    always: Forward | None = None
    selective: Forward | None = None
    rules: list[ForwardRule] | None = None


class ForwardingBody(Body):
    """The body of PUT …/callForwarding; without the wrapper it says nothing."""

    call_forwarding: Forwarding | None = None


def _key(location_id: str, name: str) -> str:
    return f"{location_id}/{name}"


def _found(call: Call) -> Record:
    location = calling_location(call.tenant, call.ids["location_id"])
    attendant = call.tenant.get(TABLE, call.ids["attendant_id"], "AUTO_ATTENDANT")
    if attendant["locationId"] != location["id"]:
        raise WebexError(404, "Auto attendant not found in this location")
    return attendant


@routes.get("/telephony/config/autoAttendants")
def list_attendants(call: Call) -> Reply:
    """Of the whole organisation; filters locationId, name (contains), phoneNumber; start and max."""
    tenant, query = call.tenant, call.query
    names, part = tenant.table(TABLE).names, query.get("name", "").casefold()
    found = (
        attendant
        for attendant in tenant.listed(TABLE)
        if query.get("locationId", attendant["locationId"]) == attendant["locationId"]
        and (not part or part in names[attendant["id"]])
        and query.get("phoneNumber", "") in tenant.lines.by_owner[attendant["id"]].number
    )
    reply = call.pages("autoAttendants", found, default=1000, largest=2000)
    reply.body["autoAttendants"] = [_listed(tenant, attendant) for attendant in reply.body["autoAttendants"]]
    return reply


def _listed(tenant: Tenant, attendant: Record) -> Record:
    location = tenant.table("locations").rows[attendant["locationId"]]
    return {
        "id": attendant["id"],
        "name": attendant["name"],
        "locationId": location["id"],
        "locationName": location["name"],
        "tollFreeNumber": False,
        **service_numbers(tenant, attendant["id"]),
    }


@routes.post(_ALL)
def create_attendant(call: Call) -> Reply:
    """201 with the id; name, schedule, both menus and one of extension and number are needed; names are unique."""
    tenant = call.tenant
    location = calling_location(tenant, call.ids["location_id"])
    given = filled(parse(AttendantBody, call.body))
    for name in ("name", "businessSchedule", *MENUS):
        if not given.get(name):
            raise missing(name)
    if not given.get("extension") and not given.get("phoneNumber"):
        raise missing("extension or phoneNumber")
    _check_name(tenant, location["id"], given["name"], None)
    _check(tenant, location["id"], given)
    attendant_id = tenant.new_id("AUTO_ATTENDANT", _key(location["id"], given["name"]))
    extension, number = given.pop("extension", ""), given.pop("phoneNumber", "")
    alternates = given.pop("alternateNumbers", None)
    for alternate in alternates or ():
        tenant.lines.check_number(location["id"], alternate["phoneNumber"], attendant_id)
    tenant.lines.assign(
        attendant_id, "AUTO_ATTENDANT", location["id"], extension=extension, number=number, now=tenant.now()
    )
    change_service_numbers(tenant, attendant_id, "AUTO_ATTENDANT", {}, alternates)
    attendant = {"id": attendant_id, "locationId": location["id"], "enabled": True}
    attendant |= {"firstName": given["name"], "lastName": ".", "extensionDialing": "ENTERPRISE"}
    attendant |= {"nameDialing": "ENTERPRISE", **given}
    tenant.keep(TABLE, attendant, name=given["name"], key=_key(location["id"], given["name"]))
    return Reply(201, {"id": attendant_id})


def _check_name(tenant: Tenant, location_id: str, name: str, present: Record | None) -> None:
    holder = tenant.table(TABLE).find(_key(location_id, name))
    if holder is not None and holder is not present:
        raise WebexError(409, f"An auto attendant named {name} already exists in this location", 25030)


def _check(tenant: Tenant, location_id: str, given: Record) -> None:
    check_language(given)
    for field, kind in (("businessSchedule", "businessHours"), ("holidaySchedule", "holidays")):
        name = given.get(field)
        if name is not None and tenant.table("schedules").find(f"{location_id}/{kind}/{name}") is None:
            raise invalid(field)
    for menu in (given[name] for name in MENUS if name in given):
        _check_menu(tenant, menu)


def _check_menu(tenant: Tenant, menu: Record) -> None:
    keys = [one["key"] for one in menu["keyConfigurations"]]
    if not keys:
        raise missing("keyConfigurations")
    if len(set(keys)) < len(keys):
        raise invalid("keyConfigurations.key")
    if menu["greeting"] == "CUSTOM" and not menu.get("audioAnnouncementFile"):
        raise missing("audioAnnouncementFile")
    last = (menu.get("callTreatment") or {}).get("actionToBePerformed") or {}
    files = [part.get("audioAnnouncementFile") for part in (menu, *menu["keyConfigurations"], last)]
    check_files(tenant, (file for file in files if file))
    for one in menu["keyConfigurations"]:
        if one["action"] in NEEDS_VALUE and not one.get("value"):
            raise missing("keyConfigurations.value")


@routes.get(_ONE)
def read_attendant(call: Call) -> Reply:
    """One auto attendant with its menus; numbers among the values of keys have a dash."""
    tenant, attendant = call.tenant, _found(call)
    line = tenant.lines.by_owner[attendant["id"]]
    answer = {name: value for name, value in attendant.items() if name not in {"locationId", "forwarding", *MENUS}}
    answer["tollFreeNumber"] = False
    answer["alternateNumbers"] = [
        {"phoneNumber": dashed(number), "ringPattern": pattern} for number, pattern in line.alternates.items()
    ]
    answer |= {name: _shown_menu(tenant, attendant[name]) for name in MENUS}
    return Reply(200, answer | service_numbers(tenant, attendant["id"]))


def _shown_menu(tenant: Tenant, menu: Record) -> Record:
    shown = _with_file(tenant, menu)
    shown["keyConfigurations"] = [_with_file(tenant, one) for one in menu["keyConfigurations"]]
    for one in shown["keyConfigurations"]:
        if str(one.get("value", "")).startswith("+"):
            one["value"] = dashed(one["value"])
    return shown


def _with_file(tenant: Tenant, part: Record) -> Record:
    shown = filled(part)
    if "audioAnnouncementFile" in shown:
        file = tenant.table("announcements").rows[shown["audioAnnouncementFile"]["id"]]
        shown["audioAnnouncementFile"] = {name: file[name] for name in ("id", "fileName", "mediaFileType", "level")}
    return shown


@routes.put(_ONE)
def update_attendant(call: Call) -> Reply:
    """204; what is left out stays, a menu and the alternates are replaced."""
    tenant, attendant = call.tenant, _found(call)
    given = filled(parse(AttendantBody, call.body))
    location_id, name = attendant["locationId"], given.get("name") or attendant["name"]
    _check_name(tenant, location_id, name, attendant)
    _check(tenant, location_id, given)
    change_service_numbers(tenant, attendant["id"], "AUTO_ATTENDANT", given, given.pop("alternateNumbers", None))
    old_key = _key(location_id, attendant["name"])
    tenant.table(TABLE).rename(attendant["id"], name=name, old_key=old_key, key=_key(location_id, name))
    attendant.update(given)
    return Reply(204)


@routes.delete(_ONE)
def delete_attendant(call: Call) -> Reply:
    """204; its extension and numbers become free."""
    tenant, attendant = call.tenant, _found(call)
    tenant.lines.release(attendant["id"])
    tenant.table(TABLE).remove(attendant["id"], key=_key(attendant["locationId"], attendant["name"]))
    return Reply(204)


def _forwarding(attendant: Record) -> Record:
    off = {"enabled": False, "ringReminderEnabled": False, "sendToVoicemailEnabled": False}
    kept: Record = attendant.get("forwarding", {})
    return merge({"always": dict(off), "selective": dict(off), "rules": []}, kept)


@routes.get(_ONE + "/callForwarding")
def read_forwarding(call: Call) -> Reply:
    """Where the attendant's calls are forwarded."""
    return Reply(200, {"callForwarding": _forwarding(_found(call))})


@routes.put(_ONE + "/callForwarding")
def update_forwarding(call: Call) -> Reply:
    """204; without the wrapper 200, and nothing changes (seen live)."""
    attendant = _found(call)
    given = parse(ForwardingBody, call.body).get("callForwarding")
    if given is None:
        return Reply(200)
    for name in ("always", "selective"):
        wish = given.get(name) or {}
        if wish.get("enabled") and not wish.get("destination"):
            raise missing(f"callForwarding.{name}.destination")
    attendant["forwarding"] = merge(_forwarding(attendant), filled(given))
    return Reply(204)
