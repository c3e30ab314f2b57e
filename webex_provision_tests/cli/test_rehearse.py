"""`rehearse`: what a real run would come to, played without a token, a tenant, or a trace among real roll-outs."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from webex_provision.clock import Clock
from webex_provision.console.call_counter import BEFORE_ROWS, CallCounter
from webex_provision.console.rehearsal_report import Rehearsed
from webex_provision.console.standing import standing_of
from webex_provision.engine.rollout import RollOut
from webex_provision.intake.roll_out import prepare
from webex_provision.ledger.records import REJECTED_COLUMNS, csv_line, header_line
from webex_provision.ledger.rehearsal_mark import NotForThis, mark_rehearsal, refuse_rehearsal_on
from webex_provision.ledger.states import RowOutcome
from webex_provision.sandbox.request_log import RequestLog
from webex_provision.templates import template
from webex_provision.vocabulary import Phase, RowStatus
from webex_provision.workbook_template import workbook_template
from webex_provision_tests.cli.typed import Said, Terminal
from webex_provision_tests.ledger.samples import roll_out
from webex_provision_tests.rehearsal import settings_for

TYPES = ("location", "trunk", "user", "number_removal")
NEEDS = ["TRUNK_MADRID_PASSWORD", "ALLOW_NUMBER_REMOVAL"]
PACE = ("--list-lag-seconds", "0.2")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.csv"
    path.write_text(template(TYPES), encoding="utf-8")
    return path


def _document(said: Said) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(said.out)
    return document


def test_it_tells_what_a_real_run_would_come_to_and_leaves_no_roll_out(site: Path, terminal: Terminal) -> None:
    """Twice, the second time with fewer calls a minute: made anew, it comes to the same in more time."""
    words = ("rehearse", str(site), "--missing-users", "100%", "--json")
    first = terminal.types(*words, *PACE)
    document = _document(first)
    assert (first.code, document["state"]) == (0, "COMPLETED_WITH_PENDING")
    assert document["success"] + document["pending"] == document["read"] == len(TYPES)
    assert document["pending_by_reason"] == {"user_not_found": 1}
    assert document["a_real_run_needs"] == NEEDS
    assert all(name in first.err for name in document["a_real_run_needs"])
    calls = Counter({name: counts["calls"] for name, counts in document["by_type"].items()})
    assert calls.total() == document["calls"] == sum(document["calls_by_family"].values())
    assert calls[BEFORE_ROWS] == 2
    assert calls["location"] >= 2

    folder = Path(document["folder"])
    assert folder.parent == Path("output/rehearsals").resolve()
    with (folder / "results.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == len(TYPES)
    assert "There is no roll-out in output" in terminal.types("status").err
    assert not Path("output/.dagster").exists()

    again = _document(terminal.types(*words, *PACE, "--calls-per-minute", "100"))
    assert again["seconds"] == pytest.approx(document["seconds"] * 3, abs=0.2)
    assert {name: again[name] for name in ("success", "pending", "calls")} == {
        name: document[name] for name in ("success", "pending", "calls")
    }

    for words in (("resume", "--output-dir", str(folder)), ("run", str(site), "--output-dir", str(folder))):
        refused = terminal.types(*words, WEBEX_TOKEN="x", WEBEX_BASE_URL="http://127.0.0.1:1", ENVIRONMENT="lab")
        assert (refused.code, "is a rehearsal" in refused.err) == (2, True)

    (folder / ".rehearsal").unlink()  # now it may be anything of somebody's, and is never deleted
    refused = terminal.types("rehearse", str(site))
    assert (refused.code, "holds no rehearsal" in refused.err) == (2, True)
    assert (folder / "results.csv").exists()


def test_no_launch_takes_a_rehearsal_to_a_real_tenant_whoever_asks_for_it(tmp_path: Path, site: Path) -> None:
    """Also one from Dagster's own forms, which goes past the command line; on this machine it may go on."""
    folder = roll_out(tmp_path)
    mark_rehearsal(folder)
    before = sorted(path.name for path in folder.root.iterdir())
    real = settings_for("https://tenant.example/v1")
    with pytest.raises(NotForThis, match="played on a simulated tenant"):
        prepare(site, real, clock=Clock(), folder=folder.root)
    with pytest.raises(NotForThis), RollOut(folder.root, real, run_id="r"):
        pytest.fail("it was opened")
    assert sorted(path.name for path in folder.root.iterdir()) == before
    refuse_rehearsal_on(folder, "http://127.0.0.1:8080/v1")


