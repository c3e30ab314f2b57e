"""What is uncertain about phase 1: locations, trunks, routing."""

from functools import partial

from webex_provision.sandbox.answers import Record, Reply
from webex_provision.sandbox.routing import Call
from webex_provision.sandbox.tenant import Tenant
from webex_provision_tests.contract.routing_rows import PASSWORD_VARIABLE
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.promises.answers import (
    ALWAYS,
    Answer,
    Row,
    Rule,
    Uncertainty,
    asks,
    hidden,
    plays,
    refused,
    refuses_as,
    says,
    takes,
)
from webex_provision_tests.rehearsal import LOCATION

_PREMISE = "/telephony/config/premisePstn"
_PUT_LOCATION = ("PUT", "^/locations/")
_ENABLE = ("POST", "^/telephony/config/locations$")

TRUNK = {
    "entity_type": "trunk",
    "location_key": "HQ",
    "trunk_name": "SBC",
    "trunk_type": "REGISTERING",
    "trunk_password_env": PASSWORD_VARIABLE,
}
BORDER = TRUNK | {
    "trunk_name": "Border",
    "trunk_type": "CERTIFICATE_BASED",
    "trunk_address": "sbc01",
    "trunk_domain": "example.com",
    "trunk_port": "5061",
    "trunk_max_concurrent_calls": "250",
    "trunk_peer_identity": "sbc01.example.com",
}
GROUP = {"entity_type": "route_group", "route_group_name": "RG", "route_group_trunks": "SBC"}
DIALING = {
    "entity_type": "internal_dialing",
    "location_key": "HQ",
    "internal_dialing_enabled": "true",
    "internal_dialing_target_type": "TRUNK",
    "internal_dialing_target_key": "SBC",
}
PLAN = {
    "entity_type": "dial_plan",
    "dial_plan_name": "DP",
    "dial_plan_patterns": "+3493000!|45XX",
    "dial_plan_target_type": "TRUNK",
    "dial_plan_target_key": "SBC",
}
SCHEDULE = {
    "entity_type": "schedules",
    "location_key": "HQ",
    "schedule_name": "Oficina",
    "schedule_type": "businessHours",
    "schedule_weekly_hours": "MON=22:00-06:00|SUN=24h",
}


def taken(name: str, create: str, lists: str, *rows: Row, looks: int = 2, rules: tuple[Rule, ...] = ()) -> Uncertainty:
    """The name of an object that the lists did not show at first; `looks` are those before the create."""
    answers: dict[str, tuple[int, int | None, str]] = {
        "409 with a code": (409, 25030, "Duplicate"),
        "400 with a code": (400, 25030, "Duplicate"),
        "400 in words": (400, None, "already exists"),
    }
    found = {
        said: plays(hidden(lists, looks), *rules, refused("POST", create, status, code, text))
        for said, (status, code, text) in answers.items()
    }
    unseen = plays(hidden(lists, ALWAYS), *rules, refused("POST", create, 409), ends="non_retryable_external")
    return Uncertainty(
        name=f"{name} whose name is taken",
        what="With which status and code a second object of the same name is refused.",
        rows=rows,
        there=True,
        answers=found | {"409, and no list shows it": unseen},
    )


def decided(name: str, what: str, *rows: Row, rule: Rule, ends: str = "non_retryable_external") -> Uncertainty:
    """Sources differ; what is sent follows the better one, and a tenant of the other opinion refuses it."""
    return Uncertainty(
        name=name, what=what, rows=rows, answers={"accepted": Answer(), "refused": plays(rule, ends=ends)}
    )


def _location(tenant: Tenant) -> Record:
    return next(iter(tenant.table("locations").rows.values()))


def _keeps_language(site: InProcessSite) -> None:
    assert _location(site.sandbox.tenant)["preferredLanguage"] == "es_ES"


def _held_location(call: Call) -> Record:
    return {name: value for name, value in _location(call.tenant).items() if name != "id"} | call.body


def _other_address(call: Call, reply: Reply) -> None:
    del call
    for location in reply.body.get("items", [reply.body]):
        location["address"]["address1"] = "Calle Menor 9"


def _enabled_at(call: Call) -> float:
    return float(_location(call.tenant).get("callingSince", {}).get("born", 0))


def _not_yet(seconds: float) -> Rule:
    path = "^/telephony/config/locations/.+"
    return refused(".*", path, 404, when=lambda call: call.tenant.now() < _enabled_at(call) + seconds)


_LOCATIONS = (
    taken("a location", "^/locations$", "^/locations$", LOCATION),
    Uncertainty(
        name="calling enabled a second time",
        what="What enabling a location answers that has calling already, when the list did not show it.",
        rows=(LOCATION,),
        there=True,
        answers={
            "409": plays(hidden("^/telephony/config/locations$", 1), refuses_as(*_ENABLE, 409)),
            "400": plays(hidden("^/telephony/config/locations$", 1), refuses_as(*_ENABLE, 400, 25042)),
        },
    ),
    Uncertainty(
        name="an organisation without calling",
        what="How enabling a location is refused where the organisation has no calling.",
        rows=(LOCATION,),
        answers={
            "403 with a code": plays(refused(*_ENABLE, 403, "BIFROST-B10005"), ends="half_applied"),
            "400": plays(refused(*_ENABLE, 400), ends="half_applied"),
        },
    ),
    Uncertainty(
        name="PUT of a location",
        what="Whether what a PUT leaves out is erased or stays.",
        rows=(LOCATION,),
        there=True,
        answers={
            "replaces": Answer(then=_keeps_language),
            "merges": plays(takes(*_PUT_LOCATION, _held_location), then=_keeps_language),
        },
    ),
    Uncertainty(
        name="address of a location with PSTN",
        what="Whether a PUT may carry the address once the location has PSTN.",
        rows=(LOCATION,),
        there=True,
        answers={
            "accepted": Answer(),
            "refused, but it is the same": plays(refused(*_PUT_LOCATION, 400)),
            "refused with another code": plays(refused(*_PUT_LOCATION, 409, 25042)),
        },
    ),
    Uncertainty(
        name="a new address of a location with PSTN",
        what="Whether the address can be changed once the location has PSTN.",
        rows=(LOCATION,),
        there=True,
        answers={
            "accepted": plays(says("GET", "^/locations", _other_address)),
            "refused": plays(
                says("GET", "^/locations", _other_address),
                refused(*_PUT_LOCATION, 400),
                ends="non_retryable_external",
            ),
        },
    ),
    Uncertainty(
        name="use of a new calling location",
        what="Whether a location can be used at once when calling was enabled.",
        rows=(LOCATION, SCHEDULE),
        answers={
            "at once": Answer(),
            "after a moment": plays(_not_yet(1)),
            "much later": plays(_not_yet(30), ends="precondition_missing"),
        },
    ),
)


