"""What a roll-out asked its tenant for, and what it left there; `checker` says which function holds which promise.

Nothing of the product is imported.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from webex_provision_tests.broken_promise import require

Entry = Mapping[str, Any]

# Which phases may write where. A path that several phases may write says nothing about the order; unnamed: any.
WRITES_OF_PHASES: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("POST|PUT", r"/locations(/[^/]+)?", (1,)),
    ("POST|PUT", r"/telephony/config/locations(/[^/]+)?", (1,)),
    ("PUT", r"/telephony/pstn/locations/.+", (1,)),
    (".*", r"/telephony/config/premisePstn/.+", (1,)),
    ("POST|PUT", r"/telephony/config/locations/[^/]+/(numbers|internalDialing|schedules|outgoingPermission).*", (1,)),
    (".*", r"/telephony/config/(locations/[^/]+/)?announcements(/.*)?", (1,)),
    ("POST", r"/telephony/config/textToSpeech/.+", (1,)),
    ("PATCH", r"/licenses/users", (2, 3)),
    ("PUT", r"/people/[^/]+", (2, 3)),
    ("PUT", r"/(people|workspaces)/[^/]+/features/(callForwarding|callRecording|monitoring|executiveAssistant)", (2,)),
    ("PUT", r"/(people|workspaces)/[^/]+/features/.+", (2, 3)),
    ("POST", r"/workspaces", (2,)),
    ("PUT", r"/workspaces/[^/]+", (2, 3)),
    ("PUT", r"/telephony/config/(people|workspaces)/[^/]+/numbers", (2,)),
    ("PUT", r"/telephony/config/workspaces/[^/]+/.+", (2, 3)),
    (".*", r"/telephony/config/locations/[^/]+/(huntGroups|queues|callPickups|autoAttendants)(/.*)?", (3,)),
    (".*", r"/groups(/.*)?", (3,)),
    ("POST|PUT", r"/telephony/config/people/[^/]+/settings/permissions(/.*)?", (3,)),
    ("POST|PATCH", r"/devices(/.*)?", (3,)),
    ("DELETE", r"/telephony/config/locations/[^/]+/numbers", (3,)),
)
# POSTs that make no object of their own.
NO_CREATE = re.compile(r"/actions/|/jobs/|/numbers$|/Bulk$|/activationCode$")
PEOPLE_PUT_FIELDS = {"displayName", "extension", "phoneNumbers"}


def runs_of(log: Sequence[Entry]) -> list[list[Entry]]:
    """The requests of each run: a run's second question of its preflight, GET /locations?max=1, begins it."""
    runs: list[list[Entry]] = [[]]
    for entry in log:
        if entry["method"] == "GET" and path_of(entry) == "/locations" and entry["query"] == {"max": "1"}:
            runs.append([])
        else:
            runs[-1].append(entry)
    return runs


def check_creates(log: Sequence[Entry]) -> None:
    """Each create follows a look-up of its kind in its run; no key was created twice while its object was there."""
    made: dict[tuple[str, str], Entry] = {}
    for run in runs_of(log):
        looked: set[str] = set()
        for entry in run:
            path = path_of(entry)
            if entry["method"] == "GET":
                looked.add(path)
            if entry["method"] == "DELETE" and entry["applied"]:
                made = {key: create for key, create in made.items() if not path.endswith(f"/{create['created']}")}
            if entry["method"] != "POST" or not entry["applied"] or NO_CREATE.search(path):
                continue
            # The events of a schedule stand in its details, not in a list of their own.
            lists = {path, re.sub(r"/locations/[^/]+/", "/", path), path.removesuffix("/events")}
            require(lists & looked, f"{named(entry)} came without a look-up of its kind before it")
            key = (path, key_of(entry))
            twin = made.get(key)
            require(twin is None, f"{named(entry)} created {key[1]} again, after request {(twin or entry)['seq']}")
            made[key] = entry


def key_of(entry: Entry) -> str:
    body = entry["body"] if isinstance(entry["body"], dict) else {}
    if path_of(entry) == "/telephony/config/locations":
        return f"calling of {body.get('id')}"
    name = body.get("name") or body.get("displayName") or body.get("mac") or json.dumps(body, sort_keys=True)
    place = body.get("locationId") if path_of(entry) == "/workspaces" else ""
    kind = body.get("type") if path_of(entry).endswith("/schedules") else ""
    return "/".join(str(part).casefold() for part in (place, kind, name) if part)


def check_people(log: Sequence[Entry], names: Mapping[str, str]) -> None:
    """Nobody was created, deleted or renamed: the one PUT /people echoes the name that the person had."""
    for run in runs_of(log):
        read: set[str] = set()
        for entry in run:
            found = re.fullmatch(r"/people(?:/([^/]+))?", path_of(entry))
            if found is None:
                continue
            person = found[1]
            if entry["method"] == "GET":
                read.add(person)
                continue
            require(entry["method"] == "PUT", f"{named(entry)}: people are never created or deleted")
            body = entry["body"] or {}
            more = set(body) - PEOPLE_PUT_FIELDS
            require(not more, f"{named(entry)} carries {sorted(more)}")
            require(body.get("displayName"), f"{named(entry)} has no displayName")
            require(person in read, f"{named(entry)} was sent without reading the person before")
            require(
                body["displayName"] == names.get(person, body["displayName"]),
                f"{named(entry)} renames {names.get(person)!r} to {body['displayName']!r}",
            )


def check_phase_order(log: Sequence[Entry]) -> None:
    """In a run no write of a phase comes before a write of an earlier phase."""
    for run in runs_of(log):
        phase, reached_by = 1, None
        for entry in run:
            if entry["method"] == "GET":
                continue
            allowed = _phases(entry)
            later = [number for number in allowed if number >= phase]
            require(
                later,
                f"{named(entry)} belongs to phase {allowed[-1]}, phase {phase} had begun with request "
                f"{reached_by and reached_by['seq']}",
            )
            if later[0] > phase:
                phase, reached_by = later[0], entry


def _phases(entry: Entry) -> tuple[int, ...]:
    for method, path, phases in WRITES_OF_PHASES:
        if re.fullmatch(method, entry["method"]) and re.fullmatch(path, path_of(entry)):
            return phases
    return (1, 2, 3)


def _device_name(row: Mapping[str, Any]) -> str:
    """What makes a device: its MAC address; while it waits for its activation, whose it is and which model."""
    owner = row.get("personId") or row.get("workspaceId")
    return str(row.get("mac") or f"{owner}/{row.get('product')}")


def check_unique(state: Mapping[str, Any]) -> None:
    """No two objects of a kind have the same name in the same place."""
    for table, rows in state.get("tables", {}).items():
        if table in {"people", "licenses"}:
            continue
        seen: dict[str, str] = {}
        for row_id, row in rows.items():
            name = _device_name(row) if table == "devices" else row.get("name") or row.get("displayName")
            if not name:
                continue
            kind = row.get("type", "") if table == "schedules" else ""
            key = f"{row.get('locationId', '')}/{kind}/{name}".casefold()
            require(key not in seen, f"the tenant holds two {table} called {name!r}: {seen.get(key)} and {row_id}")
            seen[key] = row_id


def path_of(entry: Entry) -> str:
    return str(entry["path"]).removeprefix("/v1")


def named(entry: Entry) -> str:
    return f"request {entry['seq']}, {entry['method']} {path_of(entry)}"
