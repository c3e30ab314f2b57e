"""Call queues: one org-wide list that hides Customer Assist queues, everything else under their location.

A PUT merges, nested objects too; agents are replaced. Services have a path of their own each, see `queue_services`.
"""

from collections.abc import Iterable
from typing import Literal

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid, missing
from webex_provision.sandbox.bodies import Body, check_time_zone, merge, parse
from webex_provision.sandbox.hunt_groups import Alternate, CallerName, dashed
from webex_provision.sandbox.locations import ANNOUNCEMENT_LANGUAGES, calling_location
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import STANDARD, Tenant

routes = Routes()

TABLE = "call_queues"
ALL = "/telephony/config/locations/{location_id}/queues"
ONE = ALL + "/{queue_id}"
MOST_AGENTS = {"SIMULTANEOUS": 50, "WEIGHTED": 100}
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


def _key(location_id: str, name: str) -> str:
    return f"{location_id}/{name}"


def found_queue(call: Call) -> Record:
    """The queue that the path names; 404 when it is not there or in another location."""
    location = calling_location(call.tenant, call.ids["location_id"])
    queue = call.tenant.get(TABLE, call.ids["queue_id"], "CALL_QUEUE")
    if queue["locationId"] != location["id"]:
        raise WebexError(404, "Call queue not found in this location")
    return queue


def filled(given: Record) -> Record:
    """The members that hold something."""
    return {name: value for name, value in given.items() if value is not None}


@routes.get("/telephony/config/queues")
def list_queues(call: Call) -> Reply:
    """Of the whole organisation, plain or Customer Assist queues only; filters locationId, name, phoneNumber."""
    tenant, query = call.tenant, call.query
    names, part = tenant.table(TABLE).names, query.get("name", "").casefold()
    found = (
        queue
        for queue in tenant.listed(TABLE)
        if queue["hasCxEssentials"] == call.flag("hasCxEssentials")
        and query.get("locationId", queue["locationId"]) == queue["locationId"]
        and (not part or part in names[queue["id"]])
        and query.get("phoneNumber", "") in tenant.lines.by_owner[queue["id"]].number
    )
    reply = call.pages("queues", found, default=1000, largest=2000)
    reply.body["queues"] = [_listed(tenant, queue) for queue in reply.body["queues"]]
    return reply


def _listed(tenant: Tenant, queue: Record) -> Record:
    location = tenant.table("locations").rows[queue["locationId"]]
    return {
        "id": queue["id"],
        "name": queue["name"],
        "locationId": location["id"],
        "locationName": location["name"],
        "enabled": queue["enabled"],
        "hasCxEssentials": queue["hasCxEssentials"],
        **service_numbers(tenant, queue["id"]),
    }


def service_numbers(tenant: Tenant, owner_id: str) -> Record:
    """Extension and number of a service, as its details show them."""
    line = tenant.lines.by_owner[owner_id]
    shown: Record = {}
    if line.number:
        shown["phoneNumber"] = dashed(line.number)
    if line.extension:
        shown["extension"] = line.extension
    return shown


@routes.post(ALL)
def create_queue(call: Call) -> Reply:
    """200 with the id; name, callPolicies and one of extension and number are needed; names are unique."""
    tenant = call.tenant
    location = calling_location(tenant, call.ids["location_id"])
    given = filled(parse(QueueBody, call.body))
    if not given.get("name"):
        raise missing("name")
    if not (given.get("callPolicies") or {}).get("policy"):
        raise missing("callPolicies")
    if not given.get("extension") and not given.get("phoneNumber"):
        raise missing("extension or phoneNumber")
    _check_name(tenant, location["id"], given["name"], None)
    policies = {"routingType": "PRIORITY_BASED"} | filled(given.pop("callPolicies"))
    settings = merge(new_settings(), filled(given.pop("queueSettings", {})))
    _check(tenant, given, policies, settings)
    for name in ("alternateNumberSettings", "enabled"):
        given.pop(name, None)
    queue_id = tenant.new_id("CALL_QUEUE", _key(location["id"], given["name"]))
    extension, number = given.pop("extension", ""), given.pop("phoneNumber", "")
    tenant.lines.assign(queue_id, "CALL_QUEUE", location["id"], extension=extension, number=number, now=tenant.now())
    queue = {"id": queue_id, "locationId": location["id"], "enabled": True, "agents": [], "services": {}}
    queue |= {"hasCxEssentials": call.flag("hasCxEssentials"), "callingLineIdPolicy": "DIRECT_LINE"}
    queue |= _kept(given) | {"callPolicies": policies, "queueSettings": settings}
    tenant.keep(TABLE, queue, name=queue["name"], key=_key(location["id"], queue["name"]))
    return Reply(200, {"id": queue_id})


def _kept(given: Record) -> Record:
    """A custom calling line id is accepted and not kept (seen live)."""
    custom = given.get("callingLineIdPolicy") == "CUSTOM"
    return {name: value for name, value in given.items() if name != "callingLineIdPolicy" or not custom}


def _check_name(tenant: Tenant, location_id: str, name: str, present: Record | None) -> None:
    holder = tenant.table(TABLE).find(_key(location_id, name))
    if holder is not None and holder is not present:
        raise WebexError(409, f"A call queue named {name} already exists in this location", 25030)


