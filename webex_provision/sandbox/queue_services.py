"""The services of a call queue: holidays, nights, stranded calls, forced forwarding."""

from dataclasses import dataclass
from typing import Literal

from webex_provision.sandbox.answers import Record, Reply, missing
from webex_provision.sandbox.bodies import Body, filled, merge, parse
from webex_provision.sandbox.call_queues import QUEUE
from webex_provision.sandbox.routing import Call, Handler, Routes

routes = Routes()

Selection = Literal["DEFAULT", "CUSTOM"]
Level = Literal["LOCATION", "ORGANIZATION"]


class HolidayService(Body):
    """What callers meet on holidays."""

    holiday_service_enabled: bool
    action: Literal["BUSY", "TRANSFER"]
    holiday_schedule_level: Level
    holiday_schedule_name: str | None = None
    transfer_phone_number: str | None = None
    play_announcement_before_enabled: bool
    audio_message_selection: Selection


class NightService(Body):
    """What callers meet outside business hours."""

    night_service_enabled: bool
    action: Literal["BUSY", "TRANSFER"] | None = None
    transfer_phone_number: str | None = None
    play_announcement_before_enabled: bool | None = None
    announcement_mode: Literal["NORMAL", "MANUAL"] | None = None
    audio_message_selection: Selection | None = None
    business_hours_name: str | None = None
    business_hours_level: Level | None = None
    force_night_service_enabled: bool | None = None
    manual_audio_message_selection: Selection | None = None


class StrandedCalls(Body):
    """What happens when no agent is left."""

    action: Literal["NONE", "BUSY", "TRANSFER", "NIGHT_SERVICE", "RINGING", "ANNOUNCEMENT"]
    transfer_phone_number: str | None = None
    audio_message_selection: Selection


class ForcedForward(Body):
    """Sending all calls away."""

    forced_forward_enabled: bool
    transfer_phone_number: str | None = None
    play_announcement_before_enabled: bool
    audio_message_selection: Selection


@dataclass(frozen=True)
class Service:
    """One service: its path, what PUT accepts, and how a new queue has it."""

    name: str
    shape: type[Body]
    default: Record


_PLAIN = {"playAnnouncementBeforeEnabled": False, "audioMessageSelection": "DEFAULT"}
SERVICES = (
    Service(
        "holidayService",
        HolidayService,
        {"holidayServiceEnabled": False, "action": "BUSY", "holidayScheduleLevel": "LOCATION", **_PLAIN},
    ),
    Service(
        "nightService",
        NightService,
        {
            "nightServiceEnabled": False,
            "announcementMode": "NORMAL",
            "forceNightServiceEnabled": False,
            "manualAudioMessageSelection": "DEFAULT",
            **_PLAIN,
        },
    ),
    Service("strandedCalls", StrandedCalls, {"action": "NONE", "audioMessageSelection": "DEFAULT"}),
    Service("forcedForward", ForcedForward, {"forcedForwardEnabled": False, **_PLAIN}),
)


def _reader(service: Service) -> Handler:
    def read(call: Call) -> Reply:
        return Reply(200, QUEUE.found(call)["services"].get(service.name, service.default))

    return read


def _writer(service: Service) -> Handler:
    def write(call: Call) -> Reply:
        queue = QUEUE.found(call)
        given = filled(parse(service.shape, call.body))
        if given.get("nightServiceEnabled") and not given.get("action"):
            raise missing("action")
        if given.get("action") == "TRANSFER" and not given.get("transferPhoneNumber"):
            raise missing("transferPhoneNumber")
        kept = queue["services"].get(service.name, service.default)
        queue["services"][service.name] = merge(kept, given)
        return Reply(204)

    return write


for _service in SERVICES:
    routes.add("GET", f"{QUEUE.one}/{_service.name}", _reader(_service))
    routes.add("PUT", f"{QUEUE.one}/{_service.name}", _writer(_service))
