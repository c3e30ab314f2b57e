"""The remote lists that answer lookups from memory, each declared once.

Filters of Webex match prefixes or substrings, so every key is compared exactly, here. Page sizes are the largest
that are known to be accepted: 1000 for people, locations, workspaces and features, 2000 for numbers.
"""

from collections.abc import Callable, Iterator

from webex_provision.actions.action_helpers import (
    comparable_key,
    extension_key,
    number_key,
    owner_key,
    plain_number,
    uuid_of,
)
from webex_provision.actions.declaration import Index, Item
from webex_provision.wire import ApiRequest, Endpoint

LIST_PEOPLE = Endpoint("GET", "/people", "spark-admin:people_read")
LIST_LICENSES = Endpoint("GET", "/licenses", "spark-admin:licenses_read")
LIST_LOCATIONS = Endpoint("GET", "/locations", "spark-admin:locations_read")
LIST_CALLING_LOCATIONS = Endpoint("GET", "/telephony/config/locations", "spark-admin:telephony_config_read")
LIST_NUMBERS = Endpoint("GET", "/telephony/config/numbers", "spark-admin:telephony_config_read")
LIST_WORKSPACES = Endpoint("GET", "/workspaces", "spark-admin:workspaces_read")
LIST_HUNT_GROUPS = Endpoint("GET", "/telephony/config/huntGroups", "spark-admin:telephony_config_read")
LIST_CALL_PICKUPS = Endpoint(
    "GET", "/telephony/config/locations/{location_id}/callPickups", "spark-admin:telephony_config_read"
)
LIST_GROUPS = Endpoint("GET", "/groups", "identity:groups_read")
LIST_QUEUES = Endpoint("GET", "/telephony/config/queues", "spark-admin:telephony_config_read")
LIST_AUTO_ATTENDANTS = Endpoint("GET", "/telephony/config/autoAttendants", "spark-admin:telephony_config_read")
LIST_SCHEDULES = Endpoint(
    "GET", "/telephony/config/locations/{location_id}/schedules", "spark-admin:telephony_config_read"
)
LIST_ANNOUNCEMENTS = Endpoint("GET", "/telephony/config/announcements", "spark-admin:telephony_config_read")
LIST_VIRTUAL_LINES = Endpoint("GET", "/telephony/config/virtualLines", "spark-admin:telephony_config_read")
LIST_PARK_EXTENSIONS = Endpoint("GET", "/telephony/config/callParkExtensions", "spark-admin:telephony_config_read")

ORG = ""  # the scope of a list that covers the whole organisation


def place_key(location_id: str, name: str) -> str:
    """The key of an entity whose name is unique in its location."""
    return f"{uuid_of(location_id)}/{name}"


def name_key(name: str) -> str:
    """The key of an entity by its name alone, wherever it is."""
    return f"name:{name}"


def _named_in_place(item: Item, name: str) -> Iterator[str]:
    yield name_key(name)
    if item.get("locationId"):
        yield place_key(str(item["locationId"]), name)


def _name_filter(key: str) -> str:
    """The bare name in a place_key or name_key."""
    return key.removeprefix("name:") if key.startswith("name:") else key.split("/", 1)[1]


def named_index(
    name: str, items: str, endpoint: Endpoint, parameter: str = "name", made_by: tuple[str, ...] = ()
) -> Index:
    """A list of the whole organisation whose items go by their name alone; `parameter` narrows it to one name."""
    return Index(
        name=name,
        items=items,
        list_all=lambda _: endpoint.at(params={"max": 1000}),
        list_one=lambda _, key: endpoint.at(params={parameter: key, "max": 1000}),
        keys=lambda item: [str(item["name"])],
        needs=("id", "name"),
        start_honoured=True,
        made_by=made_by,
    )


def _service_index(name: str, items: str, list_all: Callable[..., ApiRequest]) -> Index:
    """A list of services, whose names are unique in their location; `list_all` takes scope and further parameters."""
    return Index(
        name=name,
        items=items,
        list_all=list_all,
        list_one=lambda scope, key: list_all(scope, name=_name_filter(key)),
        keys=lambda item: _named_in_place(item, str(item["name"])),
        needs=("id", "name", "locationId"),
        keeps=("id", "name", "locationId"),
        start_honoured=True,
    )


def _person_keys(item: Item) -> Iterator[str]:
    yield from (str(email) for email in item.get("emails") or [])


