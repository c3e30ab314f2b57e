"""What hunt groups, call queues and auto attendants have in common.

Each has one list of the whole organisation, everything else under its location; a name that is unique there, an
extension and numbers, and call forwarding.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import phonenumbers

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid, missing
from webex_provision.sandbox.bodies import Body, check_time_zone, filled, merge, parse
from webex_provision.sandbox.locations import ANNOUNCEMENT_LANGUAGES, calling_location
from webex_provision.sandbox.numbers import RingPattern
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.tenant import Tenant

MOST_AGENTS = {"SIMULTANEOUS": 50, "WEIGHTED": 100}
HIDDEN = frozenset({"locationId", "forwarding"})  # kept in a record, never shown in its details


class Alternate(Body):
    """A further number of the service."""

    phone_number: str
    ring_pattern: RingPattern = "NORMAL"


class CallerName(Body):
    """The name shown to those whom the service calls."""

    selection: Literal["CUSTOM_NAME", "DISPLAY_NAME", "FIRSTNAME_LASTNAME", "LASTNAME_FIRSTNAME"] | None = None
    custom_name: str | None = None


class Forward(Body):
    """One way of forwarding."""

    enabled: bool | None = None
    destination: str | None = None
    ring_reminder_enabled: bool | None = None
    destination_voicemail_enabled: bool | None = None


class ForwardRule(Body):
    """A rule of selective forwarding, switched on or off."""

    id: str
    enabled: bool | None = None


ForwardT = TypeVar("ForwardT", bound=Body)


class Forwarding(Body, Generic[ForwardT]):
    """The object inside the wrapper."""

    always: ForwardT | None = None
    selective: ForwardT | None = None
    rules: list[ForwardRule] | None = None


class ForwardingBody(Body, Generic[ForwardT]):
    """The body of PUT …/callForwarding; without the wrapper it says nothing."""

    call_forwarding: Forwarding[ForwardT] | None = None


@dataclass(frozen=True, kw_only=True)
class Service:
    """One kind of service: its table, the type in its ids, its name in refusals, its part of the path.

    `forwarding` is what PUT …/callForwarding accepts, `voicemail` the name that voicemail has in there.
    """

    table: str
    kind: str
    title: str
    folder: str
    forwarding: type[Body] = ForwardingBody[Forward]
    voicemail: str = "destinationVoicemailEnabled"

    @property
    def everywhere(self) -> str:
        """The path of the list of the whole organisation."""
        return f"/telephony/config/{self.folder}"

    @property
    def all(self) -> str:
        """The path under a location."""
        return f"/telephony/config/locations/{{location_id}}/{self.folder}"

    @property
    def one(self) -> str:
        """The path of one of them."""
        return f"{self.all}/{{service_id}}"

    def serve(self, routes: Routes) -> None:
        """Answer what is the same for every kind: deleting, and call forwarding."""
        routes.add("DELETE", self.one, self._delete)
        routes.add("GET", f"{self.one}/callForwarding", self._read_forwarding)
        routes.add("PUT", f"{self.one}/callForwarding", self._update_forwarding)

    def found(self, call: Call) -> Record:
        """The service that the path names; 404 when it is not there or in another location."""
        location = calling_location(call.tenant, call.ids["location_id"])
        service = call.tenant.get(self.table, call.ids["service_id"], self.kind)
        if service["locationId"] != location["id"]:
            raise WebexError(404, f"{self.title.capitalize()} not found in this location")
        return service

    def page(
        self, call: Call, listed: Callable[[Tenant, Record], Record], wanted: Callable[[Record], bool] = lambda _: True
    ) -> Reply:
        """A page of the organisation's list; filters locationId, name (contains), phoneNumber; start and max."""
        tenant, query = call.tenant, call.query
        names, part = tenant.table(self.table).names, query.get("name", "").casefold()
        found = (
            service
            for service in tenant.listed(self.table)
            if wanted(service)
            and query.get("locationId", service["locationId"]) == service["locationId"]
            and (not part or part in names[service["id"]])
            and query.get("phoneNumber", "") in tenant.lines.by_owner[service["id"]].number
        )
        reply = call.pages(self.folder, found, default=1000, largest=2000)
        reply.body[self.folder] = [
            _placed(tenant, service) | listed(tenant, service) | numbers_of(tenant, service["id"])
            for service in reply.body[self.folder]
        ]
        return reply

    def check_name(self, tenant: Tenant, location_id: str, name: str, present: Record | None = None) -> None:
        """409/25030 for a name that another one in the location has."""
        holder = tenant.table(self.table).find(_key(location_id, name))
        if holder is not None and holder is not present:
            article = "An" if self.title.startswith("a") else "A"
            raise WebexError(409, f"{article} {self.title} named {name} already exists in this location", 25030)

    def add(self, tenant: Tenant, location_id: str, given: Record, defaults: Record) -> str:
        """Keep a new one, its defaults under what was given, with its extension and number; its id."""
        key = _key(location_id, given["name"])
        service_id = tenant.new_id(self.kind, key)
        extension, number = given.pop("extension", ""), given.pop("phoneNumber", "")
        tenant.lines.assign(service_id, self.kind, location_id, extension=extension, number=number, now=tenant.now())
        service = {"id": service_id, "locationId": location_id, "enabled": True, **defaults, **given}
        tenant.keep(self.table, service, name=given["name"], key=key)
        return service_id

    def rename(self, tenant: Tenant, service: Record, name: str) -> None:
        """Keep it under another name."""
        place = service["locationId"]
        old_key, key = _key(place, service["name"]), _key(place, name)
        tenant.table(self.table).rename(service["id"], name=name, old_key=old_key, key=key)

    def change_numbers(
        self, tenant: Tenant, service_id: str, given: Record, alternates: list[Record] | None = None
    ) -> None:
        """Take extension and number out of `given` and give them to a service, with its alternates where told."""
        line = tenant.lines.by_owner[service_id]
        extension, number = given.pop("extension", line.extension), given.pop("phoneNumber", line.number)
        check_reachable({"extension": extension, "phoneNumber": number})
        if extension:
            tenant.lines.check_extension(line.location_id, extension, service_id)
        if number:
            tenant.lines.check_number(line.location_id, number, service_id)
        if alternates is not None:
            wanted = {item["phoneNumber"]: item.get("ringPattern") or "NORMAL" for item in alternates}
            tenant.lines.replace_alternates(line, wanted)
        tenant.lines.assign(
            service_id, self.kind, line.location_id, extension=extension, number=number, now=tenant.now()
        )

    def _delete(self, call: Call) -> Reply:
        """204; its extension and numbers become free."""
        tenant, service = call.tenant, self.found(call)
        tenant.lines.release(service["id"])
        tenant.table(self.table).remove(service["id"], key=_key(service["locationId"], service["name"]))
        return Reply(204)

    def _forwarding(self, service: Record) -> Record:
        off = {"enabled": False, "ringReminderEnabled": False, self.voicemail: False}
        kept: Record = service.get("forwarding", {})
        return merge({"always": dict(off), "selective": dict(off), "rules": []}, kept)

    def _read_forwarding(self, call: Call) -> Reply:
        """Where its calls are forwarded."""
        return Reply(200, {"callForwarding": self._forwarding(self.found(call))})

    def _update_forwarding(self, call: Call) -> Reply:
        """204; without the wrapper 200, and nothing changes (seen live)."""
        service = self.found(call)
        given = parse(self.forwarding, call.body).get("callForwarding")
        if given is None:
            return Reply(200)
        for name in ("always", "selective"):
            wish = given.get(name) or {}
            if wish.get("enabled") and not wish.get("destination"):
                raise missing(f"callForwarding.{name}.destination")
        service["forwarding"] = merge(self._forwarding(service), filled(given))
        return Reply(204)


