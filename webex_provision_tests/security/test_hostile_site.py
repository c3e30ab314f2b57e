"""A whole launch with Dagster, where CSV and tenant are out to do harm, and the umask hides nothing.

Cells and answers carry formulas, terminal escapes, markup and forged log lines, and the tenant repeats the token
wherever it can. What is then read is everything that was left behind: files, databases, events, pages, terminal.
"""

import base64
import csv
import io
import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dagster as dg
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster_graphql.test.utils import execute_dagster_graphql
from markdown_it import MarkdownIt

from webex_provision.assets.launcher import Launched
from webex_provision.vocabulary import RunMode, RunState
from webex_provision_tests.assets.site import TOKEN, Site, site_in
from webex_provision_tests.cli.typed import Said, Terminal
from webex_provision_tests.rehearsal import LOCATION, hunt_group, read_csv, user, write_csv

FURTHER = "a-second-token-that-nobody-may-ever-see"
ESCAPE = "\x1b]0;owned\x07\x1b[2J"
PAGE = "<img src=x onerror=alert(1)>[click](javascript:alert(2))"
FORMULAS = ("=HYPERLINK(0)", "@SUM(1)", "+cmd|' /C calc'!A0", "-2+3+cmd|' /C calc'!A0", "\uff1d1+1")
SAID = (
    f"=cmd|' /C calc'!A0 {ESCAPE}\r\n"
    f'{{"level": "critical", "event": "forged"}}\n{PAGE} [red]x[/red] {TOKEN} {quote(TOKEN)} {FURTHER} '
    f"{base64.b64encode(f'user:{TOKEN}:x'.encode()).decode()} {base64.b64encode(f'u:{FURTHER}:x'.encode()).decode()}"
)
ROWS = [
    LOCATION,
    user("u1", "2001", **{f"{ESCAPE}column": "", f"x_{PAGE}": "1"}),
    user("u2", "2002", row_ref="-2+3+cmd|' /C calc'!A0"),
    *(hunt_group(name, str(2800 + number)) for number, name in enumerate(FORMULAS)),
    hunt_group(f"{ESCAPE}name", "2850"),
    {"entity_type": f"{ESCAPE}{PAGE}"},
    {"entity_type": "=1+1", "row_ref": "@x"},
]


@dataclass(frozen=True)
class Aftermath:
    """What a launch has left behind, and whom it has called."""

    site: Site
    folder: Path
    launched: Launched
    called: list[Any]
    events: list[str]


_LISTENING: list[list[Any]] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _LISTENING and event in {"socket.connect", "socket.getaddrinfo"}:
        _LISTENING[-1].append(arguments[1] if event == "socket.connect" else arguments[:2])


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    sys.addaudithook(_hear)
    called: list[Any] = []
    before = os.umask(0)
    try:
        with site_in(tmp_path_factory.mktemp("hostile") / "base") as site:
            os.environ["LOG_LEVEL"] = "DEBUG"
            os.environ["WEBEX_TOKENS"] = FURTHER
            site.faults({"path": "/huntGroups$", "method": "POST", "effect": "status", "status": 400, "message": SAID})
            _LISTENING.append(called)
            launched = site.launch(csv=write_csv(site.base / "site.csv", ROWS))
            _LISTENING.clear()
            assert launched.folder is not None
            with dg.DagsterInstance.get() as instance:
                runs = [run.run_id for run in instance.get_runs()]
                events = [repr(entry) for run in runs for entry in instance.all_logs(run)]
            yield Aftermath(site, launched.folder, launched, called, events)
    finally:
        _LISTENING.clear()
        os.umask(before)


def gives_away(text: str) -> bool:
    tokens = (TOKEN, FURTHER)
    middles = [base64.b64encode(b"x" * ahead + one.encode()).decode()[8:-8] for one in tokens for ahead in range(3)]
    return any(found in text for found in (*tokens, *map(quote, tokens), *middles))


