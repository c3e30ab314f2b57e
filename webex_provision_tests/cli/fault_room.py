"""A room to make things go wrong in: one small CSV, a simulated tenant, and a terminal."""

import os
import shlex
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from webex_provision.ledger.folder import RollOutFolder
from webex_provision.sandbox import FaultRule, Faults, SandboxServer
from webex_provision_tests.cli.typed import Said, Terminal, tenant
from webex_provision_tests.rehearsal import LOCATION, read_csv, user, workspace, write_csv

ROWS = (LOCATION, user("ana", "2101"), workspace("Sala 1", "2201"))
QUICK = {
    "REQUESTS_PER_SECOND": "500",
    "BACKOFF_BASE_SECONDS": "0.01",
    "BACKOFF_MAX_SECONDS": "0.02",
    "LIST_LAG_SECONDS": "0.1",
    "CALL_BREAKER_PAUSE_SECONDS": "0.01",
    "STOP_GRACE_SECONDS": "1",
}


class Room:
    """One roll-out, in a folder whose name has to be quoted. `home` is a history that many rooms share."""

    def __init__(self, server: SandboxServer, empty: Mapping[str, Any], home: Path, place: Path) -> None:
        self.server = server
        self.csv = place / "site.csv"
        self.folder = place / "out of HQ"
        self.run = ("run", str(self.csv), "--output-dir", str(self.folder))
        self.env = tenant(server.base_url) | QUICK | {"DAGSTER_HOME": str(home)}
        self.typed: tuple[str, ...] = ()
        server.tenant.load(deepcopy(dict(empty)))
        server.log.clear()
        self.faults()
        self.people("ana")
        self.site(*ROWS)

    def site(self, *rows: Mapping[str, str]) -> None:
        """Writes the CSV."""
        write_csv(self.csv, rows)

    def people(self, *names: str) -> None:
        """Synchronised users."""
        for name in names:
            self.server.tenant.add_person(f"{name}@example.com")

    def faults(self, *rules: Mapping[str, Any], **more: Any) -> None:
        """What goes wrong from now on at the tenant."""
        made = [FaultRule(**({"effect": "status"} | rule)) for rule in rules]
        self.server.sandbox.set_faults(Faults(rules=made, **more))

    def types(self, *words: str, **variables: str) -> Said:
        """A command in this process; without words, the one that provisions the CSV."""
        before = dict(os.environ)
        try:
            return Terminal().types(*self._noted(words), **(self.env | variables))
        finally:
            os.environ.clear()
            os.environ.update(before)

    def starts(self, *words: str, **variables: str) -> Said:
        """A command in a process of its own, as a person types it."""
        return Terminal().starts(*self._noted(words), **(self.env | variables))

    def goes_on(self, command: str) -> Said:
        """A command as the tool has printed it."""
        return self.types(*shlex.split(command)[1:])

    def _noted(self, words: tuple[str, ...]) -> tuple[str, ...]:
        self.typed = words or self.run
        return self.typed

    @property
    def files(self) -> RollOutFolder:
        return RollOutFolder(self.folder)

    @property
    def creates(self) -> list[str]:
        """Names of what was created, that nothing be there twice."""
        tables = ("locations", "workspaces")
        rows = [row for table in tables for row in self.server.tenant.table(table).rows.values()]
        return sorted(str(row.get("name") or row.get("displayName")) for row in rows)

    @property
    def states(self) -> list[str]:
        """The last state of every row."""
        return list({record["row_id"]: record["status"] for record in read_csv(self.files.results)}.values())
