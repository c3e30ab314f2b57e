"""One tenant on a real socket for many tests: each begins with an empty organisation and plays rows of its own.

Time runs fast for both sides (`FastClock`), so that waits of seconds cost milliseconds; intake of the same rows
happens once. What a test reads back is only what an operator or the tenant could see.
"""

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest

from webex_provision.clock import Clock
from webex_provision.ledger.manifest import Manifest, Selection
from webex_provision.sandbox import FaultRule, Faults, SandboxServer
from webex_provision.sandbox.answers import Record
from webex_provision.sandbox.seeding import add_location
from webex_provision.sandbox.tenant import Quirks, Tenant
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.rehearsal import Rehearsal, write_csv

SPEED = 100  # seconds of the clock in one real second
EPOCH = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)

Row = Mapping[str, str]


class FastClock(Clock):
    """The real clock, `SPEED` times faster: sleeps are short and time agrees with them, in every thread."""

    def __init__(self) -> None:
        super().__init__(seed=1)
        self._began = time.monotonic()

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * SPEED

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.monotonic())

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / SPEED)


class Play(Rehearsal):
    """A roll-out on a stage; `state` is how its last run ended."""

    state: RunState
    manifest: Manifest | None = None

    def prepare(self) -> Manifest:
        """Intake, once."""
        self.manifest = self.manifest or super().prepare()
        return self.manifest

    def run(self, mode: RunMode = RunMode.RESUME, selection: Selection | None = None, **changes: Any) -> RunState:
        """As for any rehearsal; the request log begins anew."""
        self.server.log.clear()
        self.state = super().run(mode, selection, **changes)
        return self.state

    def retry(self, *reasons: Any, **changes: Any) -> RunState:
        """The pending rows again, those of the reasons only."""
        return self.run(RunMode.RETRY_PENDING, Selection(reasons=reasons), **changes)

    def outcome(self, key: str) -> str:
        """`success`, or the reason code of the row's last record."""
        last = self.last(key)
        return "success" if last["status"] == "success" else self.why(key)["reason_code"]

    def why(self, key: str) -> dict[str, str]:
        """The row's last line in pending_rows.csv."""
        return [record for record in self.pending if record["entity_key"] == key][-1]

    @property
    def outcomes(self) -> dict[str, str]:
        """The outcome of every row that has a record, by its key."""
        return {record["entity_key"]: self.outcome(record["entity_key"]) for record in self.results}

    def bodies(self, method: str, path_ending: str) -> list[Any]:
        """What was sent, in order."""
        return [entry["body"] for entry in self.calls(method, path_ending)]

    @property
    def writes(self) -> list[str]:
        """Method and path of everything that was not a GET, without ids, in order."""
        return [
            f"{entry['method']} {_without_ids(entry['path'])}"
            for entry in self.server.log.entries
            if entry["method"] != "GET"
        ]


def _without_ids(path: str) -> str:
    return "/".join("*" if len(part) > 40 else part for part in path.removeprefix("/v1").split("/"))


