"""`show`: a row's cells and every attempt at it, found by its id or key; nothing in a cell reaches the terminal raw."""

import asyncio
import csv
import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from webex_provision.console.row_story import MOST_MATCHES, NoSuchRow, Story, stories_of
from webex_provision.ledger.checkpoint import Progress
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.ready_rows import BOOKKEEPING
from webex_provision.ledger.records import REJECTED_COLUMNS, minify_row
from webex_provision.ledger.runs import append_run
from webex_provision.ledger.writers import write_rejected_rows
from webex_provision.vocabulary import Phase, Reason, RunMode
from webex_provision_tests.cli.typed import NARROW, Terminal
from webex_provision_tests.ledger.samples import opened, pending, roll_out, success
from webex_provision_tests.ledger.test_runs import ended

KEYS = {"1": "Ana@example.com", "2": "HQ/Recepción", "3": "ana@example.com", "4": "3", "5": "=sum@example.com"}


def _ready(folder: RollOutFolder, keys: dict[str, str]) -> None:
    with folder.ready.open("w", newline="", encoding="utf-8") as handle:
        lines = csv.writer(handle)
        lines.writerow(["entity_type", "entity_key", "trunk_password_env", "note", *BOOKKEEPING])
        for number, (row_id, key) in enumerate(keys.items(), start=1):
            secret = "Tr0ub4dor" if row_id == "2" else ""
            lines.writerow(["user", key, secret, "two\nlines\x1b[2J", row_id, number, 2, number, "user", "", ""])


def _rejected(folder: RollOutFolder, *rows: dict[str, str]) -> None:
    blank = dict.fromkeys(REJECTED_COLUMNS, "") | {"reason_code": "duplicate_key", "entity_type": "user"}
    write_rejected_rows(folder, pl.DataFrame([blank | row for row in rows], schema=dict.fromkeys(blank, pl.String)))


@pytest.fixture
def folder(tmp_path: Path) -> RollOutFolder:
    """Five users: one retried in a second run, one whose request got no answer; and a rejected row."""
    folder = roll_out(tmp_path, rows={Phase.USERS: 5}, batches={Phase.USERS: 1})
    _ready(folder, KEYS)
    raw = minify_row({"entity_type": "user", "email": "ANA@example.com"})
    told = {"entity_key": "ANA@example.com", "reason_message": "row 6 repeats row 1", "raw_row_minified": raw}
    _rejected(folder, {"row_id": "6", "row_number": "6", **told})
    with opened(folder) as ledger:
        refused = "HTTP 400: no licence (tracking id A_1) after HTTP 503 (tracking id ROUTER_5F-2)"
        ledger.commit(pending("2", message=refused, http_status=400, reason=Reason.LICENSE_OR_FEATURE_MISSING))
        ledger.commit(success("5", entity_key=KEYS["5"], message="=1+1"))
        ledger.close_generation()
    with opened(folder, RunMode.RETRY_PENDING) as ledger:
        ledger.commit(success("2", attempt=2, run_id="run-2", message="updated"))
        asyncio.run(ledger.intend("4", "user_enable_calling"))
        ledger.checkpoint(Progress())
    append_run(folder, ended("run-1"))
    append_run(folder, ended("run-2", token_owner="eva@example.com"))
    return folder


def _one(folder: RollOutFolder, wanted: str) -> Story:
    ([story], more) = stories_of(folder, wanted)
    assert more == 0
    return story


def test_every_attempt_is_told_with_time_run_owner_step_answer_and_ids(folder: RollOutFolder) -> None:
    story = _one(folder, "2")
    first, second = story.attempts
    assert (story.status, story.reason, story.phase, story.row_number) == ("success", "", 2, 2)
    assert (first.attempt, first.run_id, first.who, first.batch_id) == (1, "run-1", "admin@example.com", "p2-b0001")
    assert (first.status, first.reason, first.http_status) == ("pending", "license_or_feature_missing", 400)
    assert (first.step, first.tracking_id, first.remote_id) == ("assign_license", "ROUTER_5F-2", "")
    assert (second.attempt, second.who, second.status) == (2, "eva@example.com", "success")
    assert second.remote_id == "Y2lzY29zcGFyazovL3VzL1BFT1BMRS8x"
    assert first.timestamp.startswith("20")


def test_cells_are_shown_and_what_may_be_a_secret_is_masked(folder: RollOutFolder) -> None:
    cells = _one(folder, "2").cells
    assert cells == {
        "entity_type": "user",
        "entity_key": "HQ/Recepción",
        "trunk_password_env": "***",
        "note": "two\nlines\x1b[2J",
    }


def test_a_rejected_row_has_its_reason_and_cells_and_no_attempt(folder: RollOutFolder) -> None:
    story = _one(folder, "6")
    assert (story.status, story.reason, story.message) == ("rejected", "duplicate_key", "row 6 repeats row 1")
    assert story.cells == {"entity_type": "user", "email": "ANA@example.com"}
    assert (story.attempts, story.phase) == ((), None)


def test_a_row_that_was_not_reached_and_one_whose_answer_nobody_read(folder: RollOutFolder) -> None:
    assert _one(folder, "1").status == "not_reached"
    story = _one(folder, "4")
    assert [(request.attempt, request.step) for request in story.unanswered] == [(2, "user_enable_calling")]
    assert _one(folder, "2").unanswered == ()


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        ("3", ["3"]),  # an id, though another row has it as its key
        ("ana@example.com", ["3"]),
        ("Ana@example.com", ["1"]),
        ("ANA@EXAMPLE.COM", ["1", "3", "6"]),
        ("hq/recepcio\u0301n", ["2"]),
        ("=sum@example.com", ["5"]),
    ],
)
def test_a_row_is_found_by_id_then_by_key_as_written_then_in_any_case(
    folder: RollOutFolder, wanted: str, rows: list[str]
) -> None:
    stories, _ = stories_of(folder, wanted)
    assert [story.row_id for story in stories] == rows


