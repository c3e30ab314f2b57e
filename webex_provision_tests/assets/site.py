"""A site in miniature, its tenant, and the environment in which both are launched."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

from webex_provision.assets.home import dagster_home
from webex_provision.assets.launcher import Launched, launch
from webex_provision.sandbox import FaultRule, Faults, SandboxConfig, SandboxServer
from webex_provision.vocabulary import RunMode
from webex_provision_tests.rehearsal import LOCATION, hunt_group, user, write_csv

TOKEN = "token-that-nobody-may-ever-see"
USERS = [user(f"u{number}", str(2000 + number)) for number in range(1, 6)]
ABSENT = user("absent", "2099")
ROWS = [LOCATION, *USERS, ABSENT, hunt_group("Ventas", "2800", hunt_agents="u1@example.com|u2@example.com")]
PHASES = ("phase_1_routing", "phase_2_users", "phase_3_services")


class Site:
    """A CSV of one location, six users (one of them unknown to the tenant) and a hunt group; two rows a batch."""

    def __init__(self, base: Path, server: SandboxServer) -> None:
        self.base, self.server = base, server
        self.csv = write_csv(base / "site.csv", ROWS)
        self.out = base / "out"
        self.home = dagster_home(base)

    @property
    def variables(self) -> dict[str, str]:
        return {
            "DAGSTER_HOME": str(self.home),
            "WEBEX_PROVISION_STATE_DIR": str(self.base / "state"),
            "WEBEX_TOKEN": TOKEN,
            "WEBEX_BASE_URL": self.server.base_url,
            "ENVIRONMENT": "lab",
            "OUTPUT_DIR": str(self.out),
            "BATCH_SIZE": "2",
            "REQUESTS_PER_SECOND": "1000",
            "LIST_LAG_SECONDS": "0",
            "BACKOFF_BASE_SECONDS": "0.01",
            "LOCK_WAIT_SECONDS": "0",
        }

    def launch(self, csv: Path | None = None, folder: Path | None = None, **wish: Any) -> Launched:
        """The site's CSV, unless something else is named."""
        return launch(csv=csv or (None if folder else self.csv), folder=folder, command="test", **wish)

    def retry(self, folder: Path, *reasons: str) -> Launched:
        return self.launch(folder=folder, mode=RunMode.RETRY_PENDING, reasons=reasons)

    def faults(self, *rules: Mapping[str, Any]) -> None:
        self.server.sandbox.set_faults(Faults(rules=[FaultRule(**rule) for rule in rules]))

    def writes(self) -> list[str]:
        return [entry["path"] for entry in self.server.log.entries if entry["method"] != "GET"]


@contextmanager
def site_in(base: Path, **sandbox: Any) -> Iterator[Site]:
    """The site with a fresh tenant; the environment is set while the block lasts."""
    base.mkdir(parents=True, exist_ok=True)
    known = write_csv(base / "known.csv", [row for row in ROWS if row is not ABSENT])
    with SandboxServer(SandboxConfig(seed_csv=known, **sandbox)) as server:
        site = Site(base, server)
        before = dict(os.environ)
        os.environ.update(site.variables)
        try:
            yield site
        finally:
            os.environ.clear()
            os.environ.update(before)


def batches_of(instance: dg.DagsterInstance, asset: str, run_id: str | None = None) -> dict[str, dict[str, Any]]:
    """The metadata of an asset's last materialisation, by the number of its batch."""
    found: dict[str, dict[str, Any]] = {}
    records = instance.fetch_materializations(dg.AssetKey(asset), limit=100, ascending=True).records
    for record in records:
        event = record.asset_materialization
        if event is not None and event.partition and (run_id is None or record.run_id == run_id):
            found[event.partition[-4:]] = {name: value.value for name, value in event.metadata.items()}
    return dict(sorted(found.items()))
