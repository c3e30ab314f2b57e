"""What a run tells to type next works when it is typed, as it stands on the screen."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from webex_provision.console.runs import rows_left_out
from webex_provision.ledger.manifest import Selection
from webex_provision.sandbox import SandboxConfig, SandboxServer
from webex_provision.vocabulary import ExitCode, Phase, RunMode
from webex_provision_tests.cli.typed import Said, Terminal, tenant
from webex_provision_tests.ledger.samples import opened, roll_out, success
from webex_provision_tests.rehearsal import LOCATION, read_csv, user, write_csv

ROWS = [
    LOCATION,
    user("ana", "2101"),
    user("late", "2102"),
    user("taken", phone_number="+34910009999"),
    user("short", "12x"),
]
REASONS = ["number_inventory_missing", "user_not_found"]
QUICK = ("--requests-per-second", "200", "--list-lag-seconds", "0.1")


@pytest.fixture
def variables(tmp_path: Path) -> Iterator[dict[str, str]]:
    people = [row for row in ROWS if not row.get("email", "").startswith("late@")]
    directory = write_csv(tmp_path / "directory.csv", [row | {"phone_number": ""} for row in people])
    with SandboxServer(SandboxConfig(seed_csv=directory)) as server:
        yield tenant(server.base_url)


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    folder = tmp_path / "two words"
    folder.mkdir()
    return write_csv(folder / "site.csv", ROWS)


def commands(said: Said) -> list[list[str]]:
    """The command lines that were shown, without the word that the shell looks up."""
    lines = re.findall(r"^ *(webex-provision .*?)(?:   # .*)?$", said.out, re.MULTILINE)
    return [shlex.split(line)[1:] for line in lines]


def test_every_command_at_the_end_of_a_run_works_as_it_stands(
    csv: Path, variables: dict[str, str], terminal: Terminal
) -> None:
    said = terminal.types("run", str(csv), *QUICK, **variables)
    assert said.code == 0, said.all
    shown = commands(said)
    [folder] = {Path(words[2]) for words in shown[1:]}
    assert [shown[0], *sorted(shown[1:-1]), shown[-1]] == [
        ["run", str(csv)],
        *(["retry", "--output-dir", str(folder), "--reason", reason] for reason in REASONS),
        ["retry", "--output-dir", str(folder)],
    ]
    for attempt, words in enumerate((shown[1], shown[-1]), start=2):
        again = terminal.types(*words, *QUICK)
        assert again.code == 0, again.all
        wanted = words[4:] or REASONS
        tried = {row["reason_code"] for row in read_csv(folder / "results.csv") if row["attempt"] == str(attempt)}
        assert tried == set(wanted)


def test_a_retry_that_leaves_rows_without_a_state_says_so_names_resume_and_does_not_end_with_0(
    csv: Path, variables: dict[str, str], terminal: Terminal
) -> None:
    folder = str(Path("o").absolute())
    words = ("--output-dir", folder, *QUICK)
    said = terminal.types("run", str(csv), "--phase", "1", *words, **variables)
    assert (said.code, "3 rows have not been reached" in said.out) == (0, True)
    assert commands(said)[-1] == ["resume", "--output-dir", folder]
    said = terminal.types("retry", *words)
    assert said.code == ExitCode.STOPPED
    assert "3 rows were never reached by any run" in said.out
    resume = commands(said)[-1]
    assert resume == ["resume", "--output-dir", folder]
    assert terminal.types(*resume, *QUICK).code == 0
    said = terminal.types(*resume, *QUICK)
    assert (said.code, "Nothing to do: every row" in said.out) == (0, True)
    assert f"webex-provision replay --output-dir {folder}" in said.out
    said = terminal.types("retry", "--type", "location", *words)
    assert (said.code, "Nothing to do: no row that was asked for is pending." in said.out) == (0, True)


def test_a_retry_of_some_phases_misses_only_what_they_hold(tmp_path: Path) -> None:
    folder = roll_out(tmp_path)
    for phases, missed in (((), 6), ((Phase.ROUTING,), 2), ((Phase.USERS,), 4)):
        with opened(folder, mode=None) as ledger:
            ledger.open_generation(RunMode.REPLAY if not phases else RunMode.RETRY_PENDING, Selection(phases=phases))
            if not phases:
                ledger.commit(success("1", phase=Phase.ROUTING, batch_id="p1-b0001"))
            ledger.close_generation()
        assert rows_left_out(folder) == missed
