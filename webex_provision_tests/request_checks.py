"""The promises that show only where each request is known to be a row's: what a success rests on, order, locks, bounds.

For request logs whose entries say more, see
`promises.witnessed_site`; like `checker`, nothing of the product is imported. Each function raises BrokenPromise.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from webex_provision_tests.broken_promise import require
from webex_provision_tests.checker import Line
from webex_provision_tests.tenant_checks import NO_CREATE, Entry, key_of, named, path_of

# The types in the order in which they run, by phase; an alias ranks as what it stands for.
ORDER = {
    1: """location trunk route_group internal_dialing dial_plan location_call_profiles location_number_state schedules
        announcements_repo""",
    2: """user user_numbers workspace workspace_numbers user_forwarding workspace_forwarding user_recording
        workspace_recording user_exec_assistant user_monitoring workspace_monitoring""",
    3: """extension_assignment groups group_membership feature_access call_pickup_group call_queue hunt_group
        auto_attendant devices number_removal""",
}
RANKS = {name: (phase, rank) for phase, names in ORDER.items() for rank, name in enumerate(names.split(), start=1)}
RANKS["user_calling_settings"] = RANKS["user"]

# Creates that Webex does not refuse a second time: once their answer is lost they are not sent again in this attempt.
TWINS = re.compile(r"/workspaces|/groups|.*/announcements|.*/activationCode")
# Requests by POST that change nothing.
ASKS = re.compile(r".*/actions/.*|.*/callQueues/.*/validate|.*validate.*")
# The lists that replace what is there: by type the column, and the key in the body.
LISTS: dict[str, tuple[str, str]] = {
    "hunt_group": ("hunt_agents", "agents"),
    "call_queue": ("queue_agents", "agents"),
    "call_pickup_group": ("pickup_members", "agents"),
    "user_monitoring": ("user_monitoring_targets", "monitoredElements"),
    "workspace_monitoring": ("workspace_monitoring_targets", "monitoredElements"),
    "user_exec_assistant": ("user_exec_assistant_emails", "assistants"),
    "route_group": ("route_group_trunks", "localGateways"),
}
MOST_SENDS = 6 * 6  # MAX_RETRIES and MAX_RATE_LIMIT_WAITS, and the first send
MOST_REQUESTS_OF_A_ROW = 250
Footprint = Mapping[str, set[tuple[str, str]]]


def is_write(entry: Entry) -> bool:
    """Whether a request would change the tenant."""
    return entry["method"] != "GET" and not ASKS.fullmatch(path_of(entry))


def footprint(log: Iterable[Entry]) -> Footprint:
    """What each row has changed in this life, as method and path."""
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for entry in log:
        if entry["row"] and entry["applied"] and is_write(entry):
            found[entry["row"]].add((entry["method"], path_of(entry)))
    return found


def check_nothing_created(log: Iterable[Entry]) -> None:
    """Invariant 9: no create among these requests."""
    for entry in log:
        made = entry["method"] == "POST" and entry["applied"] and not NO_CREATE.search(path_of(entry))
        require(not made, f"{named(entry)} created {entry['created']} although the same CSV had been rolled out")


def moment(text: str) -> float:
    """Seconds since 1970 of a timestamp in a log or a ledger."""
    return datetime.fromisoformat(text).timestamp()


# 2. No blind re-send of a create


def lost(entry: Entry) -> bool:
    """Whether nobody can know from its answer what became of a request."""
    if not entry["answered"] or entry["garbled"] or entry["status"] is None:
        return True
    return bool(entry["status"] >= 500)


def check_resends(log: Sequence[Entry], lag: float) -> None:
    """A create whose answer was lost is sent again only after a look-up of its kind past the lag of lists.

    Where Webex would not refuse a second one it is not sent again in the same attempt at all.
    """
    last: dict[tuple[str, str, str], Entry] = {}
    for place, entry in enumerate(log):
        if entry["method"] != "POST" or not is_write(entry) or (NO_CREATE.search(path_of(entry)) and not _twins(entry)):
            continue
        key = (entry["row"], path_of(entry), key_of(entry))
        before = last.get(key)
        last[key] = entry
        if before is None or not lost(before):
            continue
        same = before["attempt"] == entry["attempt"]
        require(
            not (same and _twins(entry)),
            f"{named(entry)} was sent again in the same attempt after request {before['seq']} was lost, "
            "and Webex refuses no second one",
        )
        looked = _looks(log[:place], entry, since=before["seq"])
        past = [look for look in looked if look["at"] >= before["at"] + lag]
        require(
            past,
            f"{named(entry)} was sent again without a look-up {lag:g} s after request {before['seq']}, which was lost",
        )


def check_given_up(log: Sequence[Entry], commits: Iterable[Mapping[str, str]], lag: float) -> None:
    """A row that says of a lost create that nobody knows about it has looked until past the lag of lists."""
    for commit in commits:
        if (
            commit["reason_code"] not in {"retry_exhausted", "half_applied"}
            or "unknown whether" not in commit["message"]
        ):
            continue
        mine = [e for e in log if e["row"] == commit["row_id"] and e["attempt"] <= int(commit["attempt"])]
        sent = [e for e in mine if e["method"] == "POST" and lost(e) and _twins(e)]
        if not sent:
            continue
        looked = _looks(log, sent[-1], since=sent[-1]["seq"], until=moment(commit["timestamp"]) + 0.01)
        past = [look for look in looked if look["at"] >= sent[-1]["at"] + lag]
        require(past, f"row {commit['row_id']} gave {named(sent[-1])} up without a look-up {lag:g} s after it")


def _twins(entry: Entry) -> bool:
    return TWINS.fullmatch(path_of(entry)) is not None


def _looks(log: Sequence[Entry], create: Entry, *, since: int, until: float = float("inf")) -> list[Entry]:
    """The look-ups of a create's kind, answered or not, sent after a request."""
    path = path_of(create)
    lists = {path, re.sub(r"/locations/[^/]+/", "/", path), path.removesuffix("/events"), "/devices"}
    return [
        entry
        for entry in log
        if entry["method"] == "GET"
        and entry["seq"] > since
        and entry["at"] <= until
        and (path_of(entry) in lists or path_of(entry).startswith(f"{path}/"))
    ]


