"""What is uncertain about phase 1: the settings, numbers and schedules of a location."""

from collections.abc import Callable, Mapping

from webex_provision.sandbox.answers import Record, Reply, WebexError
from webex_provision.sandbox.routing import Call, Handler
from webex_provision.sandbox.tenant import Tenant
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.promises.answers import (
    Answer,
    Row,
    Rule,
    Uncertainty,
    accepts,
    hidden,
    plays,
    refused,
    refuses_as,
    says,
    takes,
)
from webex_provision_tests.promises.uncertain_routing import SCHEDULE, decided, taken

_PLACE = "^/telephony/config/locations/[^/]+"
_NUMBERS = f"{_PLACE}/numbers$"
_PERMISSIONS = f"{_PLACE}/outgoingPermission$"
_SCHEDULES = f"{_PLACE}/schedules"

PROFILE = {
    "entity_type": "location_call_profiles",
    "location_key": "HQ",
    "location_pstn_type": "NON_INTEGRATED_CCP",
    "location_pstn_target_key": "Example Carrier",
    "location_routing_prefix": "8100",
    "location_outgoing_profile": "default",
    "location_outgoing_permissions": "INTERNATIONAL=TRANSFER_NUMBER_1",
    "location_transfer_numbers": "+34910002101",
}
ADDED = ("+34910005001", "+34910005002")
ADD = {
    "entity_type": "location_number_state",
    "location_key": "HQ",
    "number_action": "ADD",
    "number_phone_numbers": "|".join(ADDED),
}
SWITCH_OFF = ADD | {"number_action": "DEACTIVATE", "number_phone_numbers": "+34910005003"}


def _job(call: Call, reply: Reply) -> Reply:
    del call
    return Reply(206, reply.body)


def _no_job(call: Call, reply: Reply) -> Reply:
    del call, reply
    return Reply(206, {"failureReason": "the job did not start"})


def _after_transfer_numbers(call: Call, handler: Handler) -> Reply:
    """A call can be sent to a transfer number only when there is one."""
    location_id = call.ids["location_id"]
    asked = any(one["action"].startswith("TRANSFER") for one in call.body["callingPermissions"])
    if asked and not call.tenant.settings.get(location_id, {}).get("locationTransferNumbers"):
        raise WebexError(400, "No transfer number", 25024)
    return handler(call)


def _controlled(call: Call, reply: Reply) -> None:
    del call
    for one in reply.body["callingPermissions"]:
        one["isCallTypeRestrictionEnabled"] = one["callType"] == "INTERNATIONAL"


def _other_list_key(call: Call, reply: Reply) -> None:
    del call
    reply.body = {"connectionOptions": reply.body["items"]}


_PROFILES = (
    Uncertainty(
        name="transfer numbers and permissions",
        what="Whether a permission may name a transfer number that is not set yet.",
        rows=(PROFILE,),
        answers={"it may": Answer(), "it may not": plays(Rule("PUT", _PERMISSIONS, _after_transfer_numbers))},
    ),
    Uncertainty(
        name="key of the connection options",
        what="Under which key the carriers of a location are listed.",
        rows=(PROFILE,),
        answers={"items": Answer(), "connectionOptions": plays(says("GET", "/connectionOptions$", _other_list_key))},
    ),
    Uncertainty(
        name="answer to a new routing prefix",
        what="Whether a job is named, and whether one that did not start is told.",
        rows=(PROFILE,),
        answers={
            "200 with a job": Answer(),
            "206 with a job": plays(says("PUT", f"{_PLACE}$", _job)),
            "204, no job": plays(says("PUT", f"{_PLACE}$", lambda *_: Reply(204))),
            "206, the job did not start": plays(says("PUT", f"{_PLACE}$", _no_job), ends="half_applied"),
        },
    ),
    Uncertainty(
        name="two jobs of the routing prefix",
        what="Whether a second job of the kind is refused while one runs.",
        rows=(PROFILE,),
        answers={
            "it runs beside": Answer(),
            "refused": plays(refused("PUT", f"{_PLACE}$", 409, "BATCH-1001004"), ends="half_applied"),
        },
    ),
    Uncertainty(
        name="call types that can't be set",
        what="Whether a location has call types that only Webex sets, and how it tells.",
        rows=(PROFILE,),
        answers={
            "none": Answer(),
            "told when read": plays(says("GET", _PERMISSIONS, _controlled), ends="license_or_feature_missing"),
            "refused with one code": plays(refused("PUT", _PERMISSIONS, 400, 25321), ends="half_applied"),
            "refused with another": plays(refused("PUT", _PERMISSIONS, 400, 25024), ends="half_applied"),
        },
    ),
)


