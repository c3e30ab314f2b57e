"""The state of the simulated organisation: tables of plain records, the number plan, settings, licences.

Ids come from the seed and from what names the object (a person's email, a location's name), not from the order of
requests: two runs that end with the same objects end with the same ids, so their states can be compared.
"""

import uuid
from collections.abc import Iterable, Iterator
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from webex_provision.clock import Clock
from webex_provision.sandbox.answers import Record, WebexError, make_id, not_found
from webex_provision.sandbox.lines import Line, Lines

PROFESSIONAL = "Webex Calling - Professional"
STANDARD = "Webex Calling - Standard"
WORKSPACES = "Webex Calling - Workspaces"
HOT_DESK = "Webex Calling - Hot desk only"
LICENSE_NAMES = (PROFESSIONAL, STANDARD, WORKSPACES, HOT_DESK)

VOLATILE = frozenset({"created", "lastModified", "lastUpdated", "born", "since", "callingSince"})
PASSING = frozenset({"speech"})  # tables whose rows are no configuration, and come and go by themselves


class Quirks(BaseModel):
    """Awkward but honest behaviour of the service, off by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    list_lag_seconds: float = Field(default=0, ge=0, le=600, description="Lists hide what is younger than this.")
    calling_settle_seconds: float = Field(
        default=0, ge=0, le=600, description="Settings answer 4003 for so long after calling was enabled."
    )
    calling_data_times_out: bool = Field(
        default=False, description="People lists with callingData and more than 10 a page answer 504."
    )


class Table:
    """Objects of one kind by id, in the order of their creation.

    `names` holds the folded name of each, for the filters of lists; `keys` leads from a unique key to an id.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Record] = {}
        self.born: dict[str, float] = {}
        self.names: dict[str, str] = {}
        self.keys: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, record: Record, *, name: str, now: float, key: str = "") -> None:
        """Keep a new record; a non-empty `key` must be unique."""
        self.rows[record["id"]] = record
        self.born[record["id"]] = now
        self.names[record["id"]] = name.casefold()
        if key:
            self.keys[key.casefold()] = record["id"]

    def rename(self, record_id: str, *, name: str, old_key: str = "", key: str = "") -> None:
        """Follow a change of name."""
        self.names[record_id] = name.casefold()
        if key:
            self.keys.pop(old_key.casefold(), None)
            self.keys[key.casefold()] = record_id

    def remove(self, record_id: str, *, key: str = "") -> None:
        """Forget a record."""
        self.rows.pop(record_id, None)
        self.born.pop(record_id, None)
        self.names.pop(record_id, None)
        self.keys.pop(key.casefold(), None)

    def find(self, key: str) -> Record | None:
        """The record with a unique key, whatever its case."""
        return self.rows.get(self.keys.get(key.casefold(), ""))