# 4. Success rests on proof, lists are whole


def check_proof(log: Sequence[Entry], commits: Iterable[Mapping[str, str]], expected: Footprint) -> None:
    """A success rests on answers: what the row sent last to each place was taken, or looked at afterwards.

    And all that an undisturbed roll-out changes for it has been changed by then.
    """
    of_row: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in log:
        of_row[entry["row"]].append(entry)
    for commit in commits:
        if commit["status"] != "success":
            continue
        row_id, ended = commit["row_id"].removeprefix("'"), moment(commit["timestamp"]) + 0.01
        mine = [entry for entry in of_row[row_id] if entry["at"] <= ended]
        places: dict[tuple[str, str], Entry] = {}
        for entry in mine:
            if is_write(entry) and entry["attempt"] == int(commit["attempt"]):
                places[entry["method"], path_of(entry)] = entry
        for entry in places.values():
            looked = _proven(entry) or any(_looked_after(later, entry) for later in log)
            require(looked, f"row {row_id} is a success, but {named(entry)} proved nothing")
        done = {(entry["method"], path_of(entry)) for entry in log if entry["applied"] and entry["at"] <= ended}
        left = expected.get(row_id, set()) - done
        require(not left, f"row {row_id} ({commit['entity_type']}) is a success without {sorted(left)[:1]}")


def _looked_after(look: Entry, write: Entry) -> bool:
    """Whether a look may have told what became of a write: the row's own, or one of a launch that came later."""
    own = look["row"] == write["row"] or look["launch"] > write["launch"]
    return own and look["method"] == "GET" and look["seq"] > write["seq"] and look["status"] == 200 and not lost(look)


def _proven(entry: Entry) -> bool:
    if lost(entry) or not entry["applied"] or not 200 <= entry["status"] < 300:
        return False
    incomplete = entry["fault"] == "answer without id" and entry["created"]
    return not incomplete and not (entry["status"] == 206 and entry["fault"])


def check_lists(log: Iterable[Entry], ready: Mapping[str, Mapping[str, str]]) -> None:
    """A list that replaces is never sent incomplete."""
    for entry in log:
        column, key = LISTS.get(entry["type"], ("", ""))
        sent = entry["body"].get(key) if isinstance(entry["body"], dict) and key else None
        if entry["method"] == "GET" or not isinstance(sent, list):
            continue
        cell = ready[entry["row"]].get(column, "")
        wanted = [] if cell in {"", "-"} else cell.split("|")
        require(
            not wanted or len(sent) == len(wanted),
            f"{named(entry)} carries {len(sent)} {key}, row {entry['row']} names {len(wanted)}",
        )


# 6. Bounds


def check_bounds(log: Iterable[Entry]) -> None:
    """No request is sent again and again, no row asks without end."""
    sends: Counter[str] = Counter()
    rows: Counter[tuple[int, str]] = Counter()
    for entry in log:
        rows[entry["launch"], entry["row"]] += 1
        if entry["row"]:
            require(
                rows[entry["launch"], entry["row"]] <= MOST_REQUESTS_OF_A_ROW,
                f"row {entry['row']} has sent more than {MOST_REQUESTS_OF_A_ROW} requests in a launch: {named(entry)}",
            )
        if entry["status"] is not None and entry["status"] < 429:
            continue
        same = json.dumps([entry[name] for name in ("launch", "row", "method", "path", "query", "body")])
        sends[same] += 1
        require(sends[same] <= MOST_SENDS, f"{named(entry)} was sent more than {MOST_SENDS} times and never answered")