def test_what_was_escaped_for_spreadsheets_is_shown_as_it_was(folder: RollOutFolder) -> None:
    assert _one(folder, "5").attempts[0].message == "=1+1"


def test_several_matches_are_listed_with_their_ids(folder: RollOutFolder, terminal: Terminal) -> None:
    said = terminal.types("show", "ANA@EXAMPLE.com", "--output-dir", str(folder.root))
    assert said.code == 0
    assert [line.split()[0] for line in said.out.splitlines()[1:4]] == ["1", "3", "6"]
    assert "3 rows" in said.out


def test_on_a_narrow_terminal_sentences_are_folded_and_keys_stay_whole(
    folder: RollOutFolder, terminal: Terminal
) -> None:
    listed = terminal.types("show", "ANA@EXAMPLE.com", "--output-dir", str(folder.root), **NARROW).out
    assert [line for line in listed.splitlines() if line.startswith("row ")] == ["row 1", "row 3", "row 6"]
    assert listed.casefold().count("key: ana@example.com;") == 3
    alone = terminal.types("show", "6", "--output-dir", str(folder.root), **NARROW).out
    assert Reason.DUPLICATE_KEY.remedy in " ".join(alone.split())
    assert max(map(len, (listed + alone).splitlines())) <= 80


def test_of_very_many_matches_the_first_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    folder = roll_out(tmp_path, rows={Phase.USERS: 60}, batches={Phase.USERS: 1})
    _ready(folder, {f"r{number}": "same" for number in range(60)})
    stories, more = stories_of(folder, "same")
    assert (len(stories), more) == (MOST_MATCHES, 60 - MOST_MATCHES)


@pytest.mark.parametrize(("wanted", "near"), [("anna@example.com", "ana@example.com"), ("recepc", "HQ/Recepción")])
def test_an_unknown_row_ends_with_2_and_names_what_comes_close(
    folder: RollOutFolder, terminal: Terminal, wanted: str, near: str
) -> None:
    said = terminal.types("show", wanted, "--output-dir", str(folder.root))
    assert (said.code, said.out) == (2, "")
    assert f"'{wanted}'" in said.err
    assert near.casefold() in said.err.split("did you mean")[1].casefold()


def test_a_name_that_nothing_comes_near_and_an_empty_one_are_refused(folder: RollOutFolder) -> None:
    for wanted in ("zzzzzz", "", " "):
        with pytest.raises(NoSuchRow) as refused:
            stories_of(folder, wanted)
        assert "did you mean" not in str(refused.value)
        assert "--output-dir" in str(refused.value)


def test_people_read_it_from_top_to_bottom(folder: RollOutFolder, terminal: Terminal) -> None:
    said = terminal.types("show", "2", "--output-dir", str(folder.root))
    parts = (
        "row 2: user HQ/Recepción",
        "Cells",
        "***",
        "Attempts",
        "run-1 by admin@example.com",
        "ROUTER_5F-2",
        "run-2",
    )
    places = [said.out.index(part) for part in parts]
    assert (said.code, places) == (0, sorted(places))
    assert Reason.DUPLICATE_KEY.remedy in terminal.types("show", "6", "--output-dir", str(folder.root)).out
    assert "was about to be sent" in terminal.types("show", "4", "--output-dir", str(folder.root)).out


def test_no_cell_can_move_the_cursor_or_forge_a_line(folder: RollOutFolder, terminal: Terminal) -> None:
    said = terminal.types("show", "2", "--output-dir", str(folder.root))
    assert "\x1b" not in said.out
    assert r"two\nlines\x1b[2J" in said.out


def test_json_is_one_document_with_every_match(folder: RollOutFolder, terminal: Terminal) -> None:
    document = json.loads(terminal.types("show", "6", "--json", "--output-dir", str(folder.root)).out)
    (row,) = document["rows"]
    assert (document["asked"], document["more"], row["status"]) == ("6", 0, "rejected")
    assert row["remedy"] == Reason.DUPLICATE_KEY.remedy


def test_it_reads_a_folder_that_a_run_is_writing_to_and_changes_nothing(folder: RollOutFolder) -> None:
    for path in (folder.results, folder.intents, folder.runs):
        with path.open("ab") as handle:
            handle.write(b'{"half')
    before = {path.name: path.read_bytes() for path in folder.root.iterdir()}
    assert len(_one(folder, "2").attempts) == 2
    assert {path.name: path.read_bytes() for path in folder.root.iterdir()} == before


def test_looking_back_needs_no_token_and_loads_neither_dagster_nor_the_http_client(folder: RollOutFolder) -> None:
    program = (
        "import sys\n"
        "from webex_provision import cli\n"
        f"place = ['--output-dir', {str(folder.root)!r}]\n"
        "for words in (['show', '2'], ['report'], ['history']):\n"
        "    sys.argv = ['webex-provision', *words, *place]\n"
        "    try:\n        cli.main()\n    except SystemExit as end:\n        assert not end.code\n"
        "print('loaded:', sorted({'dagster', 'httpx', 'starlette'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "loaded: []"
