"""Words of a CSV or a tenant are shown, never obeyed: by a terminal, by a log, by Dagster's pages."""

import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from webex_provision.assets.failures import Verdict, failure
from webex_provision.console import screen
from webex_provision.intake.csv_file import shortened
from webex_provision.safe_text import printable
from webex_provision.vocabulary import ExitCode

HOSTILE = "\x1b[2J\x1b]0;owned\x07\r\n\x9b31m[red]\u202egnp.exe\u2028x\x00\ud800"


def obeyed(text: str) -> set[str]:
    """The characters of a text that a terminal does not simply show."""
    return {char for char in text if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}


@given(st.text(st.characters(codec=None)))
def test_nothing_in_a_shown_text_is_obeyed_and_shown_twice_it_is_the_same(text: str) -> None:
    assert not obeyed(printable(text))
    assert printable(printable(text)) == printable(text)


@pytest.mark.parametrize("text", ["Málaga · Oficina 3", "[bold]x[/bold]", "日本", "a|b\\=c", ""])
def test_what_can_be_shown_stays_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_what_is_said_on_a_terminal_carries_no_escape_and_no_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr(
        screen, "_console", lambda **_: Console(file=out, force_terminal=True, color_system=None, markup=False)
    )
    screen.say(f"location {HOSTILE} [link=https://evil.example]here[/link]")
    said = out.getvalue()
    assert not obeyed(said.removesuffix("\n"))
    assert "[red]" in said
    assert "[link=https://evil.example]here[/link]" in said


def test_the_document_for_scripts_is_harmless_when_somebody_looks_at_it(capsys: pytest.CaptureFixture[str]) -> None:
    screen.say_json({"message": HOSTILE, "name": "Málaga"})
    written = capsys.readouterr().out
    assert not obeyed(written.replace("\n", ""))
    assert json.loads(written) == {"message": HOSTILE, "name": "Málaga"}
    assert "Málaga" in written


def test_a_value_in_a_message_is_short_and_harmless() -> None:
    assert not obeyed(shortened(HOSTILE))
    assert len(shortened("\x1b" * 1_000)) < 300


def test_what_dagster_keeps_of_a_failure_is_harmless() -> None:
    kept = failure(Verdict(HOSTILE, None, ExitCode.USAGE))
    assert not obeyed(kept.description or "")
    assert not obeyed(str(kept.metadata["cause"].value))