PEOPLE = Index(
    name="people",
    items="items",
    list_all=lambda _: LIST_PEOPLE.at(params={"max": 1000}),
    list_one=lambda _, email: LIST_PEOPLE.at(params={"email": email}),
    keys=_person_keys,
    needs=("id", "emails"),
    keeps=("id", "emails", "licenses"),
)

# What a write teaches of a person whose calling it began in this run: nothing is set on the new line by anybody yet.
NEW_LINE: Item = {"newLine": True}


def has_new_line(person: Item) -> bool:
    """Whether this run began the calling of an entry of the people list."""
    return bool(person.get("newLine"))


LICENSES = Index(
    name="licenses",
    items="items",
    list_all=lambda _: LIST_LICENSES.at(),
    list_one=lambda *_: LIST_LICENSES.at(),
    keys=lambda item: [str(item["name"])],
    needs=("id", "name"),
)

# Counts from 1 and ignores start and max (seen live); the filter knows eq and sw, its rule of case is not recorded.
GROUPS = Index(
    name="groups",
    items="groups",
    list_all=lambda _: LIST_GROUPS.at(params={"startIndex": 1, "count": 500}),
    list_one=lambda _, name: LIST_GROUPS.at(params={"filter": f'displayName eq "{name}"'}),
    keys=lambda item: [str(item["displayName"])],
    needs=("id", "displayName"),
    keeps=("id", "displayName"),
)

LOCATIONS = Index(
    name="locations",
    items="items",
    list_all=lambda _: LIST_LOCATIONS.at(params={"max": 500}),
    list_one=lambda _, name: LIST_LOCATIONS.at(params={"name": name}),
    keys=lambda item: [str(item["name"])],
    needs=("id", "name"),
)

CALLING_LOCATIONS = named_index("calling locations", "locations", LIST_CALLING_LOCATIONS, made_by=("location",))


def _number_keys(item: Item) -> Iterator[str]:
    place = item.get("location") or {}
    owner = item.get("owner") or {}
    if item.get("phoneNumber"):
        yield number_key(str(item["phoneNumber"]))
    if item.get("extension") and place.get("id"):
        yield extension_key(str(place["id"]), str(item["extension"]))
    if owner.get("id"):
        yield owner_key(str(owner["id"]))


def _number_identity(item: Item) -> str:
    if item.get("phoneNumber"):
        return number_key(str(item["phoneNumber"]))
    place = item.get("location") or {}
    return extension_key(str(place.get("id", "")), str(item.get("extension")))


def _one_number(_: str, key: str) -> ApiRequest:
    kind, value = key.split(":", 1)
    if kind == "number":
        return LIST_NUMBERS.at(params={"phoneNumber": value})
    if kind == "extension":
        return LIST_NUMBERS.at(params={"extension": value.split("/", 1)[1]})
    return LIST_NUMBERS.at(params={"ownerId": value})


NUMBERS = Index(
    name="numbers",
    items="phoneNumbers",
    list_all=lambda _: LIST_NUMBERS.at(params={"max": 2000}),
    list_one=_one_number,
    keys=_number_keys,
    identity=_number_identity,
    comparable=comparable_key,
    needs=(),
    keeps=(
        "phoneNumber",
        "extension",
        "phoneNumberType",
        "includedTelephonyTypes",
        "state",
        "mainNumber",
        "isReservedNumber",
        "isServiceNumber",
        "location",
        "owner",
    ),
    start_honoured=True,
    made_by=("location_number_state",),
)

# Sources differ on whether a PUT that leaves them out clears them, so they are always sent.
WORKSPACE_DETAILS = ("type", "capacity", "notes")

WORKSPACES = Index(
    name="workspaces",
    items="items",
    list_all=lambda _: LIST_WORKSPACES.at(params={"max": 1000}),
    list_one=lambda _, key: LIST_WORKSPACES.at(params={"displayName": _name_filter(key), "max": 1000}),
    keys=lambda item: _named_in_place(item, str(item["displayName"])),
    needs=("id", "displayName"),
    keeps=("id", "displayName", "locationId", "calling", "hotdeskingStatus", *WORKSPACE_DETAILS),
    start_honoured=True,
)

HUNT_GROUPS = _service_index(
    "hunt groups", "huntGroups", lambda _, **params: LIST_HUNT_GROUPS.at(params={**params, "max": 1000})
)

