"""Auto attendants: one org-wide list, everything else under their location. A menu is replaced as a whole."""

from typing import Any, Literal

from webex_provision.sandbox.answers import Record, Reply, invalid, missing
from webex_provision.sandbox.bodies import Body, filled, parse
from webex_provision.sandbox.locations import calling_location
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.services import (
    HIDDEN,
    Alternate,
    CallerName,
    ForwardingBody,
    Service,
    alternates_of,
    check_files,
    check_language,
    check_needed,
    dashed,
    numbers_of,
)
from webex_provision.sandbox.tenant import Tenant

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


routes = Routes()

ATTENDANT = Service(
    table="auto_attendants",
    kind="AUTO_ATTENDANT",
    title="auto attendant",
    folder="autoAttendants",
    forwarding=ForwardingBody[Forward],
    voicemail="sendToVoicemailEnabled",
)
ATTENDANT.serve(routes)


@routes.get(ATTENDANT.everywhere)
def list_attendants(call: Call) -> Reply:
    """Of the whole organisation."""
    return ATTENDANT.page(call, lambda *_: {"tollFreeNumber": False})


@routes.post(ATTENDANT.all)
def create_attendant(call: Call) -> Reply:
    """201 with the id; name, schedule, both menus and one of extension and number are needed; names are unique."""
    tenant = call.tenant
    location = calling_location(tenant, call.ids["location_id"])
    given = filled(parse(AttendantBody, call.body))
    check_needed(given, "name", "businessSchedule", *MENUS)
    ATTENDANT.check_name(tenant, location["id"], given["name"])
    _check(tenant, location["id"], given)
    alternates = given.pop("alternateNumbers", None)
    for alternate in alternates or ():
        tenant.lines.check_number(location["id"], alternate["phoneNumber"], "")
    defaults = {"firstName": given["name"], "lastName": "."}
    defaults |= {"extensionDialing": "ENTERPRISE", "nameDialing": "ENTERPRISE"}
    attendant_id = ATTENDANT.add(tenant, location["id"], given, defaults)
    ATTENDANT.change_numbers(tenant, attendant_id, {}, alternates)
    return Reply(201, {"id": attendant_id})


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


@routes.get(ATTENDANT.one)
def read_attendant(call: Call) -> Reply:
    """One auto attendant with its menus; numbers among the values of keys have a dash."""
    tenant, attendant = call.tenant, ATTENDANT.found(call)
    answer = {name: value for name, value in attendant.items() if name not in HIDDEN and name not in MENUS}
    answer["tollFreeNumber"] = False
    answer["alternateNumbers"] = alternates_of(tenant, attendant["id"])
    answer |= {name: _shown_menu(tenant, attendant[name]) for name in MENUS}
    return Reply(200, answer | numbers_of(tenant, attendant["id"]))


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


@routes.put(ATTENDANT.one)
def update_attendant(call: Call) -> Reply:
    """204; what is left out stays, a menu and the alternates are replaced."""
    tenant, attendant = call.tenant, ATTENDANT.found(call)
    given = filled(parse(AttendantBody, call.body))
    location_id, name = attendant["locationId"], given.get("name") or attendant["name"]
    ATTENDANT.check_name(tenant, location_id, name, attendant)
    _check(tenant, location_id, given)
    ATTENDANT.change_numbers(tenant, attendant["id"], given, given.pop("alternateNumbers", None))
    ATTENDANT.rename(tenant, attendant, name)
    attendant.update(given)
    return Reply(204)