def _default_state(state: str) -> Rule:
    return takes("POST", _NUMBERS, lambda call: {"state": state} | call.body)


def _all_active(site: InProcessSite) -> None:
    held = site.sandbox.tenant.lines.inventory
    assert {held[number].state for number in ADDED} == {"ACTIVE"}


def _one_is_there(tenant: Tenant) -> None:
    location = tenant.table("locations").find("HQ")
    assert location is not None
    tenant.lines.stock(location["id"], ADDED[:1], born=0)


def _ignores_present(call: Call) -> Record:
    held = call.tenant.lines.inventory
    return {**call.body, "phoneNumbers": [number for number in call.body["phoneNumbers"] if number not in held]}


def _numbers_list() -> Rule:
    return hidden("^/telephony/config/numbers$", 1)


def _refused_numbers(kept: int) -> Rule:
    """The array form: of each number that did not come in; `kept` came in all the same."""

    def hook(call: Call, handler: Handler) -> Reply:
        numbers = call.body["phoneNumbers"]
        call.body = {**call.body, "phoneNumbers": numbers[:kept]}
        if kept:
            handler(call)
        errors = [{"number": number, "errorCode": 25024, "errorMessage": "No"} for number in numbers[kept:]]
        raise WebexError(400, "No", body=[{"errors": errors}])

    return Rule("POST", _NUMBERS, hook)


_INVENTORY = (
    Uncertainty(
        name="state of an added number",
        what="Whether a number is on or off when the request does not say.",
        rows=(ADD,),
        answers={
            "on": plays(_default_state("ACTIVE"), then=_all_active),
            "off": plays(_default_state("INACTIVE"), then=_all_active),
        },
    ),
    Uncertainty(
        name="adding a number that is there",
        what="Whether a number that the list did not show yet is ignored, or refuses the whole request.",
        rows=(ADD,),
        answers={
            "refused": plays(_numbers_list(), before=_one_is_there, then=_all_active),
            "refused otherwise": plays(
                _numbers_list(), refuses_as("POST", _NUMBERS, 400, 25223), before=_one_is_there, then=_all_active
            ),
            "ignored": plays(
                _numbers_list(), takes("POST", _NUMBERS, _ignores_present), before=_one_is_there, then=_all_active
            ),
        },
    ),
    Uncertainty(
        name="numbers that a provider refuses",
        what="Whether some of the numbers come in when others are refused.",
        rows=(ADD,),
        answers={
            "none": plays(_refused_numbers(0), ends="non_retryable_external"),
            "some": plays(_refused_numbers(1), ends="half_applied"),
        },
    ),
    Uncertainty(
        name="most numbers of one request",
        what="No limit of an ADD is documented.",
        rows=(ADD,),
        answers={
            "enough": Answer(),
            "too many": plays(refused("POST", _NUMBERS, 400, 25110), ends="non_retryable_external"),
        },
    ),
    Uncertainty(
        name="switching off a number in use",
        what="How a number is refused that something else needs, such as an emergency number.",
        rows=(SWITCH_OFF,),
        answers={
            "accepted": Answer(),
            "one code": plays(refused("PUT", _NUMBERS, 400, 25042), ends="precondition_missing"),
            "no code": plays(refused("PUT", _NUMBERS, 400), ends="non_retryable_external"),
        },
    ),
)