def obeyed(text: str) -> set[str]:
    """The characters of a text that a terminal does not simply show."""
    return {char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"}} - {"\n"}


def test_the_harm_was_really_done(after: Aftermath) -> None:
    """Otherwise the rest of this file proves nothing."""
    assert after.launched.state is RunState.COMPLETED_WITH_PENDING
    told = (after.folder / "pending_rows.csv").read_text()
    assert "[red]x[/red] ***" in told
    assert after.launched.summary is not None
    assert after.launched.summary["counts"]["rejected"] >= 2


def test_no_file_holds_the_token_in_any_form(after: Aftermath) -> None:
    """Dagster's databases, notes and the user's state folder included."""
    files = [path for path in after.site.base.rglob("*") if path.is_file()]
    assert {".db", ".csv", ".log", ".json", ".jsonl"} <= {path.suffix for path in files}
    assert [path for path in files if gives_away(path.read_bytes().decode("latin-1"))] == []


def test_no_event_holds_the_token_or_an_escape(after: Aftermath) -> None:
    assert after.events
    assert [event for event in after.events if gives_away(event)] == []
    shown = re.compile(r"(?<!\\)(?:\\\\)*\\x1b")  # repr doubles a backslash that was there already
    assert [event for event in after.events if shown.search(event)] == []
    assert any("owned" in event for event in after.events)


ALL_THAT_THE_UI_SHOWS = """{
  instance { info }
  runsOrError { ... on Runs { results { runId runConfigYaml tags { key value }
    eventConnection { events { __typename ... on MessageEvent { message } } } } } }
  repositoriesOrError { ... on RepositoryConnection { nodes { name allTopLevelResourceDetails {
    name configuredValues { key value type } configFields { name description defaultValueAsJson } } } } }
}"""


def test_the_pages_of_the_ui_can_not_show_the_token(after: Aftermath) -> None:
    """Configuration, runs, their config and events, resources: asked as the browser asks."""
    target = ModuleTarget("webex_provision.definitions", None, None, "site")
    with dg.DagsterInstance.get() as instance, WorkspaceProcessContext(instance, target) as context:
        answer = execute_dagster_graphql(context.create_request_context(), ALL_THAT_THE_UI_SHOWS)
    shown = json.dumps(answer.data)
    assert '"name": "webex"' in shown
    assert all(run_id in shown for run_id in after.launched.run_ids)
    assert not gives_away(shown)


def test_nothing_but_the_tenants_own_address_was_called(after: Aftermath) -> None:
    """A telemetry, a licence server, a redirect: there would be another address."""
    port = int(after.site.server.base_url.split(":")[2].split("/")[0])
    assert after.called
    assert {(str(address[0]), int(address[1])) for address in after.called} == {("127.0.0.1", port)}


def test_what_a_spreadsheet_opens_runs_nothing(after: Aftermath) -> None:
    names = ("rejected_rows.csv", "results.csv", "pending_rows.csv", "row_errors.csv")
    looked = 0
    for name in names:
        for record in csv.reader(io.StringIO((after.folder / name).read_text(encoding="utf-8"))):
            for cell in record:
                looked += 1
                harmless = not cell.startswith(("=", "@", "+", "-", "\t", "\r", "\uff1d")) or re.fullmatch(
                    r"[+-]?\d+", cell
                )
                assert harmless, (name, cell)
    assert looked > 100
    told = [record["row_id"] for record in read_csv(after.folder / "results.csv")]
    assert "'-2+3+cmd|' /C calc'!A0" in told, "the cells did reach the files"


def test_the_log_holds_one_object_a_line_and_none_that_was_forged(after: Aftermath) -> None:
    lines = (after.folder / "run.log").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    assert not obeyed("".join(lines))
    assert all(json.loads(line)["event"] != "forged" for line in lines)


def test_every_file_of_the_roll_out_is_private_whatever_the_umask(after: Aftermath) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in after.folder.iterdir()}
    assert set(modes.values()) == {0o600}
    assert "run.log" in modes
    for folder in (after.folder, after.site.home, after.folder.parent, after.site.base / "state" / "locks"):
        assert folder.stat().st_mode & 0o777 == 0o700, folder


def test_a_terminal_is_shown_every_word_and_obeys_none(after: Aftermath) -> None:
    terminal = Terminal()
    said = [
        terminal.types("status", "--output-dir", str(after.folder)),
        terminal.types("status", "--json", "--output-dir", str(after.folder)),
        Said(0, "\n".join(after.launched.warnings), ""),
        terminal.types("run", f"{ESCAPE}nowhere.csv"),
    ]
    assert [words.all for words in said if obeyed(words.all)] == []
    assert any("\\x1b]0;owned" in words.all for words in said)


def test_metadata_that_dagster_renders_as_a_page_holds_words_of_the_csv_as_literals_only(after: Aftermath) -> None:
    """Markdown is shown as HTML; what is of another origin makes no element of it."""
    with dg.DagsterInstance.get() as instance:
        entries = [entry for run in after.launched.run_ids for entry in instance.all_logs(run)]
    values = [found.value for found in _values(entries) if isinstance(found, dg.MarkdownMetadataValue)]
    rendered = [MarkdownIt("commonmark").render(str(text)) for text in values]
    assert any("javascript" in page for page in rendered)
    outside = [re.sub("<code>.*?</code>", "", page) for page in rendered]
    assert [page for page in outside if "onerror" in page or "javascript" in page] == []


def _values(entries: list[Any]) -> Iterator[Any]:
    for entry in entries:
        event = entry.dagster_event
        data = event.event_specific_data if event else None
        for holder in (getattr(data, "materialization", None), getattr(data, "asset_observation", None), data):
            yield from (getattr(holder, "metadata", None) or {}).values()


def test_a_retry_against_a_tenant_that_repeats_the_token_in_a_success_records_none(after: Aftermath) -> None:
    """An id that is the token would become the row's remote_id."""
    after.site.faults()
    tables = after.site.server.tenant.table("people").rows
    for person in tables.values():
        person["displayName"] = f"{person['displayName']} {TOKEN} {FURTHER}"
    again = after.site.launch(folder=after.folder, mode=RunMode.REPLAY, phases=[2])
    assert again.state is not None
    assert [path for path in after.folder.iterdir() if gives_away(path.read_text(encoding="utf-8"))] == []
