"""What is uncertain about phase 3: groups, what users may change, and the services that are dialled."""

from collections.abc import Callable
from typing import Any

from webex_provision.sandbox.answers import Reply, WebexError
from webex_provision.sandbox.routing import Call, Handler
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.promises.answers import Answer, Row, Rule, Uncertainty, plays, refused, says, takes
from webex_provision_tests.promises.uncertain_routing import SCHEDULE, decided, taken
from webex_provision_tests.promises.uncertain_users import ANA, LUIS, person
from webex_provision_tests.rehearsal import hunt_group

_PLACE = "^/telephony/config/locations/[^/]+"
_PATCH = ("PATCH", "^/groups/[^/]+$")
_ACCESS = "/settings/permissions$"
_LONG = "A name of forty characters, all of it used"

TEAM = {"entity_type": "groups", "group_name": "Ventas", "group_description": "Equipo"}
MEMBERS = {
    "entity_type": "group_membership",
    "member_group_name": "Ventas",
    "member_emails": "ana@example.com|luis@example.com",
}
ACCESS = {
    "entity_type": "feature_access",
    "email": "ana@example.com",
    "feature_access_allow": "voicemail",
    "feature_access_reset": "true",
}
PICKUP = {
    "entity_type": "call_pickup_group",
    "location_key": "HQ",
    "pickup_name": "Planta 2",
    "pickup_members": "ana@example.com",
}
QUEUE = {
    "entity_type": "call_queue",
    "location_key": "HQ",
    "queue_name": "Soporte",
    "extension": "2900",
    "queue_agents": "ana@example.com",
    "queue_size": "20",
    "queue_services_json": '{"nightService":{"nightServiceEnabled":true,"action":"BUSY"}}',
}
HUNT = hunt_group(
    "Recepcion",
    "2800",
    hunt_agents="ana@example.com",
    hunt_next_agent_rings="4",
    hunt_alternate_numbers="+34910002801",
)
_PLAIN_HUNT = hunt_group("Recepcion", "2800", hunt_agents="ana@example.com")
ATTENDANT = {
    "entity_type": "auto_attendant",
    "location_key": "HQ",
    "aa_name": "Centralita",
    "extension": "2950",
    "aa_business_schedule": "Oficina",
    "aa_business_keys": "0:EXIT|1:TRANSFER_WITHOUT_PROMPT:2999",
    "aa_after_hours_keys": "0:EXIT",
}


def _already(operation: str, status: int) -> Rule:
    """Somebody who is there already can't be added; somebody who is not can't be removed."""

    def hook(call: Call, handler: Handler) -> Reply:
        held = set(call.tenant.table("groups").rows[call.ids["group_id"]]["members"])
        for change in call.body.get("members", ()):
            if change["operation"] == operation and (change["id"] in held) is (operation == "add"):
                raise WebexError(status, "Nothing to change")
        return handler(call)

    return Rule(*_PATCH, hook)


def _one_is_member(call: Call, handler: Handler) -> Reply:
    for group in call.tenant.table("groups").rows.values():
        group["members"] = sorted({*group["members"], person(call.tenant)["id"]})
    return handler(call)


def _both_are_members(site: InProcessSite) -> None:
    (group,) = site.sandbox.tenant.table("groups").rows.values()
    assert len(group["members"]) == 2


