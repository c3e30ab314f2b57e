"""What a person sees in Dagster's UI: a run launched by clicking, its figures, what waits and how to go on, a backfill.

It needs chromium and chromedriver; with REQUIRE_SERVERS=1 their lack is a failure. The pictures go to the
folder that SCREENSHOTS_DIR names.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from webex_provision.assets.nightly import SCHEDULE
from webex_provision_tests.browser.ui_server import ui_in
from webex_provision_tests.browser.window import Window, missing, window_on

pytestmark = pytest.mark.timeout(900)  # each wait has its own bound
JOB = "/locations/webex_provision.definitions/jobs/provision"
ASSETS = ("ready_rows", "rejected_rows", "phase_1_routing", "phase_2_users", "phase_3_services", "run_summary")
STANDING = "122 success, 5 pending, 0 not reached"  # of data/sample_with_mistakes.csv
TOKEN = "a-token-of-the-embedded-sandbox"


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    lacking = missing()
    if lacking and os.environ.get("REQUIRE_SERVERS") != "1":
        pytest.skip(f"this machine has no browser to look with: {lacking} missing")
    assert not lacking
    folder = tmp_path_factory.mktemp("ui")
    pictures = Path(os.environ.get("SCREENSHOTS_DIR") or folder / "pictures").absolute()
    pictures.mkdir(parents=True, exist_ok=True)
    with ui_in(folder, BATCH_SIZE="40") as site, window_on(site, folder / "profile", pictures) as window:
        yield window


@pytest.fixture(scope="module")
def launched(window: Window) -> str:
    """The address of a run, launched from the Launchpad as it opens, once it has ended."""
    window.open(f"{JOB}/playground")
    offered = window.reads("sample_with_mistakes.csv", "mode: resume", "No errors")
    assert TOKEN not in offered
    window.picture("launchpad")
    window.click("Launch Run")
    window.reads("RUN_SUCCESS")
    window.picture("run")
    return window.place


@pytest.fixture(scope="module")
def backfilled(window: Window, launched: str) -> str:
    """The list of backfills with one of both batches, started from the page of phase 2, once it has ended."""
    assert launched
    window.open("/assets/phase_2_users?view=partitions")
    window.click("Materialize…")
    window.click("All")
    window.reads("2 partitions", "Backfills all partitions in a single run")
    window.picture("backfill-dialog")
    window.click("Launch backfill")
    window.open("/runs?view=backfills")
    told = window.reads("phase_2_users", "Success")
    window.picture("backfills")
    return told


def test_a_run_tells_how_the_roll_out_stands_and_leads_to_the_rest(window: Window, launched: str) -> None:
    window.open(launched)
    window.reads("COMPLETED_WITH_PENDING", STANDING, "run of the phases", "sample_with_mistakes.csv")
    window.click("run_summary")
    window.reads("How the roll-out stands")


def test_the_summary_says_what_waits_and_how_to_go_on(window: Window, launched: str) -> None:
    assert launched
    window.open("/assets/run_summary")
    window.reads(STANDING, "user_not_found", "Wait for the directory", "telephony", "rows_per_minute", "answered_429")
    window.reads("webex-provision retry --reason user_not_found --output-dir", '"mode": "retry_pending"')
    window.picture("summary")


def test_each_check_tells_what_it_has_found(window: Window, launched: str) -> None:
    assert launched
    window.open("/assets/run_summary?view=checks&checkDetail=pending_below_threshold")
    window.reads("checkpoint_equals_ledger", "5 of 127 rows are pending", "To retry, run webex-provision retry")
    window.picture("checks")


def test_bad_rows_are_counted_and_the_way_on_is_told(window: Window, launched: str) -> None:
    assert launched
    window.open("/assets/rejected_rows")
    window.reads("duplicate_key", "invalid_input_schema", "nothing of them was sent", "rejected_rows.csv")
    window.picture("rejected")


def test_the_graph_is_open_at_first_sight(window: Window, launched: str) -> None:
    assert launched
    window.open("/asset-groups")
    window.reads(*ASSETS)
    window.picture("graph")


def test_a_phase_plots_its_figures(window: Window, launched: str) -> None:
    assert launched
    window.open("/assets/phase_2_users")
    window.reads("Phase 2 of 3")
    window.click("Plots")
    window.reads("answered_429", "calls_per_minute", "rows_per_minute", "success", "pending", "not_reached")
    window.picture("plots")


def test_the_list_of_runs_says_whose_they_are_and_how_they_ended(window: Window, launched: str) -> None:
    assert launched
    window.open("/runs")
    window.reads("roll_out: sample_with_mistakes", "state: COMPLETED_WITH_PENDING", "provision_batches", "intake")
    window.picture("runs")


def test_a_batch_is_backfilled(window: Window, backfilled: str) -> None:
    assert "2 partitions" in backfilled
    window.open("/assets/phase_2_users?view=partitions")
    window.click_title("-0002")
    window.reads("p2-b0002", "rows 29", "success 27", "pending 2", "executed 0", "user_not_found 1")
    window.picture("batch")


def test_a_run_that_cannot_be_says_why(window: Window) -> None:
    config = "ops: {roll_out: {config: {output_dir: /nowhere}}}"
    window.open(f"{JOB}/playground/setup?mode=default&config={quote(config)}")
    window.reads("/nowhere", "No errors")
    window.click("Launch Run")
    window.reads("RUN_FAILURE", "/nowhere holds no roll-out", "how_to_go_on")
    window.picture("failed-run")


def test_what_can_start_runs_by_itself_says_when(window: Window) -> None:
    window.open("/automation")
    window.reads("retry_user_not_found_nightly", "inbox", "dead_runs", "Scheduled At 02:00 AM UTC")
    window.picture("automation")


@pytest.mark.parametrize(
    ("name", "page", "told"),
    [
        ("assets", "/locations/webex_provision.definitions/asset-groups/roll_out/list", "Phase 2 of 3: calling"),
        ("sensor", "/locations/webex_provision.definitions/sensors/inbox", "Launches the job provision for every CSV"),
        ("schedule", f"/locations/webex_provision.definitions/schedules/{SCHEDULE}", "Off until you switch it on"),
        ("timeline", "/overview/activity/timeline", "provision"),
    ],
)
def test_every_other_page_says_what_it_is_about_in_plain_words(
    window: Window, launched: str, name: str, page: str, told: str
) -> None:
    """Lists and automation show a description as it is: marks of Markdown would stand there for all to see."""
    assert launched
    window.open(page)
    window.reads(told)
    window.picture(name)