def test_faults_by_choice_end_it_as_they_would_end_a_real_run(tmp_path: Path, terminal: Terminal) -> None:
    """Of a workbook, which is rehearsed as a CSV is."""
    site = tmp_path / "site.xlsx"
    site.write_bytes(workbook_template(TYPES))
    faults = tmp_path / "faults.json"
    faults.write_text('{"rules": [{"effect": "status", "status": 401, "first": 3}]}')
    said = terminal.types("rehearse", str(site), "--faults", str(faults), *PACE)
    assert said.code == 7
    assert "STOPPED_AUTH in rehearsal" in said.out
    assert "Before the real run, type: export TRUNK_MADRID_PASSWORD=… ALLOW_NUMBER_REMOVAL=true" in said.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nowhere.csv",), "no such file"),
        (("site.csv", "--profile", "wild"), "--profile"),
        (("site.csv", "--faults", "nowhere.json"), "nowhere.json: there is no such file"),
        (("site.csv", "--missing-users", "150%"), "--missing-users"),
    ],
)
def test_what_cannot_be_rehearsed_ends_with_a_line_and_exit_2(
    words: tuple[str, ...], told: str, terminal: Terminal
) -> None:
    Path("site.csv").write_text("entity_type\nuser\n")
    said = terminal.types("rehearse", *words)
    assert (said.code, said.out.count("\n") <= 1) == (2, True)
    assert told in said.err


def test_a_type_whose_rows_were_all_rejected_has_its_line_in_the_order_of_the_run(tmp_path: Path) -> None:
    folder = roll_out(tmp_path, rows_read=9, rows_rejected=2)
    lines = [(number, kind, "", "duplicate_key", "keep one", "{}", number) for number, kind in ((8, "trunk"), (9, "?"))]
    folder.rejected.write_bytes(b"".join([header_line(REJECTED_COLUMNS), *(csv_line(("", *line)) for line in lines)]))
    calls = {BEFORE_ROWS: Counter(people=2), "location": Counter(places=1), "user_calling_settings": Counter(people=1)}
    rehearsed = Rehearsed(standing_of(folder, Clock()), calls, 300, 0, {})
    assert rehearsed.lines() == [BEFORE_ROWS, "location", "trunk", "user_calling_settings", "?"]
    document = rehearsed.as_dict()["by_type"]
    assert document["trunk"] == {"rejected": 1, "calls": 0, "seconds": 0}


def test_calls_are_counted_for_the_type_that_was_at_work() -> None:
    """Whatever the order of answers: the number of a request says before the end of which type it was asked."""
    log = RequestLog(100)
    counter = CallCounter(log)

    def asked(*requests: tuple[str, str]) -> None:
        for method, path in requests:
            log.write({"seq": log.next_seq(), "method": method, "path": f"/v1/{path}"})

    def done(entity_type: str) -> None:
        outcome = RowOutcome(
            row_id="1",
            row_number=1,
            batch_id="p1-b0001",
            phase=Phase.ROUTING,
            entity_type=entity_type,
            entity_key="",
            step="done",
            status=RowStatus.SUCCESS,
            attempt=1,
            run_id="run",
        )
        counter.on_row(None, outcome)  # type: ignore[arg-type]

    asked(("GET", "people/me"))
    counter.on_start(2)
    asked(("GET", "locations"), ("POST", "locations"))
    done("location")
    asked(("GET", "people"))
    done("user_calling_settings")
    asked(("PATCH", "licenses/users"), ("PUT", "people/x"))
    done("user")
    assert counter.counted() == {
        BEFORE_ROWS: {"people": 1},
        "location": {"places": 2},
        "user_calling_settings": {"people": 3},
    }