class Tenant:
    """One organisation. Handlers read and change it; nothing in it knows HTTP."""

    def __init__(self, *, seed: int = 0, clock: Clock | None = None, license_units: int = 100_000) -> None:
        self.seed = seed
        self.clock = clock or Clock()
        self.quirks = Quirks()
        self.default_pstn = ""
        self.tables: dict[str, Table] = {}
        self.lines = Lines()
        self.settings: dict[str, dict[str, Record]] = {}
        self.promises: dict[str, Record] = {}
        self.holders: dict[str, dict[str, None]] = {}
        self.serials: dict[str, int] = {}
        self.changes = 0
        self._offered: dict[str, str] = {}
        self._namespace = uuid.uuid5(uuid.NAMESPACE_URL, f"webex-sandbox:{seed}")
        self.org_id = make_id("ORGANIZATION", str(uuid.uuid5(self._namespace, "organisation")))
        for name in LICENSE_NAMES:
            self._add_license(name, license_units)

    @classmethod
    def with_people(cls, emails: Iterable[str], *, seed: int = 0, clock: Clock | None = None) -> Self:
        """A tenant whose directory holds these people, none of them with calling."""
        tenant = cls(seed=seed, clock=clock)
        for email in emails:
            tenant.add_person(email)
        return tenant

    def now(self) -> float:
        """Seconds since 1970 by the tenant's clock."""
        return self.clock.now().timestamp()

    def timestamp(self) -> str:
        """The time as answers state it."""
        return self.clock.timestamp()

    def table(self, name: str) -> Table:
        """The table of a kind of object, made when it is first asked for."""
        found = self.tables.get(name)
        if found is None:
            found = self.tables[name] = Table()
        return found

    def new_id(self, kind: str, key: str) -> str:
        """An id that depends on the seed and the key.

        Once an object is kept under it, the next one with the same key gets another; a refused create costs none.
        """
        serial_key = f"{kind}:{key.casefold()}"
        serial = self.serials.get(serial_key, 0) + 1
        record_id = make_id(kind, str(uuid.uuid5(self._namespace, f"{serial_key}#{serial}")))
        self._offered[record_id] = serial_key
        return record_id

    def keep(self, table: str, record: Record, *, name: str, key: str = "") -> None:
        """Add a new object, whose id came from `new_id`, to its table; see `Table.add`."""
        serial_key = self._offered.pop(record["id"])
        self.serials[serial_key] = self.serials.get(serial_key, 0) + 1
        self.table(table).add(record, name=name, now=self.now(), key=key)

    def get(self, table: str, record_id: str, kind: str) -> Record:
        """The record with this id; 404 or 400 when there is none, see `not_found`."""
        record = self.table(table).rows.get(record_id)
        if record is None:
            raise not_found(record_id, kind)
        return record

    def listed(self, table: str) -> Iterator[Record]:
        """The records that a list shows at this moment: those that do not lag."""
        found = self.table(table)
        lag = self.quirks.list_lag_seconds
        if not lag:
            return iter(found.rows.values())
        before = self.now() - lag
        return (record for record_id, record in found.rows.items() if found.born[record_id] <= before)

    def lagging(self, instant: float) -> bool:
        """Whether lists do not show yet what happened at `instant`."""
        lag = self.quirks.list_lag_seconds
        return bool(lag) and instant > self.now() - lag

    def line(self, owner_id: str) -> Line | None:
        """How an owner can be called, None when calling is not enabled for it."""
        return self.lines.by_owner.get(owner_id)

    def active_line(self, owner_id: str) -> Line:
        """The line of an owner that is calling-active; 400/4003 otherwise, also for a while after enabling."""
        line = self.lines.by_owner.get(owner_id)
        settle = self.quirks.calling_settle_seconds
        person = self.table("people").rows.get(owner_id, {})
        if line is None or person.get("invitePending") or (settle and line.since > self.now() - settle):
            raise WebexError(400, "Unauthorized request: the target is not calling-active", 4003)
        return line

    def owner(self, owner_id: str) -> Record:
        """The record of whoever has a line, in whichever table it stands."""
        for table in self.tables.values():
            record = table.rows.get(owner_id)
            if record is not None:
                return record
        raise KeyError(owner_id)

    def add_person(self, email: str, *, display_name: str = "", invite_pending: bool = False) -> Record:
        """Add somebody to the directory, as LDAP synchronisation would: no licence, no calling."""
        present = self.table("people").find(email)
        if present is not None:
            return present
        words = email.partition("@")[0].replace("_", ".").replace("-", ".").split(".")
        display_name = display_name or " ".join(word.capitalize() for word in words if word)
        first, _, last = display_name.partition(" ")
        stamp = self.timestamp()
        person: Record = {
            "id": self.new_id("PEOPLE", email),
            "emails": [email],
            "displayName": display_name,
            "firstName": first,
            "lastName": last or ".",
            "orgId": self.org_id,
            "roles": [],
            "licenses": [],
            "created": stamp,
            "lastModified": stamp,
            "status": "unknown",
            "invitePending": invite_pending,
            "loginEnabled": True,
            "type": "person",
        }
        self.keep("people", person, name=display_name, key=email)
        self.changes += 1
        return person

    def promise(self, location_name: str, numbers: Iterable[str] = (), *, pstn: str = "LOCAL_GATEWAY") -> None:
        """What a location gets the moment calling is enabled there: active, free numbers and a PSTN connection."""
        entry = self.promises.setdefault(location_name.casefold(), {"numbers": [], "pstn": pstn})
        known = set(entry["numbers"])
        entry["numbers"].extend(number for number in numbers if number not in known)

    def _add_license(self, name: str, units: int) -> None:
        record: Record = {"id": self.new_id("LICENSE", name), "name": name, "totalUnits": units}
        self.keep("licenses", record, name=name, key=name)
        self.holders[record["id"]] = {}

    def license(self, name: str) -> Record:
        """A licence of the subscription by its name."""
        found = self.table("licenses").find(name)
        if found is None:
            raise KeyError(name)
        return found

    def set_license_units(self, name: str, units: int) -> None:
        """Change how many units of a licence the organisation owns."""
        self.license(name)["totalUnits"] = units

    def dump(self) -> Record:
        """The whole state as plain data, for a file; `load` takes it back."""
        return {
            "version": 1,
            "seed": self.seed,
            "default_pstn": self.default_pstn,
            "tables": {name: vars(table) for name, table in self.tables.items()},
            "plan": self.lines.dump(),
            "settings": self.settings,
            "promises": self.promises,
            "serials": self.serials,
        }

    def load(self, data: Record) -> None:
        """Take over a dumped state; ValueError when it is of another version or seed."""
        if data.get("version") != 1 or data.get("seed") != self.seed:
            raise ValueError("the state file is of another version or another seed")
        self.default_pstn = data["default_pstn"]
        self.tables = {}
        for name, content in data["tables"].items():
            vars(self.table(name)).update(content)
        self.lines.load(data["plan"])
        self.settings, self.promises, self.serials = data["settings"], data["promises"], data["serials"]
        self.holders = {license_id: {} for license_id in self.table("licenses").rows}
        for kind in ("people", "workspaces"):
            for owner_id, record in self.table(kind).rows.items():
                for license_id in record.get("licenses", ()):
                    self.holders[license_id][owner_id] = None

    def normalised(self) -> Record:
        """The state without times and order: equal for two runs that did the same, in whatever order."""
        plan = self.lines.dump()
        return {
            "tables": {
                name: _settled(table.rows)
                for name, table in sorted(self.tables.items())
                if table.rows and name not in PASSING
            },
            "numbers": _settled({item["phone_number"]: item for item in plan["numbers"]}),
            "lines": _settled({item["owner_id"]: item for item in plan["lines"]}),
            "settings": {owner: dict(sorted(kept.items())) for owner, kept in sorted(self.settings.items())},
        }


def _settled(rows: dict[str, Any]) -> Record:
    return {
        row_id: {name: value for name, value in sorted(row.items()) if name not in VOLATILE}
        for row_id, row in sorted(rows.items())
    }
