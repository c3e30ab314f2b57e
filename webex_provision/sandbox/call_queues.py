"""Call queues: one org-wide list that hides Customer Assist queues, everything else under their location.

A PUT merges, nested objects too; agents are replaced. Services have a path of their own each, see `queue_services`.
"""

from typing import Literal

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid, missing
from webex_provision.sandbox.bodies import Body, filled, merge, parse
from webex_provision.sandbox.locations import calling_location
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.services import (
    HIDDEN,
    MOST_AGENTS,
    Alternate,
    CallerName,
    Service,
    agent_of,
    alternates_of,
    check_agents,
    check_files,
    check_language,
    check_needed,
    numbers_of,
)
from webex_provision.sandbox.tenant import STANDARD, Tenant

routes = Routes()

QUEUE = Service(table="call_queues", kind="CALL_QUEUE", title="call queue", folder="queues")
QUEUE.serve(routes)

LARGEST_QUEUE = 250

Greeting = Literal["CUSTOM", "DEFAULT"]


class CallPolicies(Body):
    """How calls are spread over the agents."""

    policy: Literal["CIRCULAR", "REGULAR", "SIMULTANEOUS", "UNIFORM", "WEIGHTED"] | None = None
    routing_type: Literal["PRIORITY_BASED", "SKILL_BASED"] | None = None


class AudioFile(Body):
    """An announcement, by its id."""

    id: str
    level: Literal["LOCATION", "ORGANIZATION", "ENTITY"] | None = None


class Played(Body):
    """Something that callers hear."""

    enabled: bool | None = None
    greeting: Greeting | None = None
    audio_announcement_files: list[AudioFile] | None = None


class Music(Body):
    """What waiting callers hear."""

    normal_source: Played | None = None
    alternate_source: Played | None = None


class Overflow(Body):
    """What happens when the queue is full."""

    action: (
        Literal["PERFORM_BUSY_TREATMENT", "PLAY_RINGING_UNTIL_CALLER_HANGS_UP", "TRANSFER_TO_PHONE_NUMBER"] | None
    ) = None
    transfer_number: str | None = None
    greeting: Greeting | None = None


class QueueSettings(Body):
    """How callers wait."""

    queue_size: int | None = None
    overflow: Overflow | None = None
    welcome_message: Played | None = None
    comfort_message: Played | None = None
    moh_message: Music | None = None


class Agent(Body):
    """A member."""

    id: str
    weight: str | None = None
    skill_level: int | None = None
    join_enabled: bool | None = None


class AlternateSettings(Body):
    """Further numbers of the queue."""

    distinctive_ring_enabled: bool | None = None
    alternate_numbers: list[Alternate] | None = None


class QueueBody(Body):
    """What POST and PUT accept; `enabled` and alternates count in PUT only."""

    name: str | None = None
    extension: str | None = None
    phone_number: str | None = None
    enabled: bool | None = None
    language_code: str | None = None
    time_zone: str | None = None
    call_policies: CallPolicies | None = None
    queue_settings: QueueSettings | None = None
    agents: list[Agent] | None = None
    alternate_number_settings: AlternateSettings | None = None
    allow_agent_join_enabled: bool | None = None
    calling_line_id_policy: Literal["DIRECT_LINE", "LOCATION_NUMBER", "CUSTOM"] | None = None
    direct_line_caller_id_name: CallerName | None = None


BOUNCE = {
    "callBounceEnabled": True,
    "callBounceMaxRings": 8,
    "agentUnavailableEnabled": False,
    "alertAgentEnabled": False,
    "alertAgentMaxSeconds": 30,
    "callBounceOnHoldEnabled": False,
    "callBounceOnHoldMaxSeconds": 60,
}


def new_settings() -> Record:
    """The settings of a new queue; it holds nobody until told otherwise (seen live)."""
    silent = {"enabled": False, "greeting": "DEFAULT"}
    return {
        "queueSize": 0,
        "overflow": {"action": "PERFORM_BUSY_TREATMENT", "greeting": "DEFAULT"},
        "welcomeMessage": {**silent, "alwaysEnabled": False},
        "comfortMessage": {**silent, "timeBetweenMessages": 10},
        "mohMessage": {"normalSource": {**silent, "enabled": True}, "alternateSource": dict(silent)},
    }


@routes.get(QUEUE.everywhere)
def list_queues(call: Call) -> Reply:
    """Of the whole organisation, plain or Customer Assist queues only."""
    return QUEUE.page(call, _listed, lambda queue: queue["hasCxEssentials"] == call.flag("hasCxEssentials"))


def _listed(_: Tenant, queue: Record) -> Record:
    return {name: queue[name] for name in ("enabled", "hasCxEssentials")}


