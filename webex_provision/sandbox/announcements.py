"""Announcements: sound files of the organisation or of one location, listed in one sweep.

A file is taken as a form on POST only: whether a PUT takes one is doubtful, so it is refused. No two files of a
repository may have the same name (help article); names of announcements may repeat, which no source denies.
"""

from webex_provision.sandbox.answers import Record, Reply, WebexError, invalid, missing
from webex_provision.sandbox.bodies import Body, parse
from webex_provision.sandbox.forms import Form
from webex_provision.sandbox.locations import calling_location
from webex_provision.sandbox.routing import Call, Routes
from webex_provision.sandbox.speech import spoken
from webex_provision.sandbox.tenant import Tenant

routes = Routes()

TABLE = "announcements"
LARGEST_KB, ROOM_MB = 5_000, 1_000
_ORG = "/telephony/config/announcements"
_PLACE = "/telephony/config/locations/{location_id}/announcements"
_LISTED = ("id", "name", "fileName", "fileSize", "mediaFileType", "lastUpdated", "level", "isTextToSpeech")
_SHOWN = (*(name for name in _LISTED if name != "level"), "text", "voice", "language")
_WAV = b"RIFF".hex()


class Spoken(Body):
    """A body that names a file which is in the cloud already; all four together, on a PUT too."""

    name: str
    file_uri: str
    file_name: str
    is_text_to_speech: bool


def add_announcement(tenant: Tenant, name: str, location: Record | None = None, **details: object) -> Record:
    """An announcement of a location, or of the whole organisation."""
    place = "" if location is None else location["id"]
    announcement: Record = {
        "id": tenant.new_id("ANNOUNCEMENT", f"{place}/{name}"),
        "name": name,
        "fileName": f"{name}.wav",
        "fileSize": "356",
        "mediaFileType": "WAV",
        "lastUpdated": tenant.timestamp(),
        "level": "LOCATION" if location else "ORGANIZATION",
        "locationId": place,
        "isTextToSpeech": False,
        **details,
    }
    tenant.keep(TABLE, announcement, name=name)
    tenant.changes += 1
    return announcement


@routes.get(_ORG)
def list_announcements(call: Call) -> Reply:
    """Without locationId those of the organisation only, with `all` everything; filter name; start and max."""
    tenant, query = call.tenant, call.query
    names, part = tenant.table(TABLE).names, query.get("name", "").casefold()
    scope = query.get("locationId", "")
    found = (
        item
        for item in tenant.listed(TABLE)
        if part in names[item["id"]] and _within(scope, item["locationId"], tenant.org_id)
    )
    reply = call.pages("announcements", found, default=1000, largest=2000)
    reply.body["announcements"] = [_listed(tenant, item) for item in reply.body["announcements"]]
    return reply


def _within(scope: str, location_id: str, org_id: str) -> bool:
    if scope in ("", org_id):
        return not location_id
    return scope == "all" or (bool(location_id) if scope == "locations" else scope == location_id)


def _listed(tenant: Tenant, item: Record) -> Record:
    shown = {name: item[name] for name in _LISTED}
    if item["locationId"]:
        location = tenant.table("locations").rows[item["locationId"]]
        shown["location"] = {"id": location["id"], "name": location["name"]}
    return shown


def _location(call: Call) -> Record | None:
    return calling_location(call.tenant, call.ids["location_id"]) if "location_id" in call.ids else None


def _found(call: Call) -> Record:
    location = _location(call)
    item = call.tenant.get(TABLE, call.ids["announcement_id"], "ANNOUNCEMENT")
    if item["locationId"] != (location["id"] if location else ""):
        raise WebexError(404, "Announcement not found in this repository")
    return item


def _of_repository(tenant: Tenant, location_id: str) -> list[Record]:
    return [item for item in tenant.table(TABLE).rows.values() if item["locationId"] == location_id]


def _uploaded(form: Form) -> Record:
    """The fields of an announcement that a form brings."""
    file, name = form.get("file"), form.get("name")
    if not isinstance(file, dict) or not isinstance(name, str):
        raise missing("name or file")
    if not file["head"].startswith(_WAV):
        raise invalid("file")
    return {
        "name": name,
        "fileName": file["filename"],
        "fileSize": str(max(1, file["size"] // 1024)),
        "isTextToSpeech": False,
    }


def _spoken(tenant: Tenant, body: object) -> Record:
    """The fields of an announcement that a JSON body brings."""
    given = parse(Spoken, body)
    job = spoken(tenant, given["fileUri"])
    fields: Record = {name: given[name] for name in ("name", "fileName", "isTextToSpeech")}
    if given["isTextToSpeech"]:
        fields |= {"text": job["text"], "voice": job["voice"], "language": job["languageCode"]}
    return fields


def _check(tenant: Tenant, fields: Record, location_id: str, present: Record | None) -> None:
    if not 1 <= len(fields["name"]) <= 256:
        raise invalid("name")
    if not 1 <= len(fields["fileName"]) <= 80:
        raise invalid("fileName")
    for other in _of_repository(tenant, location_id):
        if other is not present and other["fileName"].casefold() == fields["fileName"].casefold():
            raise WebexError(400, f"A file of this name is there already: {fields['fileName']}")
    if int(fields.get("fileSize", "1")) > LARGEST_KB:
        raise WebexError(400, "The file is too large")


def create_announcement(call: Call) -> Reply:
    """201 with the id; by form with a file, or by JSON with what was spoken."""
    tenant, location = call.tenant, _location(call)
    fields = _uploaded(call.body) if isinstance(call.body, Form) else _spoken(tenant, call.body)
    _check(tenant, fields, location["id"] if location else "", None)
    return Reply(201, {"id": add_announcement(tenant, fields.pop("name"), location, **fields)["id"]})


def update_announcement(call: Call) -> Reply:
    """204; what was spoken before is forgotten where the body does not say that this is spoken too."""
    tenant, item = call.tenant, _found(call)
    fields = _spoken(tenant, call.body)
    _check(tenant, fields, item["locationId"], item)
    for name in ("text", "voice", "language"):
        item.pop(name, None)
    item |= fields | {"lastUpdated": tenant.timestamp()}
    tenant.table(TABLE).rename(item["id"], name=item["name"])
    return Reply(204)


def read_announcement(call: Call) -> Reply:
    """One announcement; nothing of the sandbox keeps count of who uses it."""
    item = _found(call)
    unused: Record = {"featureReferenceCount": 0, "featureReferences": []}
    return Reply(200, {name: item[name] for name in _SHOWN if name in item} | unused)


def delete_announcement(call: Call) -> Reply:
    """204."""
    call.tenant.table(TABLE).remove(_found(call)["id"])
    return Reply(204)


def read_usage(call: Call) -> Reply:
    """What the repository holds and may hold."""
    location = _location(call)
    held = _of_repository(call.tenant, location["id"] if location else "")
    body = {
        "totalFileSizeUsedKB": sum(int(item["fileSize"]) for item in held),
        "maxAudioFileSizeAllowedKB": LARGEST_KB,
        "maxVideoFileSizeAllowedKB": 100_000,
        "totalFileSizeLimitMB": ROOM_MB,
    }
    return Reply(200, body)


for _base in (_ORG, _PLACE):
    routes.add("POST", _base, create_announcement)
    routes.add("GET", _base + "/usage", read_usage)
    routes.add("GET", _base + "/{announcement_id}", read_announcement)
    routes.add("PUT", _base + "/{announcement_id}", update_announcement)
    routes.add("DELETE", _base + "/{announcement_id}", delete_announcement)
