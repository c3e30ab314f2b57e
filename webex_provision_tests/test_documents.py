"""The documents are held to the code: every reason, exit code, setting, verb, flag and word, and nothing else."""

import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
import typer

from webex_provision import actions
from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.assets.sensors import InboxSettings
from webex_provision.cli import app
from webex_provision.config import MAX_BATCHES_CEILING, MOST_FURTHER_TOKENS, Settings
from webex_provision.console.languages import REMEDIES_ES, TEXTS
from webex_provision.input_schema import markdown
from webex_provision.intake.csv_file import MAX_COLUMNS, MAX_FILE_BYTES
from webex_provision.vocabulary import ExitCode, Reason, RowStatus, RunState
from webex_provision.wire import Endpoint
from webex_provision_tests.readme import README, ROOT, blocks, commands, inline_code, prose, section

SPANISH = "Guía rápida para operadores"
VERBS: dict[str, Any] = vars(typer.main.get_command(app))["commands"]
SOURCES = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "webex_provision").rglob("*.py"))
READ_BY_LIBRARIES = {"HTTPS_PROXY", "SSL_CERT_FILE"}
NAMED_BY_THE_SAMPLE = {"TRUNK_HQ_PASSWORD"}


def _flags(command: Any) -> set[str]:
    return {flag for option in command.params for flag in (*option.opts, *option.secondary_opts)} | {"--help"}


def _table(text: str) -> Iterator[list[str]]:
    """The cells of each row of the tables of a text."""
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("| ---"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))]


def test_the_input_schema_is_what_the_declarations_say() -> None:
    """Regenerate it with: python -m webex_provision.input_schema > data/input_schema.md"""
    assert (ROOT / "data" / "input_schema.md").read_text(encoding="utf-8") == markdown()


@pytest.mark.parametrize(("title", "language"), [("Reasons", "en"), ("Motivos y remedios", "es")])
def test_every_reason_stands_in_the_readme_with_its_remedy(title: str, language: str) -> None:
    told = {cells[0].strip("`"): cells[1] for cells in _table(section(title)) if cells[0].startswith("`")}
    assert told == {reason.value: REMEDIES_ES[reason] if language == "es" else reason.remedy for reason in Reason}


@pytest.mark.parametrize("title", ["Exit codes", "Códigos de salida"])
def test_the_exit_codes_of_the_readme_are_those_of_the_program(title: str) -> None:
    assert [int(cells[0]) for cells in _table(section(title)) if cells[0].isdigit()] == sorted(ExitCode)


def test_every_exit_code_in_running_text_exists() -> None:
    assert {int(code) for code in re.findall(r"\b[Ee]xits? (?:with )?(\d+)", README)} <= set(ExitCode)


def test_the_states_of_rows_and_runs_are_those_of_the_program() -> None:
    rows = list(_table(section("How a roll-out flows")))
    states = {cells[0].strip("`"): cells[1] for cells in rows if cells[0].startswith("`")}
    assert set(states) == {*map(str, RowStatus), *map(str, RunState)}
    assert {state: states[state] for state in RunState} == {state: str(int(state.exit_code)) for state in RunState}


def test_the_spanish_states_are_those_of_the_program_in_its_own_words() -> None:
    rows = {cells[0].strip("`") for cells in _table(section("Estados de una fila")) if cells[0].startswith("`")}
    assert rows == set(map(str, RowStatus))
    runs = {cells[0].strip("`"): cells[1:3] for cells in _table(section("Estados de una ejecución"))}
    told = {state.value: [str(int(state.exit_code)), TEXTS[f"told_{state}"][1]] for state in RunState}
    assert {state: cells for state, cells in runs.items() if state in told} == told


def test_the_settings_of_the_readme_are_those_of_the_program() -> None:
    described = dict(re.findall(r"^\| `([A-Z_]+)` \|.*\| (.*) \|$", section("Settings"), re.MULTILINE))
    assert described == {name.upper(): field.description for name, field in Settings.model_fields.items()}


def test_the_sizes_of_the_readme_are_those_of_the_program() -> None:
    told, settings = section("Limits"), Settings.model_fields
    assert f"{settings['max_rows'].default:,} (`MAX_ROWS`" in told
    assert (
        f"{MAX_FILE_BYTES // 2**20} MiB, {MAX_COLUMNS:,} columns, {settings['max_cell_bytes'].default:,} bytes" in told
    )
    assert f"{settings['batch_size'].default} (`BATCH_SIZE`), {MAX_BATCHES_CEILING:,}" in told
    assert f"`WEBEX_TOKEN` and {MOST_FURTHER_TOKENS} more" in told


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_that_the_readme_types_has_its_verb_and_its_flags(command: str) -> None:
    """Arguments too: too many or too few are refused, as they would be at the prompt."""
    words = shlex.split(command)[1:]
    verb, given = VERBS[words[0]], words[1:]
    if not given:  # `webex-provision retry` in running text names the verb
        return
    assert {word.split("=")[0] for word in given if word.startswith("-")} <= _flags(verb)
    verb.make_context(words[0], given, resilient_parsing=False)


