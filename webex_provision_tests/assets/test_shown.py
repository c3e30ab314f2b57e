"""How things look in Dagster."""

import base64
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import dagster as dg
import pytest

from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.assets.failures import Verdict
from webex_provision.assets.shown import MOST_LINES, bar, literal, rows_of, table
from webex_provision.assets.standing import meaning_of, read_summary, standing
from webex_provision.definitions import build_defs
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.records import REJECTED_COLUMNS
from webex_provision.vocabulary import ExitCode, RunState
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.rehearsal import LOCATION, user, write_csv

PASTED = "[here](https://evil.example) ![x](https://evil.example/x.png) `code`\n# title | <b>"


def test_what_a_csv_says_is_shown_and_never_read_as_markdown(tmp_path: Path) -> None:
    """Markdown may load a picture from anywhere, which would tell somebody who looks at which roll-out."""
    row = dict.fromkeys(REJECTED_COLUMNS, PASTED) | {"reason_code": "duplicate_key"}
    shown = str(rows_of(write_csv(tmp_path / "rejected_rows.csv", [row])).value)
    outside = re.sub(r"`[^`]*`", "", shown)
    assert "evil" in shown
    assert "evil" not in outside
    assert "#" not in outside
    assert "\n" not in shown


def test_an_empty_text_is_no_open_literal() -> None:
    assert literal(" ") == "-"


def test_a_list_of_rows_ends_and_one_without_rows_says_so(tmp_path: Path) -> None:
    many = [dict.fromkeys(REJECTED_COLUMNS, str(number)) for number in range(MOST_LINES * 2)]
    assert len(str(rows_of(write_csv(tmp_path / "many.csv", many)).value).splitlines()) == MOST_LINES
    assert rows_of(tmp_path / "missing.csv").value == "none"
    assert rows_of(tmp_path / "many.csv", row_id="no such row").value == "none"


def test_a_row_larger_than_a_usual_cell_is_no_trouble(tmp_path: Path) -> None:
    row = dict.fromkeys(REJECTED_COLUMNS, "x") | {"raw_row_minified": "y" * 200_000}
    assert "x" in str(rows_of(write_csv(tmp_path / "wide.csv", [row])).value)


def test_the_bar_is_a_sound_picture_whose_parts_fill_it() -> None:
    shown = str(bar({"success": 122, "pending": 5, "not_reached": 0, "rejected": 10}).value)
    assert shown.endswith("122 success, 5 pending, 0 not reached, 10 rejected")
    packed = re.search(r"base64,([^)]*)\)", shown)
    assert packed is not None
    picture = ET.fromstring(base64.b64decode(packed[1]))  # noqa: S314 - our own
    widths = [float(part.attrib["width"]) for part in picture]
    assert sum(widths) == pytest.approx(float(picture.attrib["width"]), abs=1)
    assert widths[0] == max(widths)
    bar({"success": 0, "pending": 0})


def test_a_table_without_lines_is_a_word() -> None:
    assert table([]) == dg.MetadataValue.text("none")
    assert len(table([{"n": number} for number in range(50)]).records) == MOST_LINES  # type: ignore[attr-defined]


def test_every_type_has_its_line_in_the_order_of_the_run_and_a_retry_is_told_where_it_mends_something(
    tmp_path: Path,
) -> None:
    site = InProcessSite(tmp_path, [LOCATION, user("ana", "2101")])
    site.run()
    folder = RollOutFolder(site.folder)
    types = list(entity_types_by_name())
    summary = read_summary(folder) | {"by_type": {name: {"success": 1} for name in sorted(types)}}
    shown = standing(folder, summary)["by_type"]
    assert [record.data["type"] for record in shown.records] == types
    for pending, told in (
        ({"out_of_scope": 2}, "A retry mends none"),
        (
            {"out_of_scope": 2, "user_not_found": 1},
            "webex-provision retry --reason user_not_found",
        ),
    ):
        summary["counts"] |= {"pending_by_reason": pending}
        assert told in str(standing(folder, summary)["what_to_do"].value)


@pytest.mark.parametrize("state", RunState)
def test_every_state_has_its_meaning(state: RunState) -> None:
    assert meaning_of(state)


def test_every_asset_is_described_and_owned_and_stands_in_one_group() -> None:
    """Of several groups the graph opens as closed boxes. Lists show the first line of a description as it is."""
    graph = build_defs().resolve_asset_graph()
    nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    assert len(nodes) == 6
    assert {node.group_name for node in nodes} == {"roll_out"}
    first_lines = [(node.description or "").splitlines()[0] for node in nodes]
    assert all(node.owners and node.kinds for node in nodes)
    assert all(line.endswith((".", ":")) and not set(line) & set("*`") for line in first_lines), first_lines
    assert all(graph.get(key).description for key in graph.asset_check_keys)


def test_the_launchpad_opens_with_what_the_ui_names_and_with_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBEX_TOKEN", "a-token-to-hide")
    monkeypatch.setenv("LAUNCHPAD_CSV", "/a/site.csv")
    defs = build_defs()
    offered = defs.resolve_job_def("provision").run_config or {}
    config = offered["ops"]["roll_out"]["config"]
    assert (config["csv_path"], config["mode"], config["verify"]) == ("/a/site.csv", "resume", False)
    assert "a-token-to-hide" not in str(offered)
    intake = defs.resolve_job_def("intake").run_config or {}
    assert intake["ops"]["intake_rows"]["config"] == {"csv_path": "/a/site.csv", "output_dir": ""}


def test_a_story_without_more_to_tell_is_its_cause() -> None:
    assert Verdict("no such file.", None, ExitCode.USAGE).story == "no such file"
    told = Verdict("the token died", RunState.STOPPED_AUTH, ExitCode.STOPPED, "resume", rows="3 rows").story
    assert told == "STOPPED_AUTH: the token died. 3 rows. Go on with: resume"