@routes.post(QUEUE.all)
def create_queue(call: Call) -> Reply:
    """200 with the id; name, callPolicies and one of extension and number are needed; names are unique."""
    tenant = call.tenant
    location = calling_location(tenant, call.ids["location_id"])
    given = filled(parse(QueueBody, call.body))
    policies = {"routingType": "PRIORITY_BASED"} | filled(given.pop("callPolicies", {}))
    check_needed(given | {"callPolicies": policies.get("policy")}, "name", "callPolicies")
    QUEUE.check_name(tenant, location["id"], given["name"])
    settings = merge(new_settings(), filled(given.pop("queueSettings", {})))
    _check(tenant, given, policies, settings)
    for name in ("alternateNumberSettings", "enabled"):
        given.pop(name, None)
    defaults: Record = {"agents": [], "services": {}, "callingLineIdPolicy": "DIRECT_LINE"}
    defaults |= {"hasCxEssentials": call.flag("hasCxEssentials"), "callPolicies": policies, "queueSettings": settings}
    return Reply(200, {"id": QUEUE.add(tenant, location["id"], _kept(given), defaults)})


def _kept(given: Record) -> Record:
    """A custom calling line id is accepted and not kept (seen live)."""
    custom = given.get("callingLineIdPolicy") == "CUSTOM"
    return {name: value for name, value in given.items() if name != "callingLineIdPolicy" or not custom}


def _check(tenant: Tenant, given: Record, policies: Record, settings: Record) -> None:
    check_language(given)
    if policies["routingType"] == "SKILL_BASED" and policies["policy"] in MOST_AGENTS:
        raise invalid("callPolicies.policy")
    if not 0 <= settings["queueSize"] <= LARGEST_QUEUE:
        raise invalid("queueSettings.queueSize")
    overflow = settings["overflow"]
    if overflow["action"] == "TRANSFER_TO_PHONE_NUMBER" and not overflow.get("transferNumber"):
        raise missing("queueSettings.overflow.transferNumber")
    music = settings["mohMessage"]
    for played in (settings["welcomeMessage"], settings["comfortMessage"], *music.values()):
        check_files(tenant, played.get("audioAnnouncementFiles") or ())
    for agent_id in check_agents(tenant, given, policies["policy"]):
        # The code for somebody whose licence is Standard is recorded nowhere.
        if tenant.license(STANDARD)["id"] in tenant.owner(agent_id).get("licenses", ()):
            raise WebexError(400, "An agent's licence does not include call queues", 4410)


@routes.get(QUEUE.one)
def read_queue(call: Call) -> Reply:
    """One queue with its agents; a Customer Assist queue only to those who ask for one."""
    tenant, queue = call.tenant, QUEUE.found(call)
    if queue["hasCxEssentials"] and not call.flag("hasCxEssentials"):
        raise WebexError(404, "Call queue not found")
    hidden = HIDDEN | {"services", "callingLineIdPolicy", "allowAgentJoinEnabled"}
    answer = {name: value for name, value in queue.items() if name not in hidden}
    answer["callPolicies"] = {
        "policy": queue["callPolicies"]["policy"],
        "callBounce": dict(BOUNCE),
        "distinctiveRing": {"enabled": True, "ringPattern": "NORMAL"},
    }
    answer["queueSettings"] = {name: _shown(value) for name, value in queue["queueSettings"].items()}
    answer["agents"] = [agent_of(tenant, agent) for agent in queue["agents"]]
    answer["alternateNumberSettings"] = {
        "distinctiveRingEnabled": tenant.lines.by_owner[queue["id"]].distinctive_ring,
        "alternateNumbers": alternates_of(tenant, queue["id"]),
    }
    return Reply(200, answer | numbers_of(tenant, queue["id"]))


def _shown(setting: Record | int) -> Record | int:
    """A setting without its announcements, which the details do not tell."""
    if not isinstance(setting, dict):
        return setting
    return {
        name: {inner: kept for inner, kept in value.items() if inner != "audioAnnouncementFiles"}
        if isinstance(value, dict)
        else value
        for name, value in setting.items()
        if name != "audioAnnouncementFiles"
    }


@routes.put(QUEUE.one)
def update_queue(call: Call) -> Reply:
    """204; merged, but agents and alternates are replaced."""
    tenant, queue = call.tenant, QUEUE.found(call)
    given = filled(parse(QueueBody, call.body))
    name = given.get("name") or queue["name"]
    QUEUE.check_name(tenant, queue["locationId"], name, queue)
    policies = queue["callPolicies"] | filled(given.pop("callPolicies", {}))
    settings = merge(queue["queueSettings"], filled(given.pop("queueSettings", {})))
    _check(tenant, given, policies, settings)
    alternates = given.pop("alternateNumberSettings", {}).get("alternateNumbers")
    QUEUE.change_numbers(tenant, queue["id"], given, alternates)
    QUEUE.rename(tenant, queue, name)
    queue |= _kept(given) | {"callPolicies": policies, "queueSettings": settings}
    return Reply(204)