@pytest.mark.parametrize(("flag", "told"), [("--max-retries", 1), ("--lang", 2)])
def test_the_verbs_that_take_settings_or_a_language_are_listed_wherever_the_readme_lists_them(
    flag: str, told: int
) -> None:
    verbs = {name for name, verb in VERBS.items() if flag in _flags(verb)}
    named = [set(re.findall(r"`([a-z]+)`", text)) & set(VERBS) for text in prose().split("\n\n") if f"`{flag} " in text]
    assert [found for found in named if len(found) > 2] == [verbs] * told


def test_every_flag_that_stands_alone_is_a_flag_of_a_verb() -> None:
    known = {flag for verb in VERBS.values() for flag in _flags(verb)}
    alone = {word for text in inline_code() if text.startswith("-") for word in text.split() if word.startswith("--")}
    assert alone
    assert alone <= known


def test_every_variable_in_the_readme_is_a_setting_or_is_read_by_name() -> None:
    exported = {name for block in blocks() for line in block.commands for name in re.findall(r"\b([A-Z_]{4,})=", line)}
    named = {text.split("=")[0] for text in inline_code() if re.fullmatch(r"[A-Z][A-Z_]{3,}(=.*)?", text)}
    known = {name.upper() for name in Settings.model_fields} | set(re.findall(r'"([A-Z_]{4,})"', SOURCES))
    known |= {name.upper() for name in InboxSettings.model_fields}
    assert exported <= known | READ_BY_LIBRARIES | NAMED_BY_THE_SAMPLE
    assert named <= known | READ_BY_LIBRARIES


def test_every_word_that_looks_like_a_column_a_reason_or_a_config_is_a_word_of_the_program() -> None:
    known = set(re.findall(r"\b[a-z]+(?:_[a-z0-9]+)+\b", SOURCES))
    words = {text for text in inline_code() if re.fullmatch(r"(?!webex_provision_)[a-z]+(_[a-z0-9]+)+", text)}
    assert len(words) > 20
    assert words <= known


def test_the_example_of_the_readme_has_columns_and_types_of_the_program() -> None:
    (csv,) = [block for block in blocks() if block.language == "csv"]
    types = entity_types_by_name()
    header = csv.lines[0].split(",")
    columns = {column.name for entity_type in types.values() for column in entity_type.columns}
    assert set(header) - {"entity_type"} <= columns
    assert all(line.split(",")[0] in types for line in csv.lines[1:])


def test_every_scope_that_a_declared_endpoint_needs_stands_in_the_readme() -> None:
    modules = [import_module(found.name) for found in iter_modules(actions.__path__, f"{actions.__name__}.")]
    endpoints = [value for module in modules for value in vars(module).values() if isinstance(value, Endpoint)]
    listed = README.split("It needs the scopes", 1)[1].split("of which", 1)[0]
    assert {endpoint.scope for endpoint in endpoints} == set(re.findall(r"[\w-]+:\w+", listed))


def test_the_readme_opens_with_exactly_two_commands() -> None:
    first_screen = README.split("\n## ", 1)[0]
    assert len(re.findall(r"^python3 .*$", first_screen, re.MULTILINE)) == 2


def test_every_link_within_the_project_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", prose(), re.MULTILINE)
    places = {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
    places |= set(re.findall(r'<a id="([^"]+)">', README))
    for target in re.findall(r"\]\(([^)]+)\)", prose()):
        if target.startswith("#"):
            assert target[1:] in places, target
        elif "://" not in target:
            assert (ROOT / target).exists(), target


def test_the_spanish_faults_have_the_exit_codes_of_the_english_ones() -> None:
    english = {}
    for cells in _table(section("When something goes wrong")):
        anchor, code = re.search(r'<a id="([^"]+)">', cells[0]), re.search(r"[Ee]xit (\d+)", cells[1])
        if anchor:
            english[anchor[1]] = code[1] if code else None
    linked = [(re.findall(r"\(#([a-z0-9-]+)\)", cells[0]), cells[1]) for cells in _table(section("Cuando algo falla"))]
    assert sum(bool(anchors) for anchors, _ in linked) > 10
    for anchors, told in linked:
        assert {english[anchor] for anchor in anchors} - {None} <= set(re.findall(r"\d+", told)), anchors


def test_the_spanish_guide_types_every_verb_of_a_day() -> None:
    guide = section(SPANISH)
    assert set(re.findall(r"webex-provision ([a-z]+)", guide)) >= set(VERBS) - {"demo", "generate", "sandbox"}
