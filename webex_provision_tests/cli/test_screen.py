"""Every terminal gets something that can be read: one without UTF-8, without colour, without a cursor to move."""

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from webex_provision.console.screen import say_folded
from webex_provision.vocabulary import Reason
from webex_provision_tests.cli.test_standing import _finish, _folder
from webex_provision_tests.cli.typed import NARROW, Terminal
from webex_provision_tests.ledger.samples import opened, pending


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A roll-out in a folder whose name is no ASCII, with a row that waits for its inventory."""
    place = _folder(tmp_path / "Área…")
    _finish(place)
    with opened(place) as ledger:
        ledger.commit(pending("4", attempt=ledger.attempt, reason=Reason.NUMBER_INVENTORY_MISSING))
        ledger.close_generation()
    return place.root


@pytest.mark.parametrize("variables", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_without_utf_8_letters_lose_their_accents_and_nothing_breaks(
    variables: dict[str, str], folder: Path, terminal: Terminal
) -> None:
    said = terminal.starts("status", "--output-dir", str(folder), "--lang", "es", **variables)
    assert (said.code, said.err) == (0, "")
    assert "Anada el numero al inventario de la sede (o liberelo) y reintente." in said.out
    whole = terminal.starts("status", "--output-dir", str(folder), "--json", **variables)
    # What a script reads is never simplified.
    assert os.fsencode(json.loads(whole.out)["folder"]) == os.fsencode(folder)


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_no_colour_gets_none(variables: dict[str, str], folder: Path) -> None:
    shown = _on_a_terminal(["status", "--output-dir", str(folder)], variables)
    assert b"retry --output-dir" in shown
    assert b"\x1b[3" not in shown


def test_a_reader_that_goes_is_no_fault(folder: Path) -> None:
    """As with `| head -1`: nothing on stderr, and the exit code that the command has anyway."""
    command = [sys.executable, "-m", "webex_provision.cli", "status", "--json", "--output-dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert (process.stderr.read(), process.wait(60)) == (b"", 0)


def test_sentences_are_folded_at_spaces_on_a_terminal_and_never_for_a_reader(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A path or a name stays whole, also where it is wider than the screen; what moves the cursor is shown."""
    path = "/srv/" + "x" * 90
    text = f"the file {path} holds\n{'word ' * 30}end"
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    say_folded(text, first="- ", rest="  ")
    whole = capsys.readouterr().out
    assert whole == "- " + text.replace("\n", r"\n") + "\n"
    for name, value in NARROW.items():
        monkeypatch.setenv(name, value)
    say_folded(text, first="- ", rest="  ")
    first, *rest = capsys.readouterr().out.splitlines()
    assert (first, rest[0]) == ("- the file", f"  {path}")
    assert all(line.startswith("  ") and len(line) <= 80 for line in rest[1:])
    assert " ".join([first, *rest]).split() == whole.split()


def test_a_terminal_gets_colour(folder: Path) -> None:
    assert b"\x1b[36m" in _on_a_terminal(["status", "--output-dir", str(folder)], {"TERM": "xterm"})


def _on_a_terminal(words: list[str], variables: dict[str, str]) -> bytes:
    """What the command writes to a terminal of its own; it ends by itself, within a minute."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(  # noqa: S606 - our own interpreter
            sys.executable, [sys.executable, "-m", "webex_provision.cli", *words], os.environ | variables
        )
    shown = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            piece = os.read(terminal, 65_536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return shown