def check_language(given: Record) -> None:
    """400 for a time zone or a language code that does not exist."""
    check_time_zone(given.get("timeZone"))
    if given.get("languageCode") is not None and given["languageCode"] not in ANNOUNCEMENT_LANGUAGES:
        raise WebexError(400, f"Invalid language code: {given['languageCode']}", 25046)


def check_files(tenant: Tenant, files: Iterable[Record]) -> None:
    """400/25024 for an announcement that is not there."""
    for file in files:
        if file["id"] not in tenant.table("announcements").rows:
            raise invalid(f"audioAnnouncementFiles: {file['id']}")


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
    agents = [agent["id"] for agent in given.get("agents") or ()]
    if len(agents) > MOST_AGENTS.get(policies["policy"], 1000) or len(set(agents)) != len(agents):
        raise invalid("agents")
    for agent_id in agents:
        _check_agent(tenant, agent_id)


def _check_agent(tenant: Tenant, agent_id: str) -> None:
    """400/4410 for somebody whose licence is Standard; the code for it is recorded nowhere."""
    if not any(agent_id in tenant.table(kind).rows for kind in ("people", "workspaces", "virtual_lines")):
        raise invalid(f"agents: {agent_id}")
    tenant.active_line(agent_id)
    if tenant.license(STANDARD)["id"] in tenant.owner(agent_id).get("licenses", ()):
        raise WebexError(400, "An agent's licence does not include call queues", 4410)


@routes.get(ONE)
def read_queue(call: Call) -> Reply:
    """One queue with its agents; a Customer Assist queue only to those who ask for one."""
    tenant, queue = call.tenant, found_queue(call)
    if queue["hasCxEssentials"] and not call.flag("hasCxEssentials"):
        raise WebexError(404, "Call queue not found")
    line = tenant.lines.by_owner[queue["id"]]
    hidden = {"locationId", "services", "forwarding", "callingLineIdPolicy", "allowAgentJoinEnabled"}
    answer = {name: value for name, value in queue.items() if name not in hidden}
    answer["callPolicies"] = {
        "policy": queue["callPolicies"]["policy"],
        "callBounce": dict(BOUNCE),
        "distinctiveRing": {"enabled": True, "ringPattern": "NORMAL"},
    }
    answer["queueSettings"] = {name: _shown(value) for name, value in queue["queueSettings"].items()}
    answer["agents"] = [_agent(tenant, agent) for agent in queue["agents"]]
    answer["alternateNumberSettings"] = {
        "distinctiveRingEnabled": line.distinctive_ring,
        "alternateNumbers": [
            {"phoneNumber": dashed(number), "ringPattern": pattern} for number, pattern in line.alternates.items()
        ],
    }
    return Reply(200, answer | service_numbers(tenant, queue["id"]))


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


def _agent(tenant: Tenant, agent: Record) -> Record:
    owner, line = tenant.owner(agent["id"]), tenant.line(agent["id"])
    shown = {
        "id": agent["id"],
        "firstName": owner.get("firstName", owner["displayName"]),
        "lastName": owner.get("lastName", "."),
    }
    if line is not None and line.extension:
        shown["extension"] = line.extension
    if agent.get("weight") is not None:
        shown["weight"] = agent["weight"]
    return shown


@routes.put(ONE)
def update_queue(call: Call) -> Reply:
    """204; merged, but agents and alternates are replaced."""
    tenant, queue = call.tenant, found_queue(call)
    given = filled(parse(QueueBody, call.body))
    name = given.get("name") or queue["name"]
    _check_name(tenant, queue["locationId"], name, queue)
    policies = queue["callPolicies"] | filled(given.pop("callPolicies", {}))
    settings = merge(queue["queueSettings"], filled(given.pop("queueSettings", {})))
    _check(tenant, given, policies, settings)
    alternates = given.pop("alternateNumberSettings", {}).get("alternateNumbers")
    change_service_numbers(tenant, queue["id"], "CALL_QUEUE", given, alternates)
    tenant.table(TABLE).rename(
        queue["id"], name=name, old_key=_key(queue["locationId"], queue["name"]), key=_key(queue["locationId"], name)
    )
    queue |= _kept(given) | {"callPolicies": policies, "queueSettings": settings}
    return Reply(204)


def change_service_numbers(
    tenant: Tenant, owner_id: str, owner_type: str, given: Record, alternates: list[Record] | None
) -> None:
    """Take extension and number out of `given` and give them to a service, with its alternates where told."""
    line = tenant.lines.by_owner[owner_id]
    extension, number = given.pop("extension", line.extension), given.pop("phoneNumber", line.number)
    if not extension and not number:
        raise missing("extension or phoneNumber")
    if extension:
        tenant.lines.check_extension(line.location_id, extension, owner_id)
    if number:
        tenant.lines.check_number(line.location_id, number, owner_id)
    if alternates is not None:
        wanted = {item["phoneNumber"]: item.get("ringPattern") or "NORMAL" for item in alternates}
        tenant.lines.replace_alternates(line, wanted)
    tenant.lines.assign(owner_id, owner_type, line.location_id, extension=extension, number=number, now=tenant.now())


@routes.delete(ONE)
def delete_queue(call: Call) -> Reply:
    """204; its extension and numbers become free."""
    tenant, queue = call.tenant, found_queue(call)
    tenant.lines.release(queue["id"])
    tenant.table(TABLE).remove(queue["id"], key=_key(queue["locationId"], queue["name"]))
    return Reply(204)