def _key(location_id: str, name: str) -> str:
    return f"{location_id}/{name}"


def _placed(tenant: Tenant, service: Record) -> Record:
    location = tenant.table("locations").rows[service["locationId"]]
    return {
        "id": service["id"],
        "name": service["name"],
        "locationId": location["id"],
        "locationName": location["name"],
    }


def dashed(number: str) -> str:
    """A number as details show it: a dash after the country code, +1-9195559876 (seen live)."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    country = str(parsed.country_code)
    return f"+{country}-{number[len(country) + 1 :]}"


def numbers_of(tenant: Tenant, service_id: str) -> Record:
    """Extension and number of a service, as its details show them."""
    line = tenant.lines.by_owner[service_id]
    shown: Record = {}
    if line.number:
        shown["phoneNumber"] = dashed(line.number)
    if line.extension:
        shown["extension"] = line.extension
    return shown


def alternates_of(tenant: Tenant, service_id: str) -> list[Record]:
    """The further numbers of a service, as its details show them."""
    alternates = tenant.lines.by_owner[service_id].alternates
    return [{"phoneNumber": dashed(number), "ringPattern": pattern} for number, pattern in alternates.items()]


def agent_of(tenant: Tenant, agent: Record) -> Record:
    """An agent as the details of a service show one."""
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


def check_reachable(given: Record) -> None:
    """400/25008 for a service that nobody could call."""
    if not given.get("extension") and not given.get("phoneNumber"):
        raise missing("extension or phoneNumber")


def check_needed(given: Record, *names: str) -> None:
    """400/25008 for a mandatory field of a new service that is absent or empty."""
    for name in names:
        if not given.get(name):
            raise missing(name)
    check_reachable(given)


def check_language(given: Record) -> None:
    """400 for a time zone or a language code that does not exist."""
    check_time_zone(given.get("timeZone"))
    if given.get("languageCode") is not None and given["languageCode"] not in ANNOUNCEMENT_LANGUAGES:
        raise WebexError(400, f"Invalid language code: {given['languageCode']}", 25046)


def check_agents(tenant: Tenant, given: Record, policy: str) -> list[str]:
    """400 for agents who are too many, named twice, unknown or without calling; else their ids."""
    agents = [agent["id"] for agent in given.get("agents") or ()]
    if len(agents) > MOST_AGENTS.get(policy, 1000) or len(set(agents)) != len(agents):
        raise invalid("agents")
    for agent_id in agents:
        if not any(agent_id in tenant.table(kind).rows for kind in ("people", "workspaces", "virtual_lines")):
            raise invalid(f"agents: {agent_id}")
        tenant.active_line(agent_id)
    return agents


def check_files(tenant: Tenant, files: Iterable[Record]) -> None:
    """400/25024 for an announcement that is not there."""
    for file in files:
        if file["id"] not in tenant.table("announcements").rows:
            raise invalid(f"audioAnnouncementFiles: {file['id']}")
