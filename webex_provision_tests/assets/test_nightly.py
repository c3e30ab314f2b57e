"""The schedule that retries users whom the directory had not synchronised starts only what can be gone on with."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from webex_provision.assets.launcher import Launched
from webex_provision.assets.nightly import nightly_schedule
from webex_provision.ledger.folder import RollOutFolder
from webex_provision_tests.assets.site import ROWS, Site, site_in
from webex_provision_tests.rehearsal import LOCATION, write_csv

NIGHT = datetime(2026, 1, 6, 2, tzinfo=UTC)


def tick(instance: dg.DagsterInstance) -> tuple[list[dg.RunRequest], str]:
    """What is asked for, and why the rest is not."""
    context = dg.build_schedule_context(instance, scheduled_execution_time=NIGHT)
    data = nightly_schedule().evaluate_tick(context)
    return list(data.run_requests or []), data.skip_message or ""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_in(tmp_path_factory.mktemp("nightly")) as site:
        yield site


@pytest.fixture(scope="module")
def instance(site: Site) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(site.home)) as instance:
        yield instance


@pytest.fixture(scope="module")
def waiting(site: Site, instance: dg.DagsterInstance) -> Launched:
    """The site, with one user who is not there yet; before it nothing is known."""
    asked, why = tick(instance)
    assert not asked
    assert "no roll-out is known" in why
    return site.launch()


def folder_of(launched: Launched) -> Path:
    assert launched.folder is not None
    return launched.folder


def test_a_roll_out_that_waits_for_users_is_retried_for_them_alone_and_once_a_night(
    instance: dg.DagsterInstance, waiting: Launched
) -> None:
    (request,), _ = tick(instance)
    config = {"output_dir": str(waiting.folder), "mode": "retry_pending", "reasons": ["user_not_found"]}
    assert request.run_config == {"ops": {"roll_out": {"config": config}}}
    assert request.run_key == f"{folder_of(waiting).name}-2026-01-06"


def test_a_roll_out_of_another_tenant_is_left_alone(
    instance: dg.DagsterInstance, waiting: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBEX_BASE_URL", "http://127.0.0.1:9/v1")
    asked, why = tick(instance)
    assert not asked
    assert f"{folder_of(waiting).name}: its last run was on another tenant" in why


def test_a_roll_out_of_another_organisation_is_left_alone(
    instance: dg.DagsterInstance, waiting: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert waiting.state
    monkeypatch.setenv("WEBEX_ORG_ID", "00000000-0000-4000-8000-000000000000")
    assert not tick(instance)[0]


def test_settings_that_cannot_be_used_are_told(
    instance: dg.DagsterInstance, waiting: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert waiting.state
    monkeypatch.delenv("WEBEX_TOKEN")
    asked, why = tick(instance)
    assert not asked
    assert "WEBEX_TOKEN" in why


def test_what_somebody_has_stopped_is_not_started_by_a_clock(instance: dg.DagsterInstance, waiting: Launched) -> None:
    runs = RollOutFolder(folder_of(waiting)).runs
    kept = runs.read_bytes()
    runs.write_bytes(kept.replace(b'"COMPLETED_WITH_PENDING"', b'"INTERRUPTED"'))
    try:
        asked, why = tick(instance)
    finally:
        runs.write_bytes(kept)
    assert not asked
    assert "ended as INTERRUPTED; resume it first" in why


def test_a_mended_csv_of_the_same_name_takes_the_place_of_the_one_before(
    site: Site, instance: dg.DagsterInstance, waiting: Launched
) -> None:
    (site.base / "mended").mkdir()
    mended = write_csv(site.base / "mended" / site.csv.name, [LOCATION, *ROWS[1:3]])
    assert site.launch(csv=mended).folder != waiting.folder
    asked, why = tick(instance)
    assert not asked, "its one waiting user is no longer what the site wants"
    assert "ended as COMPLETED" in why
    assert folder_of(waiting).name not in why
