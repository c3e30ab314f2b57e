"""The demo from an empty folder, three times: roll out, retry what waited, replay without creating anything."""

import csv
import json
from pathlib import Path

from webex_provision.console.embedded import NOT_SYNCHRONISED
from webex_provision_tests.cli.typed import Said, Terminal


def _summary(folder: Path) -> dict[str, int]:
    counts: dict[str, int] = json.loads((folder / "run_summary.json").read_text())["counts"]
    return counts


def _played(terminal: Terminal, folder: Path) -> Said:
    said = terminal.starts("demo", cwd=folder, WEBEX_TOKEN="my-own-token", WEBEX_BASE_URL="https://webexapis.com/v1")
    assert said.code == 0, said.all
    assert said.err == ""
    return said


def test_the_demo_tells_the_life_of_a_site(tmp_path: Path, terminal: Terminal) -> None:
    work = tmp_path / "empty"
    work.mkdir()

    first = _played(terminal, work)
    [roll_out] = [path for path in (work / "output").iterdir() if (path / "manifest.json").exists()]
    counts = _summary(roll_out)
    with (work / "output" / "sample_with_mistakes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert counts["read"] == len(rows) == counts["success"] + counts["pending"] + counts["rejected"]
    assert counts["rejected"] == sum("bad on purpose" in row["comment"] for row in rows)
    assert counts["pending"] == sum(row["comment"].startswith("waits") for row in rows)
    assert "COMPLETED_WITH_PENDING" in first.out
    assert f"webex-provision retry --output-dir {roll_out} --reason user_not_found" in first.out

    second = _played(terminal, work)
    assert "directory has synchronised" in second.out
    assert _summary(roll_out)["pending"] == counts["pending"] - len(NOT_SYNCHRONISED) - 1

    third = _played(terminal, work)
    assert "replayed" in third.out
    assert " 0 of them creates" in third.out
    assert _summary(roll_out)["success"] == _summary(roll_out)["processed"] - 1

    for said in (first, second, third):
        assert "my-own-token" not in said.all
    standing = json.loads(terminal.starts("status", "--json", cwd=work).out)
    assert standing["folder"] == f"output/{roll_out.name}"
    assert standing["not_reached"] == 0
