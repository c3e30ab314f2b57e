"""What the published description cannot say, as little as a roll-out needs: who owns what."""

from collections.abc import Iterator
from typing import Any

from webex_provision_tests.contract.described_shapes import Facts
from webex_provision_tests.contract.described_tenant import Asked, DescribedTenant, Refused, Rule

OWNERS = {
    "people": "PEOPLE",
    "workspaces": "PLACE",
    "huntGroups": "HUNT_GROUP",
    "queues": "CALL_QUEUE",
    "autoAttendants": "AUTO_ATTENDANT",
}


def grant_licenses(tenant: DescribedTenant, asked: Asked) -> Facts:
    """A person gets licences, and with them a line."""
    person = tenant.resources[asked.body["personId"]].facts
    for change in asked.body["licenses"]:
        held = [license_id for license_id in person["licenses"] if license_id != change["id"]]
        person["licenses"] = held if change.get("operation") == "remove" else [*held, change["id"]]
        person |= change.get("properties", {})
    return {"personId": person["id"], "licenses": person["licenses"]}


def change_numbers(tenant: DescribedTenant, asked: Asked) -> None:
    """Numbers of a person or workspace are added and deleted, the others stay."""
    place = (asked.owner, asked.word)
    held = {entry["directNumber"]: entry for entry in tenant.settings.get(place, {}).get("phoneNumbers", ())}
    for change in asked.body["phoneNumbers"]:
        number = change["directNumber"]
        if (change["action"] == "ADD") == (number in held):
            raise Refused(400, f"{number} cannot be changed like this")
        held.pop(number, None)
        if change["action"] == "ADD":
            held[number] = {name: value for name, value in change.items() if name != "action"}
    tenant.settings[place] = {**asked.body, "phoneNumbers": list(held.values())}


def add_to_inventory(tenant: DescribedTenant, asked: Asked) -> None:
    """A location has more numbers."""
    for number in asked.body["phoneNumbers"]:
        tenant.inventory[number] = {"state": asked.body.get("state", "ACTIVE"), "locationId": asked.owner}


def switch_in_inventory(tenant: DescribedTenant, asked: Asked) -> None:
    """Numbers are switched on or off."""
    for number in asked.body["phoneNumbers"]:
        tenant.inventory[number]["state"] = "ACTIVE" if asked.body["action"] == "ACTIVATE" else "INACTIVE"


def take_from_inventory(tenant: DescribedTenant, asked: Asked) -> None:
    """Numbers are given back."""
    for number in asked.body["phoneNumbers"]:
        del tenant.inventory[number]


def list_numbers(tenant: DescribedTenant, asked: Asked) -> Facts:
    """All numbers and extensions, each with its owner; those that nobody ordered arrive with the first location."""
    places = [key for key, found in tenant.resources.items() if "/telephony/config/locations" in found.collections]
    rows = {number: dict(facts) for number, facts in tenant.inventory.items()}
    for key, found in tenant.resources.items():
        for line in _lines(tenant, key) if found.kind in OWNERS else ():
            owner = {"id": key, "type": OWNERS[found.kind], "firstName": found.name, "lastName": "."}
            row = rows.setdefault(line.get("phoneNumber") or f"{key}/{line['extension']}", {"state": "ACTIVE"})
            row |= line | {"owner": owner}
    shown = [
        tenant.related({"locationId": places[0], **facts} | ({} if "/" in number else {"phoneNumber": number}))
        for number, facts in rows.items()
        if places
    ]
    return tenant.page(asked, shown)


def _lines(tenant: DescribedTenant, key: str) -> Iterator[Facts]:
    """The main line in what is known of a resource, and its further numbers."""
    for entry in tenant.settings.get((key, "numbers"), {}).get("phoneNumbers", ()):
        yield {"phoneNumber": entry["directNumber"], "phoneNumberType": "ALTERNATE"}
    waiting: list[Any] = [tenant.resources[key].facts]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            line = {name: value[name] for name in ("phoneNumber", "extension") if value.get(name)}
            if line:
                yield line | {"phoneNumberType": "PRIMARY" if "extension" in line else "ALTERNATE"}
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def list_routes(tenant: DescribedTenant, asked: Asked) -> Facts:
    """Trunks and route groups together."""
    types = {"trunks": "TRUNK", "routeGroups": "ROUTE_GROUP"}
    rows = [
        {"id": key, "name": found.name, "type": types[found.kind]}
        for key, found in tenant.resources.items()
        if found.kind in types
    ]
    return tenant.page(asked, rows)


def validate_patterns(tenant: DescribedTenant, asked: Asked) -> Facts:
    """A pattern belongs to one dial plan of the organisation."""
    taken = {pattern for found in tenant.resources.values() for pattern in found.facts.get("dialPatterns", ())}
    twice = [{"dialPattern": one, "patternStatus": "DUPLICATE"} for one in asked.body["dialPatterns"] if one in taken]
    return {"status": "ERRORS" if twice else "OK", "dialPatternStatus": twice}


def change_patterns(tenant: DescribedTenant, asked: Asked) -> None:
    """Patterns come and go one by one."""
    patterns: list[str] = tenant.resources[asked.owner].facts["dialPatterns"]
    for change in asked.body["dialPatterns"]:
        (patterns.append if change["action"] == "ADD" else patterns.remove)(change["dialPattern"])