_GROUPS = (
    taken("a group", "^/groups$", "^/groups$", TEAM),
    decided(
        "body of a new group",
        "The published schema wants another body than its own examples.",
        TEAM,
        rule=refused("POST", "^/groups$", 400, 25008),
    ),
    Uncertainty(
        name="a group that the directory keeps",
        what="How a change of a synchronised group is refused.",
        rows=(TEAM,),
        there=True,
        answers={
            "it can be changed": Answer(),
            "400": plays(refused(*_PATCH, 400), ends="non_retryable_external"),
            "403": plays(refused(*_PATCH, 403), ends="permission_denied"),
        },
    ),
    Uncertainty(
        name="adding a member who is there",
        what="Whether it changes nothing, or refuses the whole request.",
        rows=(ANA, LUIS, TEAM, MEMBERS),
        answers={
            "nothing": plays(Rule("PATCH", "^/groups/", _one_is_member), then=_both_are_members),
            **{
                str(status): plays(
                    Rule("PATCH", "^/groups/", _one_is_member), _already("add", status), then=_both_are_members
                )
                for status in (400, 409)
            },
        },
    ),
    Uncertainty(
        name="removing a member who is not there",
        what="Whether it changes nothing, or refuses the whole request.",
        rows=(ANA, LUIS, TEAM, MEMBERS | {"member_action": "remove"}),
        answers={"nothing": Answer(), "400": plays(_already("delete", 400)), "404": plays(_already("delete", 404))},
    ),
    Uncertainty(
        name="most members of one change",
        what="The limit of a change is not stated.",
        rows=(ANA, LUIS, TEAM, MEMBERS),
        answers={
            "enough": Answer(),
            "too many": plays(
                refused(*_PATCH, 400, when=lambda call: "members" in call.body), ends="non_retryable_external"
            ),
        },
    ),
)

_ACCESSES = (
    Uncertainty(
        name="API of what users may change",
        what="Documents differ on whether it is there at all.",
        rows=(ANA, ACCESS),
        answers={
            "it is": Answer(),
            "it is not": plays(refused(".*", _ACCESS, 404, text="No static resource"), ends="out_of_scope"),
        },
    ),
    Uncertainty(
        name="what a user without calling may change",
        what="How the change is refused.",
        rows=(ANA, ACCESS),
        answers={
            "400": plays(refused("POST", "/reset/invoke$", 400, 4003), ends="precondition_missing"),
            "404": plays(refused("POST", "/reset/invoke$", 404), ends="precondition_missing"),
        },
    ),
    Uncertainty(
        name="answer to a change of what users may change",
        what="200 or 204.",
        rows=(ANA, ACCESS),
        answers={
            "204": Answer(),
            "200": plays(says("PUT|POST", "/settings/permissions", lambda *_: Reply(200, {}))),
        },
    ),
)


def _twin(call: Call, reply: Reply) -> None:
    del call
    reply.body["huntGroups"] += [item | {"id": "dHdpbg", "name": "Recepcion"} for item in reply.body["huntGroups"]]


def _lacks(*path: str) -> Callable[[Call], bool]:
    """Whether the body says something of a nested object, but not its last part."""

    def incomplete(call: Call) -> bool:
        inner: Any = call.body
        for name in path[:-1]:
            inner = inner.get(name) if isinstance(inner, dict) else None
        return isinstance(inner, dict) and path[-1] not in inner

    return incomplete


def _other_alternates(call: Call) -> Any:
    """As if the list went under another key, and this one were ignored."""
    return {name: value for name, value in call.body.items() if name != "alternateNumbers"}


def _agents(name: str, row: Row, path: str) -> Uncertainty:
    return Uncertainty(
        name=f"an agent of {name} from elsewhere",
        what="Whether a member of another location, or with the lesser licence, is accepted.",
        rows=(ANA, row),
        answers={
            "accepted": Answer(),
            "no code": plays(refused("POST", path, 400, 25024), ends="non_retryable_external"),
            "a licence is missing": plays(refused("POST", path, 400, 4410), ends="license_or_feature_missing"),
        },
    )


def _location_gone(name: str, path: str, *rows: Row) -> Uncertainty:
    return Uncertainty(
        name=f"{name} where the location does not call",
        what="How a location is refused that is not enabled for calling.",
        rows=rows,
        answers={"it calls": Answer(), "404": plays(refused("POST", path, 404), ends="precondition_missing")},
    )


_QUEUES = f"{_PLACE}/queues"
_HUNTS = f"{_PLACE}/huntGroups"
_PICKUPS = f"{_PLACE}/callPickups"
_ATTENDANTS = f"{_PLACE}/autoAttendants"


def _only_people(call: Call, reply: Reply) -> None:
    """The list of numbers does not show the services either."""
    del call
    held = [item for item in reply.body["phoneNumbers"] if (item.get("owner") or {}).get("type", "PEOPLE") == "PEOPLE"]
    reply.body["phoneNumbers"] = held


