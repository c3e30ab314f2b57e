"""The script that an administrator writes with wxc-sdk: row by row, look it up, write what is not there.

It is a good one: what it has learnt it remembers, and a row that failed is tried again once all others are done.
"""

from collections.abc import Callable
from typing import Any

from wxc_sdk import WebexSimpleApi
from wxc_sdk.rest import RestSession
from wxc_sdk.tokens import Tokens

from webex_provision_tests.benchmarks.contestants import MOST_STARTS, TOKEN, Plan
from webex_provision_tests.benchmarks.contestants import sdk_rows as say
from webex_provision_tests.benchmarks.contestants.sdk_rows import Row, rows_of, waits_scaled


def ready(plan: Plan) -> Callable[[], int]:
    """The rows are read before the play."""
    rows = rows_of(plan.csv)
    session = type("LoopbackSession", (RestSession,), {"BASE": plan.base_url})(
        tokens=Tokens(access_token=TOKEN), concurrent_requests=1
    )
    session.trust_env = False  # loopback never goes through a proxy

    def go() -> int:
        with waits_scaled(plan.speed), session:
            return Script(WebexSimpleApi(tokens=TOKEN, session=session)).run(rows)

    return go


class Script:
    """`ids` remembers people by email and workspaces by name; `locations` and `licenses` are ids by name."""

    def __init__(self, api: Any) -> None:
        self.api = api
        self.locations: dict[str, str] = {}
        self.licenses: dict[str, str] = {}
        self.ids: dict[str, str] = {}

    def run(self, rows: list[dict[str, str]]) -> int:
        """How many passes over the rows, or those that had failed, it took."""
        waiting = sorted(rows, key=lambda row: row["entity_type"] not in say.FIRST)
        for start in range(1, MOST_STARTS + 1):
            failed, last = [], ""
            for row in waiting:
                try:
                    self.prepare()
                    getattr(self, row["entity_type"])(row)
                except Exception as error:  # what a script does: note it, go on, try again later
                    failed.append(row)
                    last = f"{type(error).__name__}: {error}"
            if not failed:
                return start
            waiting = failed
        raise RuntimeError(f"{len(failed)} rows failed after {MOST_STARTS} passes, the last with {last}")

    def prepare(self) -> None:
        """Locations and licences, once."""
        if not self.locations:
            self.locations = {found.name: found.location_id for found in self.api.locations.list()}
        if not self.licenses:
            self.licenses = {found.name: found.license_id for found in self.api.licenses.list()}

    def user(self, row: Row) -> None:
        (person,) = self.api.people.list(email=row["email"])
        self.ids[row["email"]] = person.person_id
        license_id = say.license_of(row, self.licenses)
        if license_id not in (person.licenses or []):
            request = say.license_request(row, license_id, self.locations[row["location_key"]])
            self.api.licenses.assign_licenses_to_users(person_id=person.person_id, licenses=[request])
        settings = self.api.person_settings
        if "calling_settings_voicemail_enabled" in row:
            settings.voicemail.configure(person.person_id, settings=say.voicemail(row))
        if "calling_settings_call_waiting_enabled" in row:
            settings.call_waiting.configure(person.person_id, row["calling_settings_call_waiting_enabled"] == "true")

    def user_forwarding(self, row: Row) -> None:
        forwarding, person_id = self.api.person_settings.forwarding, self.ids[row["email"]]
        forwarding.configure(person_id, say.forwarded(row, forwarding.read(person_id)))

    def workspace(self, row: Row) -> None:
        name, location_id = row["workspace_display_name"], self.locations[row["location_key"]]
        listed = self.api.workspaces.list(display_name=name, location_id=location_id)
        found = next((workspace for workspace in listed if workspace.display_name == name), None)
        if found is None:
            found = self.api.workspaces.create(say.workspace(row, location_id, self.licenses))
        self.ids[name] = found.workspace_id

    def devices(self, row: Row) -> None:
        owner = {f"{row['device_owner_type']}_id": self.ids[row["device_owner"]]}
        if not list(self.api.devices.list(mac=row["device_mac"])):
            self.api.devices.create_by_mac_address(row["device_mac"], model=row["device_model"], **owner)

    def hunt_group(self, row: Row) -> None:
        agents = self._ids(row["hunt_agents"])
        self._make(self.api.telephony.huntgroup, row, row["hunt_name"], say.hunt_group(row, agents))

    def call_queue(self, row: Row) -> None:
        agents = self._ids(row["queue_agents"])
        self._make(self.api.telephony.callqueue, row, row["queue_name"], say.call_queue(row, agents))

    def call_pickup_group(self, row: Row) -> None:
        members = self._ids(row["pickup_members"])
        self._make(self.api.telephony.pickup, row, row["pickup_name"], say.pickup_group(row, members))

    def _ids(self, cell: str) -> list[str]:
        return [self.ids[email] for email in cell.split("|")]

    def _make(self, kind: Any, row: Row, name: str, settings: Any) -> None:
        location_id = self.locations[row["location_key"]]
        if not any(found.name == name for found in kind.list(location_id=location_id, name=name)):
            kind.create(location_id, settings)
