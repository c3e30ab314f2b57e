"""The same script on wxc-sdk's asynchronous client, all rows at once and the library's own bound on what is in flight.

Users and workspaces first, because other rows refer to them; rows that failed are tried again once all are done.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from wxc_sdk.as_api import AsWebexSimpleApi
from wxc_sdk.as_rest import AsRestSession

from webex_provision_tests.benchmarks.contestants import MOST_STARTS, TOKEN, Plan
from webex_provision_tests.benchmarks.contestants import sdk_rows as say
from webex_provision_tests.benchmarks.contestants.sdk_rows import Row, rows_of, waits_scaled


def ready(plan: Plan) -> Callable[[], int]:
    """The rows are read before the play."""
    rows = rows_of(plan.csv)

    async def run() -> int:
        with patched_base(plan.base_url):
            async with AsWebexSimpleApi(tokens=TOKEN) as api:
                return await Script(api).run(rows)

    def go() -> int:
        with waits_scaled(plan.speed):
            return asyncio.run(run())

    return go


def patched_base(base_url: str) -> Any:
    """While it lasts, sessions that the library makes by itself, with its own defaults, talk to `base_url`."""
    return say.patch.object(AsRestSession, "BASE", base_url)


class Script:
    """`ids` remembers people by email and workspaces by name; `locations` and `licenses` are ids by name."""

    def __init__(self, api: Any) -> None:
        self.api = api
        self.locations: dict[str, str] = {}
        self.licenses: dict[str, str] = {}
        self.ids: dict[str, str] = {}

    async def run(self, rows: list[dict[str, str]]) -> int:
        """How often rows had to be played: all of them, or those that had failed."""
        starts = 1
        for first in (True, False):
            stage = [row for row in rows if (row["entity_type"] in say.FIRST) is first]
            starts += await self._stage(stage) - 1
        return starts

    async def _stage(self, waiting: list[dict[str, str]]) -> int:
        for start in range(1, MOST_STARTS + 1):
            try:
                await self.prepare()
            except Exception:  # noqa: S112 - what a script does: try again
                continue
            ended = await asyncio.gather(
                *(getattr(self, row["entity_type"])(row) for row in waiting), return_exceptions=True
            )
            failed = [(row, error) for row, error in zip(waiting, ended, strict=True) if error is not None]
            if not failed:
                return start
            waiting = [row for row, _ in failed]
        raise RuntimeError(f"{len(failed)} rows failed after {MOST_STARTS} passes, the last with {failed[-1][1]!r}")

    async def prepare(self) -> None:
        """Locations and licences, once."""
        if not self.locations:
            self.locations = {found.name: found.location_id for found in await self.api.locations.list()}
        if not self.licenses:
            self.licenses = {found.name: found.license_id for found in await self.api.licenses.list()}

    async def user(self, row: Row) -> None:
        (person,) = await self.api.people.list(email=row["email"])
        self.ids[row["email"]] = person.person_id
        license_id = say.license_of(row, self.licenses)
        if license_id not in (person.licenses or []):
            request = say.license_request(row, license_id, self.locations[row["location_key"]])
            await self.api.licenses.assign_licenses_to_users(person_id=person.person_id, licenses=[request])
        settings = self.api.person_settings
        if "calling_settings_voicemail_enabled" in row:
            await settings.voicemail.configure(person.person_id, settings=say.voicemail(row))
        if "calling_settings_call_waiting_enabled" in row:
            wanted = row["calling_settings_call_waiting_enabled"] == "true"
            await settings.call_waiting.configure(person.person_id, wanted)

    async def user_forwarding(self, row: Row) -> None:
        forwarding, person_id = self.api.person_settings.forwarding, self.ids[row["email"]]
        await forwarding.configure(person_id, say.forwarded(row, await forwarding.read(person_id)))

    async def workspace(self, row: Row) -> None:
        name, location_id = row["workspace_display_name"], self.locations[row["location_key"]]
        listed = await self.api.workspaces.list(display_name=name, location_id=location_id)
        found = next((workspace for workspace in listed if workspace.display_name == name), None)
        if found is None:
            found = await self.api.workspaces.create(say.workspace(row, location_id, self.licenses))
        self.ids[name] = found.workspace_id

    async def devices(self, row: Row) -> None:
        owner = {f"{row['device_owner_type']}_id": self.ids[row["device_owner"]]}
        if not await self.api.devices.list(mac=row["device_mac"]):
            await self.api.devices.create_by_mac_address(row["device_mac"], model=row["device_model"], **owner)

    async def hunt_group(self, row: Row) -> None:
        agents = self._ids(row["hunt_agents"])
        await self._make(self.api.telephony.huntgroup, row, row["hunt_name"], say.hunt_group(row, agents))

    async def call_queue(self, row: Row) -> None:
        agents = self._ids(row["queue_agents"])
        await self._make(self.api.telephony.callqueue, row, row["queue_name"], say.call_queue(row, agents))

    async def call_pickup_group(self, row: Row) -> None:
        members = self._ids(row["pickup_members"])
        await self._make(self.api.telephony.pickup, row, row["pickup_name"], say.pickup_group(row, members))

    def _ids(self, cell: str) -> list[str]:
        return [self.ids[email] for email in cell.split("|")]

    async def _make(self, kind: Any, row: Row, name: str, settings: Any) -> None:
        location_id = self.locations[row["location_key"]]
        listed = await kind.list(location_id=location_id, name=name)
        if not any(found.name == name for found in listed):
            await kind.create(location_id, settings)
