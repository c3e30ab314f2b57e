"""The report is one file that asks nothing of any network, tells every row that waits, and runs nobody's script."""

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from webex_provision.clock import Clock
from webex_provision.console.languages import ENGLISH, REMEDIES_ES, Language, Words
from webex_provision.console.report import page
from webex_provision.console.report_contents import MOST_LINES, contents_of
from webex_provision.ledger.checkpoint import Progress
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.locks import FolderLock
from webex_provision.ledger.ready_rows import BOOKKEEPING
from webex_provision.ledger.records import PENDING_COLUMNS, REJECTED_COLUMNS, RESULTS_COLUMNS, header_line, minify_row
from webex_provision.ledger.runs import append_run
from webex_provision.ledger.states import pending_line, results_line
from webex_provision.ledger.writers import write_rejected_rows
from webex_provision.vocabulary import Phase, Reason, RunState
from webex_provision_tests.cli.typed import Terminal
from webex_provision_tests.ledger.samples import opened, pending, roll_out, success
from webex_provision_tests.ledger.test_runs import begun, ended

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)></td></style>{{ 7 * 7 }}&lt;"
MOST_BYTES_A_WAITING_ROW = 400
MOST_BYTES_BESIDES = 60_000


class _Read(HTMLParser):
    """Elements with their attributes, and the text between them."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def _ready(folder: RollOutFolder, rows: list[dict[str, str]]) -> None:
    """`rows` as intake would have left them; the first is row 1."""
    columns = [*dict.fromkeys(name for row in rows for name in row), *BOOKKEEPING]
    with folder.ready.open("w", newline="", encoding="utf-8") as handle:
        lines = csv.DictWriter(handle, columns)
        lines.writeheader()
        for number, row in enumerate(rows, start=1):
            kind = "location" if row["entity_type"] == "location" else "user_calling_settings"
            known = {"row_id": number, "row_number": number, "phase": 2, "position": number, "canonical_type": kind}
            lines.writerow(row | known)


def _rejected(folder: RollOutFolder, *rows: dict[str, str]) -> None:
    blank = dict.fromkeys(REJECTED_COLUMNS, "") | {"reason_code": "duplicate_key", "raw_row_minified": "{}"}
    write_rejected_rows(folder, pl.DataFrame([blank | row for row in rows], schema=dict.fromkeys(blank, pl.String)))


@pytest.fixture
def folder(tmp_path: Path) -> RollOutFolder:
    """A location, four users of it, one of another; two wait, one is rejected, one has no state yet."""
    folder = roll_out(tmp_path, rows_read=7, rows_rejected=1, rows={Phase.USERS: 6}, batches={Phase.USERS: 1})
    users = [
        {"entity_type": "user", "entity_key": f"u{number}@example.com", "location_key": place}
        for number, place in enumerate(("HQ", "hq", "Main site", "HQ", "Elsewhere"), start=2)
    ]
    site = {"entity_type": "location", "entity_key": "HQ", "location_key": "HQ", "location_name": "Main site"}
    _ready(folder, [site, *users])
    raw = minify_row({"entity_type": "user", "location_key": "HQ"})
    _rejected(
        folder, {"row_id": "7", "entity_type": "user", "reason_message": "row 7 is there", "raw_row_minified": raw}
    )
    with opened(folder) as ledger:
        ledger.commit(success("1", entity_type="location"))
        ledger.commit(success("2"))
        ledger.commit(pending("3", entity_key="u3@example.com", message="nobody is u3", raw_row_minified=raw))
        ledger.commit(pending("4", reason=Reason.OUT_OF_SCOPE, message="'-7' is no number", raw_row_minified=raw))
        ledger.commit(success("5"))
        ledger.checkpoint(Progress(state=RunState.STOPPED_RATE_LIMITED))
    organisation = "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi8yMjdmYzAyZi00NDdlLTU5MGQtYTFhNy1mZjEyOGNmNGIwZGQ"
    append_run(folder, ended("run-1", org_id=organisation, tenant="https://webexapis.com/v1"))
    return folder


def _page(folder: RollOutFolder, language: Language = Language.EN) -> str:
    return page(contents_of(folder, Clock()), Words(language), "2026-01-05 09:00:00Z")


def _text(document: str) -> str:
    return " ".join(_Read(document).text.split())


def test_it_tells_state_who_where_and_every_row_that_waits_with_its_remedy(folder: RollOutFolder) -> None:
    told = _text(_page(folder))
    for part in (
        "site.csv",
        "Stopped by Webex's rate limit",
        "3 of 7 rows",
        "227fc02f-447e-590d-a1a7-ff128cf4b0dd",
        "https://webexapis.com/v1",
        "admin@example.com",
        "ab" * 32,
        f"webex-provision resume --output-dir {folder.root}",
        "5 rows in 0:00:00",
        f"pending: user_not_found (1) {Reason.USER_NOT_FOUND.remedy}",
        f"pending: out_of_scope (1) {Reason.OUT_OF_SCOPE.remedy}",
        f"rejected: duplicate_key (1) {Reason.DUPLICATE_KEY.remedy}",
        "u3@example.com",
        "nobody is u3",
        "row 7 is there",
    ):
        assert part in told


def test_figures_by_phase_type_and_location_add_up(folder: RollOutFolder) -> None:
    contents = contents_of(folder, Clock())
    assert [(tally.name, dict(tally.counts)) for tally in contents.by_phase] == [
        ("2", {"success": 3, "pending": 2, "not_reached": 1})
    ]
    assert {tally.name: dict(tally.counts) for tally in contents.by_type.lines} == {
        "location": {"success": 1},
        "user": {"success": 2, "pending": 2, "not_reached": 1, "rejected": 1},
    }
    # A location is called by its key or its name, in any case; it is told by its name.
    assert {tally.name: dict(tally.counts) for tally in contents.by_location.lines} == {
        "Main site": {"success": 3, "pending": 2, "rejected": 1},
        "Elsewhere": {"not_reached": 1},
    }


def test_in_spanish_no_english_text_is_left(folder: RollOutFolder) -> None:
    document = _page(folder, Language.ES)
    told = _text(document)
    assert '<html lang="es">' in document
    assert REMEDIES_ES[Reason.USER_NOT_FOUND] in told
    assert "Filas que requieren atención" in told
    assert Reason.USER_NOT_FOUND.remedy not in told
    for text in ("Rows that need attention", "By location", "rate limit", "Made by", "all rows"):
        assert text not in told


def test_it_asks_nothing_of_any_network(folder: RollOutFolder) -> None:
    document = _page(folder)
    for _, attributes in _Read(document).elements:
        assert not {"src", "href", "srcset", "action", "data", "poster", "background"} & set(attributes)
    assert not re.search(r"url\(|@import|fetch|XMLHttpRequest|import\(", document)
    assert "default-src &#39;none&#39;" in document


def test_nothing_that_a_csv_or_a_tenant_says_becomes_an_element_or_a_script(tmp_path: Path) -> None:
    folder = roll_out(
        tmp_path, csv_name=EVIL, csv_path=EVIL, rows={Phase.USERS: 1}, batches={Phase.USERS: 1}, rows_read=2
    )
    row = {"entity_type": EVIL, "entity_key": EVIL, "location_key": EVIL}
    _ready(folder, [row])
    _rejected(
        folder, {"row_id": EVIL, "entity_type": EVIL, "reason_message": EVIL, "raw_row_minified": minify_row(row)}
    )
    with opened(folder) as ledger:
        changes = {"entity_type": EVIL, "entity_key": EVIL, "step": EVIL, "message": EVIL, "run_id": EVIL}
        ledger.commit(pending("1", raw_row_minified=minify_row(row), **changes))
        ledger.checkpoint(Progress(state=RunState.INTERRUPTED))
    append_run(folder, ended(EVIL, token_owner=EVIL, org_id=EVIL, tenant=EVIL, message=EVIL))
    folder.summary.write_text('{"message": "<script>alert(2)</script>"}')
    document = _page(folder)
    read = _Read(document)
    tags = [tag for tag, _ in read.elements]
    assert (tags.count("script"), tags.count("style"), tags.count("img")) == (1, 1, 0)
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on")]
    assert read.text.count(EVIL) >= 15
    assert "<script>alert(2)" in read.text
    assert not re.search(r"\b49\b", read.text)


def test_no_text_of_a_row_can_turn_the_direction_of_the_page(folder: RollOutFolder) -> None:
    _rejected(folder, {"row_id": "7", "entity_type": "user", "reason_message": "file \u202egnp.exe\x1b[2J"})
    document = _page(folder)
    assert "\u202e" not in document
    assert "\x1b" not in document
    assert r"file \u202egnp.exe\x1b[2J" in _text(document)


def test_the_policy_allows_the_page_its_own_style_and_script_and_nothing_else(folder: RollOutFolder) -> None:
    document = _page(folder)
    (policy,) = [
        attributes["content"] or "" for _, attributes in _Read(document).elements if "http-equiv" in attributes
    ]
    assert len(re.findall(r"'sha256-[A-Za-z0-9+/]{43}='", policy)) == 2
    assert "unsafe" not in policy


def test_without_javascript_every_row_is_there_and_no_filter_that_does_nothing(folder: RollOutFolder) -> None:
    elements = _Read(_page(folder)).elements
    hidden = [attributes.get("id") for _, attributes in elements if "hidden" in attributes]
    assert hidden == ["filter"]


def test_the_filter_finds_what_it_works_on(folder: RollOutFolder) -> None:
    document = _page(folder)
    elements = _Read(document).elements
    ids = {attributes["id"] for _, attributes in elements if "id" in attributes}
    script = document.rsplit("<script>", 1)[1]
    assert set(re.findall(r'getElementById\("(\w+)"\)', script)) <= ids
    assert {attributes.get("data-reason") for tag, attributes in elements if tag == "tbody"} == {
        None,
        "user_not_found",
        "out_of_scope",
        "duplicate_key",
    }
    options = re.findall(r"<option>(\w+)</option>", document)
    assert options == ["user", "duplicate_key", "out_of_scope", "user_not_found"]


def test_while_a_run_writes_its_last_line_the_report_shows_what_is_whole(folder: RollOutFolder) -> None:
    """Also when a retry has written a pending line whose commit is still to come."""
    append_run(folder, begun("run-2", started_at="2026-01-06T08:00:00.000Z"))
    for path in (folder.results, folder.pending):
        with path.open("ab") as handle:
            handle.write(b"2026-01-06T08:00:00.000Z,p2-b0001,3,2,us")
    with FolderLock(folder, clock=Clock(), command="webex-provision retry").acquire():
        contents = contents_of(folder, Clock())
        told = _text(page(contents, ENGLISH, ""))
    assert (contents.standing.state, contents.standing.pending) == ("RUNNING", 2)
    assert "being worked on by process" in told
    assert "nobody is u3" in told


def test_a_roll_out_that_has_only_been_read_has_its_report(tmp_path: Path) -> None:
    folder = roll_out(tmp_path, rows={Phase.USERS: 1}, batches={Phase.USERS: 1})
    _ready(folder, [{"entity_type": "user", "entity_key": "a@example.com"}])
    told = _text(_page(folder))
    for part in ("Not started", "No run has reached", "No row has been done yet", "No row is pending", "(none)"):
        assert part in told


def test_21000_rows_with_2000_pending_stay_small(tmp_path: Path) -> None:
    rows, waiting = 21_000, 2_000
    folder = roll_out(tmp_path, rows_read=rows, rows={Phase.USERS: rows}, batches={Phase.USERS: 42})
    key = "somebody.{}@example.com".format
    _ready(
        folder,
        [
            {"entity_type": "user", "entity_key": key(number), "location_key": f"L{number % 300}"}
            for number in range(1, rows + 1)
        ],
    )
    message = f"no user {key(1000)} in the organisation; users come from the directory, never from here"
    with folder.results.open("wb") as results, folder.pending.open("wb") as waits:
        results.write(header_line(RESULTS_COLUMNS))
        waits.write(header_line(PENDING_COLUMNS))
        for number in range(1, rows + 1):
            row_id, minute = str(number), f"2026-01-05T{8 + number // 7200:02}:{number // 120 % 60:02}:00.000Z"
            outcome = success(row_id, entity_key=key(number))
            if number <= waiting:
                outcome = pending(row_id, entity_key=key(number), row_number=number, message=message)
                waits.write(pending_line(outcome, minute))
            results.write(results_line(outcome, minute))
    contents = contents_of(folder, Clock())
    assert sum(len(group.rows) for group in contents.waiting) == waiting
    assert len(contents.by_location.lines) == MOST_LINES
    assert contents.by_location.merged == 300 - MOST_LINES
    assert sum(tally.total for tally in (*contents.by_location.lines, contents.by_location.others)) == rows
    size = len(page(contents, ENGLISH, "").encode())
    assert size < MOST_BYTES_BESIDES + waiting * MOST_BYTES_A_WAITING_ROW


def test_the_file_is_its_owners_only_and_an_older_report_is_replaced(folder: RollOutFolder, terminal: Terminal) -> None:
    words = ["report", "--output-dir", str(folder.root)]
    said = terminal.types(*words)
    written = Path("site-abababab-report.html")
    assert (said.code, said.out) == (0, f"{written}\n")
    assert written.stat().st_mode & 0o777 == 0o600
    first = written.read_bytes()
    assert terminal.types(*words, "--lang", "es").code == 0
    assert written.read_bytes() != first
    assert list(Path.cwd().iterdir()) == [written.absolute()]


def test_its_commands_name_the_folder_in_full_wherever_it_was_written(
    folder: RollOutFolder, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.root.parent)
    said = terminal.types("report", "--output-dir", folder.root.name)
    assert f"--output-dir {folder.root}" in Path(said.out.strip()).read_text(encoding="utf-8")


def test_a_file_that_is_no_report_is_never_overwritten(folder: RollOutFolder, terminal: Terminal) -> None:
    precious = Path("site.csv")
    precious.write_text("entity_type\n")
    said = terminal.types("report", "--output-dir", str(folder.root), "-o", str(precious))
    assert (said.code, said.out) == (2, "")
    assert "site.csv is there already and is not a report" in said.err
    assert precious.read_text() == "entity_type\n"


@pytest.mark.parametrize("place", ["nowhere/report.html", "."])
def test_a_place_that_cannot_be_written_ends_with_2_and_names_it(
    folder: RollOutFolder, terminal: Terminal, place: str
) -> None:
    said = terminal.types("report", "--output-dir", str(folder.root), "-o", place)
    assert said.code == 2
    assert place in said.err
    assert "-o" in said.err


def test_it_changes_nothing_in_the_folder(folder: RollOutFolder, terminal: Terminal) -> None:
    before = {path.name: path.read_bytes() for path in folder.root.iterdir()}
    terminal.types("report", "--output-dir", str(folder.root))
    assert {path.name: path.read_bytes() for path in folder.root.iterdir()} == before
