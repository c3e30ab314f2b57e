"""`verify` holds every success row against the tenant, by list pages; whatever somebody has changed is told by row."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from webex_provision.engine.verification import Verification, verify
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.sandbox.faults import Faults
from webex_provision.sandbox.seeding import add_location
from webex_provision.sandbox.tenant import Quirks
from webex_provision_tests.contract.routing_rows import PASSWORD_VARIABLE
from webex_provision_tests.contract.rows import PROMPT, first_rows
from webex_provision_tests.in_process_site import BASE_URL, Exchange, InProcessSite, recorded
from webex_provision_tests.prompts import wav
from webex_provision_tests.rehearsal import LOCATION, TOKEN, hunt_group, user, workspace
from webex_provision_tests.sandbox.in_process import SandboxTransport

ROWS = [
    LOCATION,
    user("ana", "2101", phone_number="+34910002101"),
    user("nobody", "2109"),
    workspace("Sala", "2301"),
    hunt_group("Ventas", "2800", hunt_agents="ana@example.com"),
]


def _verified(site: InProcessSite) -> tuple[Verification, list[Exchange]]:
    sent: list[Exchange] = []
    return verify(RollOutFolder(site.folder), site.settings, site.clock, transport=recorded(site.sandbox, sent)), sent


def test_a_fresh_roll_out_of_every_type_is_as_recorded_and_only_lists_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "sip-secret")
    site = InProcessSite(tmp_path, first_rows())
    (tmp_path / PROMPT).write_bytes(wav())
    site.run()
    tenant = site.sandbox.tenant.normalised()
    ledger = {path.name: path.read_bytes() for path in site.folder.iterdir() if path.is_file()}
    verification, sent = _verified(site)
    assert verification.differences == ()
    assert verification.rows == len(first_rows())
    assert verification.calls == len(sent) <= 22
    assert {exchange.method for exchange in sent} == {"GET"}
    assert len({exchange.url for exchange in sent}) == len(sent)
    assert site.sandbox.tenant.normalised() == tenant
    assert {path.name: path.read_bytes() for path in site.folder.iterdir() if path.is_file()} == ledger


def test_lists_that_still_lag_the_last_write_are_waited_for(tmp_path: Path) -> None:
    site = InProcessSite(tmp_path, ROWS)
    site.faults(Faults(quirks=Quirks(list_lag_seconds=8)))
    site.run()
    assert _verified(site)[0].differences == ()


@pytest.fixture
def site(tmp_path: Path) -> InProcessSite:
    site = InProcessSite(tmp_path, ROWS, seeded=[row for row in ROWS if row.get("email") != "nobody@example.com"])
    site.run()
    site.clock.advance(60)
    return site


def _id_of(site: InProcessSite, key: str) -> str:
    return next(record["remote_id"] for record in site.last_states().values() if record["entity_key"] == key)


def _delete(site: InProcessSite, path: str) -> None:
    async def send() -> None:
        async with httpx.AsyncClient(transport=SandboxTransport(site.sandbox), base_url=BASE_URL) as client:
            answer = await client.delete(f"{BASE_URL}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
            assert answer.status_code in (200, 204)

    asyncio.run(send())


def _group_gone(site: InProcessSite) -> None:
    _delete(site, f"/telephony/config/locations/{_id_of(site, 'Madrid HQ')}/huntGroups/{_id_of(site, 'HQ/Ventas')}")


def _line_gone(site: InProcessSite) -> None:
    site.sandbox.tenant.lines.release(_id_of(site, "ana@example.com"))


def _extension_changed(site: InProcessSite) -> None:
    site.sandbox.tenant.lines.assign(
        _id_of(site, "Sala"), "PLACE", _id_of(site, "Madrid HQ"), extension="2399", number="", now=0
    )


def _person_gone(site: InProcessSite) -> None:
    site.sandbox.tenant.table("people").rows[_id_of(site, "ana@example.com")]["emails"] = ["other@example.com"]


def _moved(site: InProcessSite) -> None:
    other = add_location(site.sandbox.tenant, "Branch")["id"]
    lines = site.sandbox.tenant.lines
    lines.by_owner[_id_of(site, "ana@example.com")].location_id = other
    lines.inventory["+34910002101"].location_id = other


def _made_anew(site: InProcessSite) -> None:
    """A workspace of the same name and line, which is another one."""
    _delete(site, f"/workspaces/{_id_of(site, 'Sala')}")
    again = InProcessSite(site.base / "again", ROWS[:1] + ROWS[3:4], seeded=[])
    again.sandbox, again.clock = site.sandbox, site.clock
    again.run()
    site.clock.advance(60)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_group_gone, {("HQ/Ventas", "existence")}),
        (_line_gone, {("ana@example.com", "extension"), ("ana@example.com", "phone_number")}),
        (_extension_changed, {("Sala", "extension")}),
        (_person_gone, {("ana@example.com", "existence")}),
        (_moved, {("ana@example.com", "extension"), ("ana@example.com", "location")}),
        (_made_anew, {("Sala", "id")}),
    ],
)
def test_what_somebody_has_changed_since_is_told_by_row_and_fact(
    site: InProcessSite, change: Callable[[InProcessSite], None], told: set[tuple[str, str]]
) -> None:
    assert _verified(site)[0].differences == ()
    (site.base / "again").mkdir()
    change(site)
    verification, sent = _verified(site)
    assert {(one.entity_key, one.fact) for one in verification.differences} == told
    assert {exchange.method for exchange in sent} == {"GET"}


def test_a_pending_row_is_not_held_against_the_tenant(site: InProcessSite) -> None:
    assert _verified(site)[0].rows == len(ROWS) - 1