_UNSEEN = (says("GET", "^/telephony/config/numbers$", _only_people),)
_SERVICES = (
    taken("a pickup group", f"{_PICKUPS}$", f"{_PICKUPS}$", ANA, PICKUP),
    taken("a queue", f"{_QUEUES}$", "^/telephony/config/queues$", ANA, QUEUE, looks=3, rules=_UNSEEN),
    taken("a hunt group", f"{_HUNTS}$", "^/telephony/config/huntGroups$", ANA, _PLAIN_HUNT, rules=_UNSEEN),
    taken(
        "an auto attendant", f"{_ATTENDANTS}$", "^/telephony/config/autoAttendants$", SCHEDULE, ATTENDANT, rules=_UNSEEN
    ),
    _agents("a pickup group", PICKUP, f"{_PICKUPS}$"),
    _agents("a queue", QUEUE, f"{_QUEUES}$"),
    _agents("a hunt group", HUNT, f"{_HUNTS}$"),
    _location_gone("a hunt group", f"{_HUNTS}$", ANA, HUNT),
    _location_gone("a queue", f"{_QUEUES}$", ANA, QUEUE),
    Uncertainty(
        name="a member of another pickup group",
        what="Whether one who left that group in the same run is free at once.",
        rows=(ANA, PICKUP),
        answers={
            "at once": Answer(),
            "not yet": plays(refused("POST", f"{_PICKUPS}$", 400, 4471), ends="non_retryable_external"),
        },
    ),
    Uncertainty(
        name="a slim body of a queue",
        what="How much of the nested objects of a queue is mandatory when they are changed.",
        rows=(ANA, QUEUE),
        there=True,
        answers={
            "what is sent": Answer(),
            "the overflow": plays(
                refused("PUT", f"{_QUEUES}/[^/]+$", 400, 25008, when=_lacks("queueSettings", "overflow"))
            ),
            "all settings": plays(refused("PUT", f"{_QUEUES}/[^/]+$", 400, 25008, when=_lacks("callPolicies"))),
        },
    ),
    Uncertainty(
        name="a slim night service",
        what="How much of a service of a queue is mandatory.",
        rows=(ANA, QUEUE),
        answers={
            "switch and action": Answer(),
            "everything": plays(
                refused("PUT", "/nightService$", 400, 25008, when=_lacks("announcementMode")), ends="half_applied"
            ),
        },
    ),
    Uncertainty(
        name="a slim body of a hunt group",
        what="How much of the rules for unanswered calls is mandatory.",
        rows=(ANA, HUNT),
        there=True,
        answers={
            "what is sent": Answer(),
            "all of it": plays(
                refused(
                    "PUT", f"{_HUNTS}/[^/]+$", 400, 25008, when=_lacks("callPolicies", "noAnswer", "forwardEnabled")
                )
            ),
        },
    ),
    Uncertainty(
        name="alternate numbers of a hunt group",
        what="Under which key they go; another is ignored.",
        rows=(ANA, HUNT),
        answers={"this one": Answer(), "the other": plays(takes("PUT", f"{_HUNTS}/[^/]+$", _other_alternates))},
    ),
    decided(
        "keys of a menu",
        "The description calls a list an object; and whether a key may lead where nobody is.",
        SCHEDULE,
        ATTENDANT,
        rule=refused("POST", f"{_ATTENDANTS}$", 400, 25024),
    ),
    decided(
        "length of a name",
        "The longest names of queues, hunt groups and attendants are in no source.",
        ANA,
        hunt_group(_LONG, "2801"),
        rule=refused("POST", f"{_HUNTS}$", 400, 25110),
    ),
    Uncertainty(
        name="names that differ in case only",
        what="Whether they are two objects or one.",
        rows=(hunt_group("RECEPCION", "2803"),),
        there=True,
        answers={
            "one": Answer(),
            "two": plays(says("GET", "^/telephony/config/huntGroups$", _twin)),
        },
    ),
)


UNCERTAINTIES = (*_GROUPS, *_ACCESSES, *_SERVICES)