SHARE_A_CALL = frozenset({"group_membership", "number_removal"})


def check_waits(log: Sequence[Entry]) -> None:
    """Retry-After holds back whoever asks the same: nothing leaves for there before the time is over."""
    held: dict[tuple[int, str, str], tuple[float, Entry]] = {}
    for entry in log:
        place = (entry["launch"], entry["method"], path_of(entry))
        until, by = held.get(place, (0.0, entry))
        # What was in the air already when the refusal came is no fault: only sends after its answer count.
        require(
            entry["at"] >= until or entry["sent_at"] <= by["ended_at"],
            f"{named(entry)} left before the Retry-After of request {by['seq']} was over",
        )
        asked = entry.get("retry_after")
        if entry["status"] in {423, 429, 503} and entry["answered"] and str(asked).isdigit():
            held[place] = (entry["at"] + float(str(asked)), entry)


# 8. Order


def check_ranks(log: Iterable[Entry]) -> None:
    """In a launch a type asks nothing before the types in front of it have ended."""
    reached: dict[int, Entry] = {}
    for entry in log:
        if not entry["type"]:
            continue
        before = reached.setdefault(entry["launch"], entry)
        require(
            RANKS[entry["type"]] >= RANKS[before["type"]],
            f"{named(entry)} is a {entry['type']}'s, after {named(before)} of a {before['type']}",
        )
        reached[entry["launch"]] = entry


def check_apart(log: Sequence[Entry]) -> None:
    """Rows that write the same thing never do so at the same time: no row's work on it lies within another's.

    Rows that share a call work on it together; of those, no two calls are in the air at once.
    """
    _one_call_at_a_time(log)
    spans: defaultdict[tuple[int, str], dict[str, list[int]]] = defaultdict(dict)
    for entry, thing in _things(log):
        span = spans[entry["launch"], thing].setdefault(entry["row"], [entry["seq"], entry["seq"]])
        span[1] = entry["seq"]
    for (launch, thing), rows in spans.items():
        ordered = sorted(rows.items(), key=lambda item: item[1])
        for (one, first), (other, second) in pairwise(ordered):
            require(
                first[1] < second[0],
                f"rows {one} and {other} worked on {thing} at the same time in launch {launch} "
                f"(requests {first[0]} to {first[1]} and {second[0]} to {second[1]})",
            )


def _one_call_at_a_time(log: Sequence[Entry]) -> None:
    before: dict[tuple[int, str], Entry] = {}
    writes = (entry for entry in log if entry["type"] in SHARE_A_CALL and is_write(entry) and entry["ended_at"])
    for entry in sorted(writes, key=lambda entry: entry["sent_at"]):
        for thing in _thing(entry):
            earlier = before.get((entry["launch"], thing), entry)
            require(
                earlier is entry or earlier["ended_at"] <= entry["sent_at"],
                f"{named(entry)} left while {named(earlier)} was about {thing} too",
            )
            before[entry["launch"], thing] = entry


def _things(log: Sequence[Entry]) -> Iterator[tuple[Entry, str]]:
    """The requests of rows about things that they write, each with its thing."""
    writing = {(entry["launch"], entry["row"], thing) for entry in log if is_write(entry) for thing in _thing(entry)}
    for entry in log:
        for thing in _thing(entry):
            alone = entry["row"] and entry["type"] not in SHARE_A_CALL
            if alone and (entry["launch"], entry["row"], thing) in writing:
                yield entry, thing


def _thing(entry: Entry) -> list[str]:
    """The one object that a request is about; none for a list of many."""
    said = {**entry["query"], **(entry["body"] if isinstance(entry["body"], dict) else {})}
    owner = said.get("personId") or said.get("workspaceId")
    if owner:
        return [f"owner {owner}"]
    found = re.match(
        r"(?:/telephony/config)?/((?:groups|people|workspaces|locations/[^/]+/numbers)/?[^/]*)", path_of(entry)
    )
    return [found[1]] if found and found[1].count("/") >= 1 and found[1] != "people/me" else []


# 7. Secrets


def check_secret(log: Iterable[Entry], token: str) -> None:
    """The token goes into one header, never into an address or a body."""
    for entry in log:
        said = json.dumps([entry["path"], entry["query"], entry["body"]])
        require(token not in said, f"{named(entry)} carries the token outside its header")


def check_history(earlier: Sequence[Line], now: Sequence[Line]) -> None:
    """What stood in results.csv before a launch stands there afterwards: nothing recorded is ever lost."""
    kept = [record for _, record in now[: len(earlier)]]
    require(kept == [record for _, record in earlier], "results.csv has lost or changed records of an earlier launch")