def change_group(tenant: DescribedTenant, asked: Asked) -> Facts:
    """Members come and go one by one."""
    group = tenant.resources[asked.owner].facts
    members = {member["id"]: member for member in group.get("members", ())}
    for change in asked.body.get("members", ()):
        if change.get("operation") == "delete":
            members.pop(change["id"], None)
        else:
            members[change["id"]] = {"id": change["id"], "type": "user"}
    group |= {**asked.body, "members": list(members.values()), "memberSize": len(members)}
    return group


def change_device(tenant: DescribedTenant, asked: Asked) -> Facts:
    """A JSON Patch of the tags."""
    device = tenant.resources[asked.owner].facts
    for change in asked.body:
        device[change["path"].strip("/")] = change.get("value") or []
    return device


def add_device(tenant: DescribedTenant, asked: Asked) -> Facts:
    """A device of the product that the model names."""
    model = asked.body.get("model", "Room device").removeprefix("DMS ")
    made = tenant.add("/devices", "DEVICE", **asked.body, product=model, displayName=model, tags=[])
    return tenant.resources[made].facts


def validate_macs(tenant: DescribedTenant, asked: Asked) -> Facts:
    """Each address is free or not."""
    taken = {found.facts.get("mac") for found in tenant.resources.values()}
    states = {mac: "UNAVAILABLE" if mac in taken else "AVAILABLE" for mac in asked.body["macs"]}
    told = [{"mac": mac, "state": state} for mac, state in states.items()]
    return {"status": "ERRORS" if "UNAVAILABLE" in states.values() else "OK", "macStatus": told}


def activate_device(tenant: DescribedTenant, asked: Asked) -> Facts:
    """A code, and a device that waits for it."""
    add_device(tenant, asked)["connectionStatus"] = "activating"
    return {"code": "5414011256173816", "expiryTime": "2026-12-31T00:00:00.000Z"}


def list_people(tenant: DescribedTenant, asked: Asked) -> Facts:
    """Their addresses are a list, and the filter names one of them."""
    email = asked.query.pop("email", None)
    people = [found.facts for found in tenant.resources.values() if found.kind == "people"]
    return tenant.page(asked, [person for person in people if email in (None, *person["emails"])])


def speak(tenant: DescribedTenant, asked: Asked) -> Facts:
    """A text is spoken at once."""
    made = tenant.add("/telephony/config/textToSpeech", "SPEECH", **asked.body, status="SUCCESS")
    tenant.resources[made].facts["fileUri"] = f"https://files.example.com/{made}"
    return {"id": made}


def announce(tenant: DescribedTenant, asked: Asked) -> Facts:
    """An announcement of the organisation or of a location has the text that its speech was made of."""
    place = asked.ids.get("locationId")
    facts = {**asked.body, **_spoken(tenant, asked.body["fileUri"]), "level": "LOCATION" if place else "ORGANIZATION"}
    if place is not None:
        facts["location"] = {"id": place, "name": tenant.resources[place].name}
    return {"id": tenant.add("/telephony/config/announcements", "ANNOUNCEMENT", **facts)}


def announce_again(tenant: DescribedTenant, asked: Asked) -> Facts:
    """It says something else from now on."""
    announcement = tenant.resources[asked.owner].facts
    announcement |= {**asked.body, **_spoken(tenant, asked.body["fileUri"])}
    return announcement


def _spoken(tenant: DescribedTenant, uri: str) -> Facts:
    made = next(found.facts for found in tenant.resources.values() if found.facts.get("fileUri") == uri)
    return {"text": made["text"], "voice": made["voice"], "language": made["languageCode"]}


def list_announcements(tenant: DescribedTenant, asked: Asked) -> Facts:
    """Those of all places: `all` is no place's id."""
    asked.query.pop("locationId", None)
    return tenant.page(asked, [found.facts for found in tenant.resources.values() if found.kind == "announcements"])


RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/people"): list_people,
    ("POST", "/telephony/config/textToSpeech/actions/generate/invoke"): speak,
    ("GET", "/telephony/config/announcements"): list_announcements,
    ("POST", "/telephony/config/announcements"): announce,
    ("POST", "/telephony/config/locations/{locationId}/announcements"): announce,
    ("PUT", "/telephony/config/announcements/{announcementId}"): announce_again,
    ("PUT", "/telephony/config/locations/{locationId}/announcements/{announcementId}"): announce_again,
    ("GET", "/people/me"): lambda tenant, _: {"id": "me", "orgId": "org", "emails": ["admin@example.com"]},
    ("PATCH", "/licenses/users"): grant_licenses,
    ("PUT", "/telephony/config/people/{personId}/numbers"): change_numbers,
    ("PUT", "/telephony/config/workspaces/{workspaceId}/numbers"): change_numbers,
    ("POST", "/telephony/config/locations/{locationId}/numbers"): add_to_inventory,
    ("PUT", "/telephony/config/locations/{locationId}/numbers"): switch_in_inventory,
    ("DELETE", "/telephony/config/locations/{locationId}/numbers"): take_from_inventory,
    ("GET", "/telephony/config/numbers"): list_numbers,
    ("POST", "/telephony/config/premisePstn/actions/validateDialPatterns/invoke"): validate_patterns,
    ("PUT", "/telephony/config/premisePstn/dialPlans/{dialPlanId}/dialPatterns"): change_patterns,
    ("GET", "/telephony/config/routeChoices"): list_routes,
    ("PATCH", "/groups/{groupId}"): change_group,
    ("POST", "/devices"): add_device,
    ("POST", "/telephony/config/devices/actions/validateMacs/invoke"): validate_macs,
    ("POST", "/devices/activationCode"): activate_device,
    ("PATCH", "/devices/{deviceId}"): change_device,
}