class Stage:
    """The server, and what tests put on it."""

    def __init__(self, folder: Path) -> None:
        self.clock = FastClock()
        self.server = SandboxServer(clock=self.clock)
        self._empty = deepcopy(self.server.tenant.dump())
        self._folder = folder
        self._count = 0
        self.plays: list[Play] = []
        self._prepared: dict[str, Play] = {}

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.server.__exit__(*error)

    @property
    def tenant(self) -> Tenant:
        return self.server.tenant

    def clear(self) -> None:
        """An empty organisation, an empty log, and nothing goes wrong."""
        self.tenant.load(deepcopy(self._empty))
        self.faults()
        self.server.log.clear()
        self.plays.clear()

    def faults(self, *rules: Mapping[str, Any], expires_after: int | None = None, **quirks: Any) -> None:
        """What goes wrong from now on; each rule is the arguments of a `FaultRule`."""
        self.server.sandbox.set_faults(
            Faults(
                rules=[FaultRule(**rule) for rule in rules],
                quirks=Quirks(**quirks),
                token_expires_after=expires_after,
            )
        )

    def pause(self) -> None:
        """Let a second of the clock pass."""
        time.sleep(1 / SPEED)

    # What the organisation holds

    def location(self, name: str = "HQ", *numbers: str, calling: bool = True) -> Record:
        """One that has been there for long, so that lists show it."""
        location = add_location(self.tenant, name, calling=calling, numbers=numbers)
        self.tenant.table("locations").born[location["id"]] = 0
        if calling:
            location["callingSince"] = {"born": 0}
        for number in numbers:
            self.tenant.lines.inventory[number].born = 0
        return location

    def people(self, *names: str, **details: Any) -> list[Record]:
        """Synchronised users without calling."""
        found = [self.tenant.add_person(f"{name}@example.com", **details) for name in names]
        self.tenant.table("people").born.update((person["id"], 0) for person in found)
        return found

    def person(self, name: str) -> Record:
        found = self.tenant.table("people").find(f"{name}@example.com")
        assert found is not None
        return found

    def ids(self, *names: str) -> list[str]:
        """Ids of workspaces, virtual lines and park extensions by their names, else of people by theirs."""
        tables = ("workspaces", "virtual_lines", "call_park_extensions")
        found = [[row for table in tables for row in self.named(table, name)] for name in names]
        return [(rows or [self.person(name)])[0]["id"] for name, rows in zip(names, found, strict=True)]

    def line_of(self, owner: Record) -> tuple[str, str, list[str]]:
        """Extension, main number and alternates of an owner."""
        line = self.tenant.lines.by_owner[owner["id"]]
        return line.extension, line.number, sorted(line.alternates)

    def named(self, table: str, name: str) -> list[Record]:
        """The objects of a table that have this name."""
        return [
            row for row in self.tenant.table(table).rows.values() if name in (row.get("name"), row.get("displayName"))
        ]

    def licenses_of(self, owner: Record) -> list[str]:
        """The names of the licences that an owner holds."""
        rows = self.tenant.table("licenses").rows
        return [rows[license_id]["name"] for license_id in owner["licenses"]]

    # Plays

    def prepare(self, *rows: Row, **settings: Any) -> Play:
        """A new roll-out of these rows, intake done."""
        self._count += 1
        folder = self._folder / f"play-{self._count}"
        folder.mkdir(parents=True)
        known = json.dumps([rows, settings.get("batch_size")])
        if known not in self._prepared:
            csv_path = write_csv(folder / "site.csv", rows)
            first = Play(self.server, folder / "template", csv_path, **settings)
            first.prepare()
            self._prepared[known] = first
        template = self._prepared[known]
        shutil.copytree(template.folder, folder / "out")
        play = Play(self.server, folder / "out", template.csv_path, **settings)
        play.manifest, play.clock = template.manifest, self.clock
        self.plays.append(play)
        return play

    def play(self, *rows: Row, **settings: Any) -> Play:
        """Prepare, and run all phases."""
        play = self.prepare(*rows, **settings)
        play.run()
        return play


def calling_users(stage: Stage, **extensions: str) -> None:
    """Users who call already, Professional, in HQ."""
    give_calling(stage, "Webex Calling - Professional", **extensions)


def give_calling(stage: Stage, license_name: str, location: str = "HQ", **extensions: str) -> None:
    """Users who hold a calling licence; a value that starts with + is a number, else an extension."""
    tenant = stage.tenant
    place = tenant.table("locations").find(location)
    assert place is not None
    for name, value in extensions.items():
        person = tenant.add_person(f"{name}@example.com")
        license_id = tenant.license(license_name)["id"]
        person["licenses"].append(license_id)
        tenant.holders[license_id][person["id"]] = None
        number, extension = (value, "") if value.startswith("+") else ("", value)
        tenant.lines.assign(person["id"], "PEOPLE", place["id"], extension=extension, number=number, now=0)


@pytest.fixture(scope="session")
def whole_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture
def stage(whole_stage: Stage) -> Stage:
    whole_stage.clear()
    return whole_stage


def numbered(count: int, make: Any) -> Sequence[Row]:
    """`count` rows, made from 1 to `count`."""
    return [make(number) for number in range(1, count + 1)]