def _trunk_held(call: Call) -> Record:
    """As if what is left out of a PUT fell back to its default."""
    return {"dualIdentitySupportEnabled": False, "pChargeInfoSupportPolicy": "DISABLED"} | call.body


def _set_trunk(site: InProcessSite) -> None:
    for trunk in site.sandbox.tenant.table("trunks").rows.values():
        assert trunk["dualIdentitySupportEnabled"] is False


def _no_errors(call: Call, reply: Reply) -> None:
    del call
    reply.body["dialPatternErrors"] = []


def _pattern_errors(status: str, call: Call, reply: Reply) -> None:
    del call
    reply.body["dialPatternErrors"] = [{"dialPattern": "45XX", "patternStatus": status, "message": "No"}]


_ROUTING = (
    taken("a trunk", f"^{_PREMISE}/trunks$", f"^{_PREMISE}/trunks$", TRUNK),
    taken("a route group", f"^{_PREMISE}/routeGroups$", f"^{_PREMISE}/routeGroups$", TRUNK, GROUP),
    taken("a dial plan", f"^{_PREMISE}/dialPlans$", f"^{_PREMISE}/dialPlans$", TRUNK, PLAN),
    Uncertainty(
        name="reading a trunk",
        what="A trunk may be shown in part, with 206, when its state can't be had.",
        rows=(TRUNK,),
        there=True,
        answers={
            "200": Answer(),
            "206": plays(says("GET", f"{_PREMISE}/trunks/", lambda _, reply: Reply(206, reply.body))),
        },
    ),
    Uncertainty(
        name="PUT of a trunk",
        what="Whether what a PUT leaves out keeps its value.",
        rows=(BORDER,),
        there=True,
        answers={
            "merges": Answer(then=_set_trunk),
            "replaces": plays(takes("PUT", f"{_PREMISE}/trunks/", _trunk_held), then=_set_trunk),
        },
    ),
    Uncertainty(
        name="peer identity of a trunk",
        what="A field of one client library that the older description lacks.",
        rows=(BORDER,),
        answers={
            "kept": Answer(),
            "ignored": plays(
                takes("POST", f"{_PREMISE}/trunks$", lambda call: {**call.body, "peerIdentity": None}),
            ),
            "refused": plays(refused("POST", f"{_PREMISE}/trunks$", 400, 25024), ends="non_retryable_external"),
        },
    ),
    decided(
        "members of a route group",
        "Whether a trunk is named by id or, as one example has it, by trunkId.",
        TRUNK,
        GROUP,
        rule=refused("POST", f"{_PREMISE}/routeGroups$", 400, 25008),
    ),
    decided(
        "path of the route choices",
        "Two documents give two paths for the list of targets.",
        TRUNK,
        DIALING,
        rule=refused("GET", "/routeChoices$", 404, text="No static resource"),
        ends="success",  # what this run made is known without the list
    ),
    Uncertainty(
        name="answer to a new dial plan",
        what="Whether refused patterns are named in the answer to a create.",
        rows=(TRUNK, PLAN),
        answers={
            "never named": Answer(),
            "an empty list": plays(says("POST", f"{_PREMISE}/dialPlans$", _no_errors)),
            "held by another plan": plays(
                says("POST", f"{_PREMISE}/dialPlans$", partial(_pattern_errors, "DUPLICATE")),
                ends="half_applied",
            ),
            "not valid": plays(
                says("POST", f"{_PREMISE}/dialPlans$", partial(_pattern_errors, "INVALID")), ends="half_applied"
            ),
        },
    ),
    Uncertainty(
        name="a dial pattern over internal extensions",
        what="Whether a pattern is refused that the extensions of the organisation match.",
        rows=(TRUNK, PLAN),
        answers={
            "accepted": Answer(),
            "refused": plays(refused("POST", f"{_PREMISE}/dialPlans$", 400), ends="non_retryable_external"),
        },
    ),
    Uncertainty(
        name="filter of the routing lists",
        what="Whether the name filter of trunks, route groups and dial plans matches the whole, a part, or nothing.",
        rows=(TRUNK | {"trunk_name": "SBC-2"}, TRUNK, GROUP, GROUP | {"route_group_name": "RG-2"}, PLAN),
        answers={
            "a part": Answer(),
            "ignored": plays(asks("GET", _PREMISE, lambda query: {"max": query["max"]})),
        },
    ),
)

UNCERTAINTIES = (*_LOCATIONS, *_ROUTING)
