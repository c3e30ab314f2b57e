"""What is uncertain about phase 2: workspaces, their lines and settings; executives and assistants."""

from collections.abc import Callable
from typing import Any

from webex_provision.sandbox.answers import Record, Reply
from webex_provision.sandbox.faults import Effect, FaultRule
from webex_provision.sandbox.routing import Call, Handler
from webex_provision.sandbox.tenant import Quirks, Tenant
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.promises.answers import (
    ALWAYS,
    Answer,
    Rule,
    Uncertainty,
    hidden,
    plays,
    refused,
    says,
    takes,
)
from webex_provision_tests.promises.uncertain_users import ANA, LUIS, of_user, person
from webex_provision_tests.rehearsal import workspace

_LIST = "^/workspaces$"
_PUT = ("PUT", "^/workspaces/[^/]+$")
_MONITORING = "^/workspaces/[^/]+/features/monitoring$"

SALA = workspace("Sala", "2301", workspace_calling_license="professional")


def of_workspace(kind: str, **cells: str) -> dict[str, str]:
    """A row of another type about the workspace."""
    return {"entity_type": kind, "location_key": "HQ", "workspace_display_name": "Sala", **cells}


RECORDING = of_workspace("workspace_recording", workspace_recording_enabled="true")
MONITORING = of_workspace("workspace_monitoring", workspace_monitoring_targets="ana@example.com")
FORWARDING = of_workspace("workspace_forwarding", workspace_forwarding_enabled="false")
NUMBERS = of_workspace("workspace_numbers", extension="2302")
ALTERNATES = of_workspace("workspace_numbers", phone_numbers_secondary="+34910003301")
ASSISTANTS = of_user(
    "user_exec_assistant", user_exec_assistant_emails="luis@example.com", user_exec_alerting_mode="SIMULTANEOUS"
)


def _workspace(tenant: Tenant) -> Record:
    (found,) = tenant.table("workspaces").rows.values()
    return found


def _lost(status: int | None = None) -> FaultRule:
    return FaultRule(method="POST", path="/workspaces$", effect=Effect.GHOST, status=status, last=1)


def _keeps_details(site: InProcessSite) -> None:
    held = _workspace(site.sandbox.tenant)
    assert {name: held.get(name) for name in ("type", "capacity", "notes")} == {
        "type": "meetingRoom",
        "capacity": 8,
        "notes": "Planta 2",
    }


def _clears(call: Call, handler: Handler) -> Reply:
    """What is not sent is gone."""
    held = call.tenant.table("workspaces").rows[call.ids["workspace_id"]]
    for name in ("type", "capacity", "notes"):
        if name not in call.body:
            held.pop(name, None)
    return handler(call)


def _described(call: Call, handler: Handler) -> Reply:
    """Somebody has described the room since it was made."""
    held = _workspace(call.tenant)
    if held["type"] == "notSet":
        held.update({"type": "meetingRoom", "capacity": 8, "notes": "Planta 2"})
    return handler(call)


_DESCRIBED = Rule("GET", _LIST, _described)


def _hides_licenses(call: Call, reply: Reply) -> None:
    del call
    for item in reply.body["items"]:
        item["calling"] = {"type": item["calling"]["type"]}


def _line(extension: str, number: str) -> Callable[[InProcessSite], None]:
    def look(site: InProcessSite) -> None:
        tenant = site.sandbox.tenant
        held = tenant.lines.by_owner[_workspace(tenant)["id"]]
        assert (held.extension, held.number) == (extension, number)

    return look


def _merged_line(call: Call) -> Any:
    """As if the block kept what it does not say."""
    block = call.body.get("calling", {}).get("webexCalling")
    if block is None:
        return call.body
    held = call.tenant.lines.by_owner[call.ids["workspace_id"]]
    whole = {"extension": held.extension, "phoneNumber": held.number} | block
    known = {name: value for name, value in whole.items() if value}
    return {**call.body, "calling": {"type": "webexCalling", "webexCalling": known}}


def _strings(call: Call) -> bool:
    return any(isinstance(element, str) for element in call.body["monitoredElements"])


def _speaks_of_calling(call: Call) -> bool:
    return "calling" in call.body