# There is no list of the whole organisation. The id holds the name, so the place and name tell two groups apart.
CALL_PICKUPS = Index(
    name="call pickup groups",
    items="callPickups",
    list_all=lambda location_id: LIST_CALL_PICKUPS.at(location_id=location_id, params={"max": 1000}),
    list_one=lambda location_id, name: LIST_CALL_PICKUPS.at(
        location_id=location_id, params={"name": name, "max": 1000}
    ),
    keys=lambda item: [str(item["name"])],
    identity=lambda item: str(item["name"]).casefold(),
    needs=("id", "name"),
    keeps=("id", "name"),
    start_honoured=True,
)


def _virtual_line_keys(item: Item) -> Iterator[str]:
    place = item.get("location") or {}
    name = f"{item.get('firstName', '')} {item.get('lastName', '')}".strip()
    yield from _named_in_place({"locationId": place.get("id")}, name)


VIRTUAL_LINES = Index(
    name="virtual lines",
    items="virtualLines",
    list_all=lambda _: LIST_VIRTUAL_LINES.at(params={"max": 1000}),
    list_one=lambda _, key: LIST_VIRTUAL_LINES.at(params={"ownerName": _name_filter(key), "max": 1000}),
    keys=_virtual_line_keys,
    start_honoured=True,
)

CUSTOMER_ASSIST = "customer assist"  # the scope of the list that shows Customer Assist queues, hidden otherwise


def _queues(scope: str, **params: str) -> ApiRequest:
    hidden = {"hasCxEssentials": "true"} if scope == CUSTOMER_ASSIST else {}
    return LIST_QUEUES.at(params={**params, **hidden, "max": 1000})


QUEUES = _service_index("call queues", "queues", _queues)

AUTO_ATTENDANTS = _service_index(
    "auto attendants", "autoAttendants", lambda _, **params: LIST_AUTO_ATTENDANTS.at(params={**params, "max": 1000})
)


def schedule_key(schedule_type: str, name: str) -> str:
    """The key of a schedule in its location: business hours and holidays may share a name."""
    return f"{schedule_type}/{name}"


SCHEDULES = Index(
    name="schedules",
    items="schedules",
    list_all=lambda location_id: LIST_SCHEDULES.at(location_id=location_id, params={"max": 1000}),
    list_one=lambda location_id, key: LIST_SCHEDULES.at(
        location_id=location_id, params={"name": key.split("/", 1)[1], "max": 1000}
    ),
    keys=lambda item: [schedule_key(str(item["type"]), str(item["name"]))],
    needs=("id", "name", "type"),
    keeps=("id", "name", "type"),
    start_honoured=True,
)


def _announcement_keys(item: Item) -> Iterator[str]:
    """Of the organisation: by name alone; of a location: in that location only.

    The location decides, not `level`: no source says that this field always tells them apart.
    """
    place = item.get("location") or {}
    yield place_key(str(place["id"]), str(item["name"])) if place.get("id") else name_key(str(item["name"]))


def _announcements_named(_: str, key: str) -> ApiRequest:
    """Whether `all` shows those of the organisation too is not documented: they are asked for by the list's default."""
    everywhere = {} if key.startswith("name:") else {"locationId": "all"}
    return LIST_ANNOUNCEMENTS.at(params={**everywhere, "name": _name_filter(key), "max": 1000})


ANNOUNCEMENTS = Index(
    name="announcements",
    items="announcements",
    list_all=lambda _: LIST_ANNOUNCEMENTS.at(params={"locationId": "all", "max": 1000}),
    list_one=_announcements_named,
    keys=_announcement_keys,
    needs=("id", "name", "level"),
    keeps=("id", "name", "level", "location", "fileName", "mediaFileType"),
    start_honoured=True,
)

PARK_EXTENSIONS = Index(
    name="call park extensions",
    items="callParkExtensions",
    list_all=lambda _: LIST_PARK_EXTENSIONS.at(params={"max": 1000}),
    list_one=lambda _, key: LIST_PARK_EXTENSIONS.at(params={"extension": _name_filter(key), "max": 1000}),
    keys=lambda item: [place_key(str(item["locationId"]), str(item["extension"]))],
    needs=("id", "extension", "locationId"),
    start_honoured=True,
)


def held_entry(*, location_id: str, owner_id: str, owner_type: str, extension: str | None, number: str | None) -> Item:
    """The entry of the number index that stands for an assignment that a write has just made."""
    entry: Item = {"location": {"id": location_id}, "owner": {"id": owner_id, "type": owner_type}}
    if extension is not None:
        entry["extension"] = extension
    if number is not None:
        entry["phoneNumber"] = plain_number(number)
    return entry
