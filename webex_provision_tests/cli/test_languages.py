"""Every text is there in every language, says the same with the same places, and none is forgotten or left over."""

import re
from pathlib import Path
from string import Formatter

import pytest

from webex_provision import console
from webex_provision.console.languages import ENGLISH, REMEDIES_ES, TEXTS, Language, Words
from webex_provision.console.standing import NOT_STARTED, RUNNING
from webex_provision.ledger.runs import append_run
from webex_provision.vocabulary import Phase, Reason, RunState
from webex_provision_tests.cli.test_standing import _finish, _folder
from webex_provision_tests.cli.typed import Terminal
from webex_provision_tests.ledger.test_runs import ended

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
    told = "\n".join(source for source in sources if "TEXTS:" not in source)
    quoted = set(re.findall(r'["\']([a-zA-Z0-9_]+)["\']', told))
    asked = {key for source in sources for key in re.findall(r'\b(?:words|t)\(\s*["\']([a-z_]+)["\']\s*[,)]', source)}
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
    for told in (
        "pendientes",
        "qué hacer",
        REMEDIES_ES[Reason.USER_NOT_FOUND],
        "con el CSV corregido",
        "una línea por fila",
    ):
        assert told in said.out
    for kept in ("COMPLETED_WITH_PENDING", "user_not_found", "webex-provision retry --output-dir"):
        assert kept in said.out
    assert "what to do" not in said.out
    assert terminal.types(*words, "--json").out == terminal.types(*words[:-2], "--json").out


def test_a_language_that_there_is_not_is_refused_with_those_that_there_are(terminal: Terminal) -> None:
    said = terminal.types("status", "--lang", "fr")
    assert said.code == 2
    assert "'en', 'es'" in said.err


def test_a_row_and_the_history_are_told_in_spanish_too(tmp_path: Path, terminal: Terminal) -> None:
    folder = _folder(tmp_path)
    _finish(folder)
    append_run(folder, ended("r1"))
    for words, told in (
        (["show", "1"], ("fila 1 del CSV", "Intentos", "success en ")),
        (["history"], ("filas hechas en", "por admin@example.com", "El id de ejecución")),
    ):
        said = terminal.types(*words, "--output-dir", str(folder.root), "--lang", "es")
        assert said.code == 0
        assert all(text in said.out for text in told), said.out


def test_what_a_verb_prints_stands_in_the_table_of_languages_and_nowhere_else() -> None:
    """Whatever a verb that knows languages says is asked for by its key: no sentence of its own is left."""
    spoken = ("ending", "plans", "rehearsal_report", "row_shown", "past_runs", "verifying")
    sentences = {
        module: re.findall(r'say\(\s*f?"[^"{]*[a-z]{3,} [a-z]{2,}[^"]*"', (ROOM / f"{module}.py").read_text())
        for module in spoken
    }
    assert sentences == {module: [] for module in spoken}
