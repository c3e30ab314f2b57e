"""A site that was rolled out over all types, and the third-party client that looks at it."""

from collections.abc import Iterator

import pytest

from webex_provision.sandbox import SandboxConfig, SandboxServer
from webex_provision.vocabulary import RunState
from webex_provision_tests.contract.routing_rows import PASSWORD_VARIABLE
from webex_provision_tests.contract.rows import PROMPT, first_rows
from webex_provision_tests.peers.reader import Reader
from webex_provision_tests.prompts import wav
from webex_provision_tests.rehearsal import TOKEN, Rehearsal, write_csv
from webex_provision_tests.stage import FastClock

Row = dict[str, str]


class Site:
    """The rows that were played, the client, and the ids by which it asks."""

    def __init__(self, rows: list[Row], reader: Reader) -> None:
        self.rows, self.reader, self.api = rows, reader, reader.api
        self.people = {str(person.emails[0]): person for person in reader.all(self.api.people.list, calling_data=True)}
        self.workspaces = {str(found.display_name): found for found in reader.all(self.api.workspaces.list)}
        (self.place,) = reader.all(self.api.locations.list)

    @property
    def location_id(self) -> str:
        return str(self.place.location_id)

    def row(self, kind: str, **cells: str) -> Row:
        """The one row of a type that has these cells."""
        fitting = [row for row in self.rows if row["entity_type"] == kind and cells.items() <= row.items()]
        assert len(fitting) == 1
        return fitting[0]

    def person_id(self, email: str) -> str:
        return str(self.people[email].person_id)

    def owner_id(self, member: str) -> str:
        """Of a member as a list cell names it."""
        name = member.partition("=")[0]
        if name.startswith("workspace:"):
            return str(self.workspaces[name.removeprefix("workspace:")].workspace_id)
        return self.person_id(name)

    def owners(self, cell: str) -> list[str]:
        return [self.owner_id(member) for member in cell.split("|")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, rows, clock = tmp_path_factory.mktemp("peers"), first_rows(), FastClock()
    csv_path = write_csv(folder / "site.csv", rows)
    (folder / PROMPT).write_bytes(wav())
    with pytest.MonkeyPatch.context() as patch, SandboxServer(SandboxConfig(seed_csv=csv_path), clock=clock) as server:
        patch.setenv(PASSWORD_VARIABLE, "sip-secret")
        play = Rehearsal(server, folder / "out", csv_path)
        play.clock = clock
        state = play.run()
        assert (state, play.pending) == (RunState.COMPLETED, [])
        with Reader(server.base_url, TOKEN) as reader:
            yield Site(rows, reader)
