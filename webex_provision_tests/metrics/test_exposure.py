"""What a run shows of itself while it goes on: true, of bounded size, without a secret, and nothing unless asked."""

import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.actions.row import Row
from webex_provision.assets.launcher import Launched
from webex_provision.engine.observer import Observer
from webex_provision.engine.rollout import RollOut
from webex_provision.ledger.states import RowOutcome
from webex_provision.metrics.exposure import metered
from webex_provision.vocabulary import ExitCode, Reason, RowStatus, RunState
from webex_provision_tests.assets.site import ROWS, TOKEN, USERS, Site, site_in
from webex_provision_tests.rehearsal import settings_for

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]
CLOSED = {
    "state": {"RUNNING", *RunState, *RowStatus},
    "type": set(entity_types_by_name()),
    "reason": {"", *Reason},
    "method": {"GET", "POST", "PUT", "PATCH", "DELETE"},
    "family": {"people", "telephony-read", "telephony-write", "places", "identity"},
    "status": {"none", "200", "201", "202", "204", "404", "429", "400", "409"},
    "token": {"1", "2"},
}


def read(text: str) -> Series:
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}


def total(series: Series, name: str, **labels: str) -> float:
    wanted = set(labels.items())
    return sum(value for (its, of), value in series.items() if its == f"webex_provision_{name}" and wanted <= of)


def scrape(port: int, wanted: str = "") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics{wanted}", timeout=10) as answer:
        text: str = answer.read().decode()
        return text


class Scraper(Observer):
    """Scrapes after every row, as if a scrape fell there."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.texts: list[str] = []
        self.notices: list[str] = []

    def on_row(self, row: Row, outcome: RowOutcome) -> None:
        self.texts.append(scrape(self._port))

    def on_notice(self, text: str) -> None:
        self.notices.append(text)


class Closed(Observer):
    """A terminal that was closed: whoever else watches hears on."""

    def on_row(self, row: Row, outcome: RowOutcome) -> None:
        raise BrokenPipeError


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_in(tmp_path / "site") as site:
        yield site


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


def counts(launched: Launched) -> dict[str, Any]:
    assert launched.summary is not None
    found: dict[str, Any] = launched.summary["counts"]
    return found


def test_a_scrape_in_mid_run_tells_how_it_stands(site: Site, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_PORT", str(port))
    monkeypatch.setenv("WEBEX_TOKENS", "another-token-that-nobody-may-see")
    site.faults({"effect": "status", "status": 429, "retry_after": 1, "path": "/people", "first": 3, "last": 3})
    scraper = Scraper(port)
    launched = site.launch(observer=scraper)
    rows = [read(text) for text in scraper.texts]
    # Whoever else watches hears of a row first, so the first scrape knows of none.
    assert [total(series, "rows_total") for series in rows] == list(range(len(ROWS)))
    assert {total(series, "run_state", state="RUNNING") for series in rows} == {1}
    last = rows[-1]
    assert launched.summary is not None
    families = launched.summary["calls"].values()
    assert total(last, "sends_total") == sum(family["sends"] for family in families)
    assert total(last, "calls_total") == total(last, "call_seconds_count") == sum(part["calls"] for part in families)
    assert total(last, "rate_limited_total") == total(last, "retries_total") == 1
    assert total(last, "rows_total", state="pending", reason="user_not_found", type="user") == 1
    assert total(last, "token_alive") == 2
    assert total(last, "pace", family="people", token="1") > 0
    assert total(last, "call_breaker_open") == 0
    waiting = [total(series, "rows_waiting") for series in rows]
    assert waiting == [1, *range(len(USERS) + 1, 0, -1), 1], "a location; the users; a hunt group"


def test_a_scrape_that_names_series_gets_those_alone(port: int) -> None:
    with metered(settings_for("http://127.0.0.1:1/v1", metrics_port=port), "site", pytest.fail):
        assert {name for name, _ in read(scrape(port))} == {"webex_provision_run_state", "webex_provision_rows_waiting"}
        named = "?name[]=webex_provision_run_state&name[]=webex_provision_unknown"
        assert {name for name, _ in read(scrape(port, named))} == {"webex_provision_run_state"}


def test_no_label_is_a_secret_a_row_or_without_end(site: Site, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_PORT", str(port))
    scraper = Scraper(port)
    launched = site.launch(observer=scraper)
    assert launched.folder is not None
    for text in scraper.texts:
        assert TOKEN not in text
        assert "example.com" not in text
        for _, labels in read(text):
            for label, value in labels:
                assert value in CLOSED.get(label, {launched.folder.name}), f"{label}={value}"


def test_after_the_run_the_port_is_free_and_the_file_tells_how_it_ended(
    site: Site, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METRICS_PORT", str(port))
    monkeypatch.setenv("METRICS_DIR", str(tmp_path))
    before = threading.active_count()
    launched = site.launch(observer=Closed())
    with pytest.raises(OSError, match="refused"):
        scrape(port)
    assert threading.active_count() == before
    assert launched.folder is not None
    files = list(tmp_path.glob("*.prom*"))
    assert [file.name for file in files] == [f"{launched.folder.name}.prom"]
    assert files[0].stat().st_mode & 0o777 == 0o644
    series = read(files[0].read_text())
    assert total(series, "run_state", state="COMPLETED_WITH_PENDING") == 1
    assert total(series, "rows_total", state="success") == counts(launched)["success"]
    assert total(series, "rows_waiting") == total(series, "requests_in_flight") == 0


def test_what_cannot_be_exposed_is_told_and_costs_no_roll_out(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("METRICS_PORT", str(port))
        monkeypatch.setenv("METRICS_DIR", str(tmp_path / "missing"))
        heard = Scraper(port)
        monkeypatch.setattr(heard, "on_row", lambda *_: None)
        launched = site.launch(observer=heard)
    assert launched.exit_code is ExitCode.OK
    assert len(heard.notices) == 2
    assert f"127.0.0.1:{port}" in heard.notices[0]
    assert "METRICS_PORT" in heard.notices[0]
    assert str(tmp_path / "missing") in heard.notices[1]
    assert launched.folder is not None
    assert (launched.folder / "run.log").read_text().count("metrics_not_exposed") == 2


def test_without_the_library_the_settings_say_what_to_install(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_PORT", "9464")
    monkeypatch.setattr("webex_provision.config.find_spec", lambda _: None)
    launched = site.launch()
    assert launched.exit_code is ExitCode.USAGE
    assert "webex-provision[metrics]" in launched.message


def test_off_nothing_is_imported_and_no_call_is_counted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = "import sys, webex_provision.definitions; print('prometheus_client' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
    given: list[object] = []
    opened = RollOut.__init__

    def noted(self: RollOut, *arguments: Any, **options: Any) -> None:
        given.append(options["on_call"])
        opened(self, *arguments, **options)

    monkeypatch.setattr(RollOut, "__init__", noted)
    site.launch()
    assert given == [None]
