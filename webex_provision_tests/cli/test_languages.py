"""Every text is there in every language, says the same with the same places, and none is forgotten or left over."""

import re
from pathlib import Path
from string import Formatter

import pytest

from webex_provision import console
from webex_provision.console.languages import ENGLISH, REMEDIES_ES, TEXTS, Language, Words
from webex_provision.console.standing import NOT_STARTED, RUNNING
from webex_provision.vocabulary import Phase, Reason, RunState
from webex_provision_tests.cli.test_standing import _finish, _folder
from webex_provision_tests.cli.typed import Terminal

ROOM = Path(console.__file__).parent
# The same word in both languages.
ALIKE = {"input", "tenant"}


def _places(text: str) -> set[str | None]:
    return {place for _, place, _, _ in Formatter().parse(text)} - {None}


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_is_translated_and_has_the_same_places_in_both_languages(key: str) -> None:
    english, spanish = TEXTS[key]
    assert english.strip()
    assert spanish.strip()
    assert (english == spanish) == (key in ALIKE)
    assert _places(english) == _places(spanish)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_remedy_of_one_line_in_spanish(reason: Reason) -> None:
    remedy = REMEDIES_ES[reason]
    assert remedy.endswith(".")
    assert "\n" not in remedy
    assert remedy != reason.remedy
    assert Words(Language.ES).remedy(reason.value) == remedy
    assert ENGLISH.remedy(reason.value) == reason.remedy


def test_every_text_that_is_asked_for_exists_and_every_text_is_asked_for() -> None:
    sources = [path.read_text() for path in (*ROOM.glob("*.py"), *(ROOM / "report_page").iterdir())]
    quoted = set(re.findall(r'"([a-zA-Z0-9_]+)"', "\n".join(source for source in sources if "TEXTS:" not in source)))
    asked = {key for source in sources for key in re.findall(r'\b(?:words|t)\(\s*"([a-z_]+)"\s*[,)]', source)}
    made = {f"told_{state}" for state in (*RunState, RUNNING, NOT_STARTED)}
    made |= {f"phase_{int(phase)}" for phase in Phase} | {"group_pending", "group_rejected"}
    assert asked | made <= set(TEXTS)
    assert set(TEXTS) <= quoted | made


def test_an_unknown_text_is_a_fault_and_an_unknown_reason_has_no_remedy() -> None:
    with pytest.raises(KeyError):
        ENGLISH("no such text")
    assert ENGLISH.remedy("no such reason") == ""


def test_status_in_spanish_keeps_the_words_that_are_searched_for(tmp_path: Path, terminal: Terminal) -> None:
    folder = _folder(tmp_path)
    _finish(folder)
    words = ["status", "--output-dir", str(folder.root), "--lang", "es"]
    said = terminal.types(*words)
    assert (said.code, said.err) == (0, "")
    for told in ("pendientes", "qué hacer", REMEDIES_ES[Reason.USER_NOT_FOUND], "Siguiente", "una línea por fila"):
        assert told in said.out
    for kept in ("COMPLETED_WITH_PENDING", "user_not_found", "webex-provision retry --output-dir"):
        assert kept in said.out
    assert "what to do" not in said.out
    assert terminal.types(*words, "--json").out == terminal.types(*words[:-2], "--json").out


def test_a_language_that_there_is_not_is_refused_with_those_that_there_are(terminal: Terminal) -> None:
    said = terminal.types("status", "--lang", "fr")
    assert said.code == 2
    assert "'en', 'es'" in said.err