_WORKSPACES = (
    Uncertainty(
        name="a workspace whose create had no answer",
        what="Whether a second workspace of the name would be refused, and how soon the list shows the first.",
        rows=(SALA,),
        answers={
            "shown at once": Answer(faults=(_lost(),)),
            "504, shown at once": Answer(faults=(_lost(504),)),
            "shown soon": Answer(faults=(_lost(),), quirks=Quirks(list_lag_seconds=8)),
            "never shown": plays(hidden(_LIST, ALWAYS), faults=(_lost(),), ends="retry_exhausted"),
        },
    ),
    Uncertainty(
        name="an extension that is taken, workspace",
        what="How a new workspace is refused.",
        rows=(SALA,),
        answers={
            "one code": plays(refused("POST", _LIST, 400, 4202), ends="non_retryable_external"),
            "409": plays(refused("POST", _LIST, 409), ends="non_retryable_external"),
        },
    ),
    Uncertainty(
        name="PUT of a workspace",
        what="Whether type, capacity and notes are cleared when they are left out.",
        rows=(SALA, NUMBERS),
        there=True,
        answers={
            "they stay": plays(_DESCRIBED, then=_keeps_details),
            "they are cleared": plays(_DESCRIBED, Rule(*_PUT, _clears), then=_keeps_details),
        },
    ),
    Uncertainty(
        name="calling of a workspace",
        what="Whether a block of calling merges or replaces.",
        rows=(workspace("Sala", "2301", phone_number="+34910002301"), NUMBERS),
        answers={
            "replaces": Answer(then=_line("2302", "+34910002301")),
            "merges": plays(takes(*_PUT, _merged_line), then=_line("2302", "+34910002301")),
        },
    ),
    Uncertainty(
        name="the line of a workspace with devices",
        what="Whether its extension can be changed while devices stand there.",
        rows=(SALA, NUMBERS),
        answers={
            "it can": Answer(),
            "it can't": plays(
                refused(*_PUT, 400, text="the workspace has devices", when=_speaks_of_calling),
                ends="precondition_missing",
            ),
            "it can't, without a word": plays(
                refused(*_PUT, 400, when=_speaks_of_calling), ends="non_retryable_external"
            ),
        },
    ),
    Uncertainty(
        name="licences of a workspace",
        what="Whether the list shows them.",
        rows=(SALA, RECORDING),
        there=True,
        answers={"shown": Answer(), "not shown": plays(says("GET", _LIST, _hides_licenses))},
    ),
    Uncertainty(
        name="settings of a workspace without Professional",
        what="Which settings it has.",
        rows=(workspace("Sala", "2301"), FORWARDING),
        answers={
            "this one": Answer(),
            "not this one": plays(refused("PUT", "/features/callForwarding$", 405), ends="license_or_feature_missing"),
        },
    ),
    Uncertainty(
        name="path of a workspace's recording",
        what="Documents give several paths.",
        rows=(SALA, RECORDING),
        answers={
            "this one": Answer(),
            "another": plays(
                refused("PUT", "/features/callRecordings$", 404, text="No static resource"), ends="workspace_not_found"
            ),
        },
    ),
    Uncertainty(
        name="scope of a workspace's numbers",
        what="Sources differ on the scope that the change needs.",
        rows=(SALA, ALTERNATES),
        answers={
            "held": Answer(),
            "not held": plays(
                refused("PUT", "^/telephony/config/workspaces/[^/]+/numbers$", 403), ends="permission_denied"
            ),
        },
    ),
    Uncertainty(
        name="monitoring list of a workspace",
        what="Whether it takes ids or objects, and whether the switch must be said.",
        rows=(ANA, SALA, MONITORING),
        answers={
            "ids": Answer(),
            "objects": plays(refused("PUT", _MONITORING, 400, 25024, when=_strings)),
            "with the switch": plays(
                refused("PUT", _MONITORING, 400, 25008, when=lambda call: "enableCallParkNotification" not in call.body)
            ),
        },
    ),
)


def _assistants_add(call: Call, handler: Handler) -> Reply:
    """As if the list that is sent came to the one that is there."""
    kept = call.tenant.settings[call.ids["person_id"]]["executive"]
    held = kept.get("assistants", [])
    reply = handler(call)
    kept["assistants"] = list(dict.fromkeys([*held, *kept["assistants"]]))
    return reply


def _alert_merges(call: Call) -> Any:
    kept = call.tenant.settings[call.ids["person_id"]]["executive"]
    return kept.get("alert", {}) | call.body


def _luis_is_executive(call: Call, handler: Handler) -> Reply:
    luis = person(call.tenant, "luis")["id"]
    if call.ids["person_id"] == luis:
        call.tenant.settings.setdefault(luis, {})["executive"] = {"type": "EXECUTIVE"}
    return handler(call)


_TYPES = "/features/executiveAssistant$"
_EXECUTIVES = (
    Uncertainty(
        name="list of assistants",
        what="Whether the list that is sent replaces or adds; whether the alert merges.",
        rows=(ANA, LUIS, ASSISTANTS),
        there=True,
        answers={
            "replaces": Answer(),
            "adds": plays(Rule("PUT", "/assignedAssistants$", _assistants_add)),
            "the alert merges": plays(takes("PUT", "/executive/alert$", _alert_merges)),
        },
    ),
    Uncertainty(
        name="an assistant who is an executive",
        what="Whether making him an assistant is refused, or silently takes his own assistants.",
        rows=(ANA, LUIS, ASSISTANTS),
        there=True,
        answers={
            "silently": plays(Rule("GET", _TYPES, _luis_is_executive), ends="precondition_missing"),
            "refused": plays(
                Rule("GET", _TYPES, _luis_is_executive), refused("PUT", _TYPES, 400), ends="precondition_missing"
            ),
        },
    ),
    Uncertainty(
        name="an assistant without calling, or too many",
        what="What the list of assistants answers; its largest size is in no source.",
        rows=(ANA, LUIS, ASSISTANTS),
        answers={
            "accepted": Answer(),
            "not calling": plays(refused("PUT", "/assignedAssistants$", 400, 4003), ends="half_applied"),
            "too many": plays(refused("PUT", "/assignedAssistants$", 400, 25110), ends="half_applied"),
        },
    ),
    Uncertainty(
        name="executives of a licence",
        what="Whether the licence has the feature shows only when the assistants are assigned.",
        rows=(ANA, LUIS, ASSISTANTS),
        answers={
            "it has": Answer(),
            "it has not": plays(refused("PUT", "/assignedAssistants$", 400, 4410), ends="half_applied"),
        },
    ),
)

UNCERTAINTIES = (*_WORKSPACES, *_EXECUTIVES)
