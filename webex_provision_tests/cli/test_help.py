"""Help comes at once and tells everything that scripts and people need."""

import subprocess
import sys

import pytest
import typer

from webex_provision import __version__
from webex_provision.cli import app
from webex_provision.console import flags
from webex_provision.vocabulary import ExitCode
from webex_provision_tests.cli.typed import NARROW, Terminal

VERBS = (
    "demo", "run", "resume", "retry", "replay", "status", "repair", "doctor", "ui", "sandbox", "generate",
    "rehearse",
    "template",
    "explain",
    "history",
    "report",
    "show",
    "plan",
    "verify",
)  # fmt: skip


def test_help_loads_neither_dagster_nor_polars_nor_the_http_client() -> None:
    program = (
        "import sys\n"
        "from webex_provision import cli\n"
        "sys.argv = ['webex-provision', '--help']\n"
        "try:\n    cli.main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print('loaded:', sorted({'dagster', 'polars', 'pandera', 'httpx', 'starlette'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "loaded: []"


def test_status_and_repair_load_neither_dagster_nor_the_http_client() -> None:
    program = (
        "import sys\n"
        "from webex_provision import cli\n"
        "sys.argv = ['webex-provision', 'status']\n"
        "try:\n    cli.main()\nexcept SystemExit as end:\n    assert end.code == 2\n"
        "print('loaded:', sorted({'dagster', 'httpx', 'starlette'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "loaded: []"


@pytest.mark.parametrize("name", VERBS)
def test_on_a_narrow_terminal_no_option_of_a_verb_is_cut_and_no_line_is_longer(terminal: Terminal, name: str) -> None:
    said = terminal.types(name, "--help", **NARROW).out
    assert max(map(len, said.splitlines())) <= 80
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {option for option in options if option.startswith("--")} <= set(said.split())
    assert (flags.PANEL in " ".join(said.split())) == ("--max-retries" in options)


def test_every_verb_is_listed_and_has_its_own_help(terminal: Terminal) -> None:
    front = terminal.types("--help").out
    for verb in VERBS:
        assert verb in front
        said = terminal.types(verb, "--help")
        assert said.code == 0
        assert len(said.out.split(f" {verb} ", 1)[1]) > 100


@pytest.mark.parametrize("words", [("--help",), ("run", "--help")])
def test_every_exit_code_is_explained_in_help(terminal: Terminal, words: tuple[str, ...]) -> None:
    said = " ".join(terminal.types(*words).out.split())
    epilog = said.split("Exit codes: ")[1]
    for code in ExitCode:
        assert f"{int(code)} " in epilog


def test_the_version_is_told(terminal: Terminal) -> None:
    assert terminal.types("--version").out.strip() == f"webex-provision {__version__}"
