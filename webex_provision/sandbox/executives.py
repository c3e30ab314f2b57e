"""Executives and assistants. Everything below `executive` is 400/4410 until the person's type is EXECUTIVE; leaving
that type clears the list of assistants, who keep theirs (both seen live)."""

from typing import Any, Literal

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid
from webex_provision.sandbox.bodies import Body, parse
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import Tenant

routes = Routes()

SETTING = "executive"
EXECUTIVE = "EXECUTIVE"
ALERT: Record = {
    "alertingMode": "SEQUENTIAL",
    "nextAssistantNumberOfRings": 3,
    "rolloverEnabled": False,
    "rolloverAction": "NO_ANSWER_PROCESSING",
    "rolloverWaitTimeInSecs": 20,
    "clidNameMode": "EXECUTIVE_ORIGINATOR",
    "clidPhoneNumberMode": "EXECUTIVE",
}


class PersonType(Body):
    """What a person is."""

    type: Literal["UNASSIGNED", "EXECUTIVE", "EXECUTIVE_ASSISTANT"] | None = None


class Assigned(Body):
    """The whole list of assistants; null takes all away."""

    assistant_ids: list[str] | None = None


class Alert(Body):
    """How assistants are alerted; whether PUT merges is not recorded, so here it replaces."""

    alerting_mode: Literal["SEQUENTIAL", "SIMULTANEOUS"] | None = None
    next_assistant_number_of_rings: int | None = None
    rollover_enabled: bool | None = None
    rollover_action: Literal["VOICE_MESSAGING", "NO_ANSWER_PROCESSING", "FORWARD"] | None = None
    rollover_forward_to_phone_number: str | None = None
    rollover_wait_time_in_secs: int | None = None
    clid_name_mode: str | None = None
    clid_phone_number_mode: str | None = None


def _person(call: Call) -> tuple[Record, Record]:
    """A calling person and what is kept of it."""
    person = call.tenant.get("people", call.ids["person_id"], "PEOPLE")
    call.tenant.active_line(person["id"])
    return person, _kept(call.tenant, person["id"])


def _kept(tenant: Tenant, person_id: str) -> Record:
    kept: Record | None = tenant.settings.get(person_id, {}).get(SETTING)
    return {"type": "UNASSIGNED"} if kept is None else kept


def _executive(call: Call) -> Record:
    _, kept = _person(call)
    if kept["type"] != EXECUTIVE:
        raise WebexError(400, "[Error 4410] Service is not assigned to this subscriber: Executive", 4410)
    return kept


@routes.get("/people/{person_id}/features/executiveAssistant")
def read_type(call: Call) -> Reply:
    """Executive, assistant or neither."""
    return Reply(200, {"type": _person(call)[1]["type"]})


@routes.put("/people/{person_id}/features/executiveAssistant")
def change_type(call: Call) -> Reply:
    """204; who is an executive no longer has no assistants."""
    person, kept = _person(call)
    wanted = parse(PersonType, call.body).get("type") or kept["type"]
    if wanted != EXECUTIVE:
        kept.pop("assistants", None)
    kept["type"] = wanted
    call.tenant.settings.setdefault(person["id"], {})[SETTING] = kept
    return Reply(204)


@routes.get("/telephony/config/people/{person_id}/executive/assignedAssistants")
def read_assistants(call: Call) -> Reply:
    """The assistants in their order."""
    kept, tenant = _executive(call), call.tenant
    shown = [_assistant(tenant, person_id) for person_id in kept.get("assistants", ())]
    return Reply(200, {"assistants": shown, "allowOptInOutEnabled": False})


def _assistant(tenant: Tenant, person_id: str) -> Record:
    person, line = tenant.table("people").rows[person_id], tenant.lines.by_owner[person_id]
    location = tenant.table("locations").rows[line.location_id]
    numbers: dict[str, Any] = {"directNumber": line.number, "extension": line.extension}
    return {
        "id": person_id,
        "firstName": person["firstName"],
        "lastName": person["lastName"],
        **{name: value for name, value in numbers.items() if value},
        "optInEnabled": True,
        "location": {"name": location["name"], "id": location["id"]},
    }


@routes.put("/telephony/config/people/{person_id}/executive/assignedAssistants")
def change_assistants(call: Call) -> Reply:
    """204; the list that is sent replaces."""
    kept = _executive(call)
    given = parse(Assigned, call.body)
    ids = given.get("assistantIds") or []
    if any(person_id not in call.tenant.lines.by_owner for person_id in ids):
        raise invalid("assistantIds")
    kept["assistants"] = ids
    return Reply(204)


@routes.get("/telephony/config/people/{person_id}/executive/alert")
def read_alert(call: Call) -> Reply:
    """How assistants are alerted."""
    return Reply(200, _executive(call).get("alert", ALERT))


@routes.put("/telephony/config/people/{person_id}/executive/alert")
def change_alert(call: Call) -> Reply:
    """204; what is not sent falls back."""
    kept = _executive(call)
    kept["alert"] = ALERT | parse(Alert, call.body)
    return Reply(204)