def _held_events(tenant: Tenant) -> list[str]:
    (schedule,) = tenant.table("schedules").rows.values()
    return sorted(event["name"] for event in schedule["events"])


def _has_the_rows_events(site: InProcessSite) -> None:
    assert _held_events(site.sandbox.tenant) == ["MON 1", "SUN 1"]


def _put_schedule(adds: bool) -> Rule:
    """A PUT that drops the events which it leaves out; with `adds` it would take in those that it does not know."""

    def hook(call: Call, handler: Handler) -> Reply:
        schedule = call.tenant.table("schedules").rows[call.ids["schedule_id"]]
        named = {event["name"] for event in call.body["events"]}
        if not adds:
            assert named <= {event["name"] for event in schedule["events"]}
        reply = handler(call)
        schedule["events"] = [event for event in schedule["events"] if event["name"] in named]
        return reply

    return Rule("PUT", _SCHEDULES, hook)


def _other_events(call: Call, handler: Handler) -> Reply:
    """What the schedule held before this roll-out: an event too many, and one too few."""
    schedule = call.tenant.table("schedules").rows[call.ids["schedule_id"]]
    held = {event["name"]: event for event in schedule["events"]}
    if "SUN 1" in held and "Old" not in held and "touched" not in schedule:
        held["Old"] = {**held.pop("SUN 1"), "name": "Old", "id": "b2xk"}
        schedule["events"], schedule["touched"] = list(held.values()), True
    return handler(call)


_CHANGED_BEFORE = Rule("GET", f"{_SCHEDULES}/", _other_events)
HOLIDAYS: Mapping[str, str] = {
    "entity_type": "schedules",
    "location_key": "HQ",
    "schedule_name": "Oficina",
    "schedule_type": "holidays",
    "schedule_holidays": "Navidad=2026-12-25*",
}


def _of_type(kind: str) -> Callable[[Call], bool]:
    return lambda call: bool(call.body["type"] == kind)


_TIMES: tuple[Row, ...] = (SCHEDULE,)
_CALENDARS = (
    taken("a schedule", f"{_SCHEDULES}$", f"{_SCHEDULES}$", SCHEDULE),
    Uncertainty(
        name="PUT of a schedule",
        what="Whether events that a PUT leaves out are dropped, and whether unknown ones are added.",
        rows=_TIMES,
        there=True,
        answers={
            "they stay": plays(_CHANGED_BEFORE, then=_has_the_rows_events),
            "they go": plays(_CHANGED_BEFORE, _put_schedule(adds=False), then=_has_the_rows_events),
        },
    ),
    Uncertainty(
        name="one name for hours and holidays",
        what="Whether business hours and holidays of a location may share a name.",
        rows=(SCHEDULE, HOLIDAYS),
        answers={
            "they may": Answer(),
            "they may not": plays(
                refused("POST", f"{_SCHEDULES}$", 400, 25030, when=_of_type("holidays")),
                ends="non_retryable_external",
            ),
        },
    ),
    decided(
        "hours past midnight and all day",
        "Whether an event may end the next day, and whether 24 hours are an event of a whole day.",
        SCHEDULE,
        rule=refused("POST", f"{_SCHEDULES}$", 400, 25024),
    ),
    Uncertainty(
        name="deleting an event that is gone",
        what="What a second DELETE of an event answers.",
        rows=_TIMES,
        there=True,
        answers={
            "204": plays(_CHANGED_BEFORE, accepts("DELETE", f"{_SCHEDULES}/", 204), then=_has_the_rows_events),
            "404": plays(
                _CHANGED_BEFORE,
                says("DELETE", f"{_SCHEDULES}/", lambda *_: Reply(404, {"message": "gone"})),
                then=_has_the_rows_events,
            ),
        },
    ),
)

UNCERTAINTIES = (*_PROFILES, *_INVENTORY, *_CALENDARS)
