"""Foreseeable faults: one line that says what to do, the right exit code, no traceback and no secret."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from webex_provision.console.embedded import sample_in
from webex_provision.ledger.errors import InputChanged, LockHeld
from webex_provision_tests.cli.typed import TOKEN, Said, Terminal, tenant
from webex_provision_tests.ledger.samples import opened, roll_out, success

NEEDS_SETTINGS = (("run", "site.csv"), ("doctor",))


def _lines(said: Said) -> list[str]:
    assert "Traceback" not in said.all
    return said.err.splitlines()


@pytest.mark.parametrize("words", NEEDS_SETTINGS)
def test_missing_settings_are_named_one_a_line_with_the_cure(words: tuple[str, ...], terminal: Terminal) -> None:
    said = terminal.types(*words)
    assert said.code == 2
    told = _lines(said)
    for number, variable in enumerate(("WEBEX_TOKEN", "WEBEX_BASE_URL", "ENVIRONMENT")):
        assert told[number].startswith(f"{variable} is missing: export {variable}=")
    assert "webex-provision demo" in told[3]


def test_impossible_settings_are_named_with_variable_value_and_flag(terminal: Terminal) -> None:
    variables = tenant("http://webex.example") | {"MAX_RETRIES": "99", "BATCH_SIZE": "many"}
    told = _lines(terminal.types("doctor", **variables))
    assert len(told) == 3
    assert any(line.startswith("WEBEX_BASE_URL=http://webex.example: must use https") for line in told)
    assert any("MAX_RETRIES=99" in line and "--max-retries" in line and "20" in line for line in told)
    assert any("BATCH_SIZE=many" in line and "--batch-size" in line for line in told)


def test_production_without_its_organisation_is_told_as_such(terminal: Terminal) -> None:
    said = terminal.types("doctor", **tenant("https://webexapis.com") | {"ENVIRONMENT": "prod"})
    assert said.code == 2
    assert _lines(said) == ["ENVIRONMENT=prod needs WEBEX_ORG_ID, the organisation that may be provisioned"]


@pytest.mark.parametrize(
    "words",
    [
        ("run",),
        ("run", "a.csv", "b.csv"),
        ("run", "a.csv", "--phase", "4"),
        ("run", "a.csv", "--phase", "two"),
        ("resume", "--nonsense"),
        ("status", "extra"),
        ("generate", "made.csv", "--bad-rows", "some"),
        ("generate", "made.csv", "--bad-rows", "80%"),
        ("generate", "made.csv", "--rows", "0"),
        ("sandbox", "--missing-users", "2"),
        ("sandbox", "--profile", "rude"),
        ("sandbox", "--seed-csv", "nowhere.csv"),
        ("sandbox", "--faults", "nowhere.json"),
        ("ui", "--port", "70000"),
        ("nonsense",),
    ],
)
def test_wrong_arguments_end_with_2_and_a_word(words: tuple[str, ...], terminal: Terminal) -> None:
    said = terminal.types(*words)
    assert said.code == 2
    assert _lines(said)


@pytest.mark.parametrize("verb", ["resume", "retry", "replay", "status", "repair"])
def test_without_a_roll_out_the_way_to_one_is_told(verb: str, terminal: Terminal) -> None:
    said = terminal.types(verb, "--output-dir", "nowhere")
    assert said.code == 2
    assert "webex-provision run" in _lines(said)[0]


def test_a_corrupt_ledger_ends_with_5_and_repair_mends_it(tmp_path: Path, terminal: Terminal) -> None:
    folder = roll_out(tmp_path)
    with opened(folder) as ledger:
        ledger.commit(success("1"))
    torn = folder.results.read_bytes() + b"half a line\n"
    folder.results.write_bytes(torn)
    said = terminal.types("status", "--output-dir", str(folder.root))
    assert said.code == 5
    assert "webex-provision repair --output-dir" in _lines(said)[0]
    mended = terminal.types("repair", "--output-dir", str(folder.root))
    assert mended.code == 0
    assert "results.csv" in mended.out
    assert f"Go on with: webex-provision resume --output-dir {folder.root}" in mended.out
    assert terminal.types("status", "--output-dir", str(folder.root)).code == 0
    assert "nothing was wrong" in terminal.types("repair", "--output-dir", str(folder.root)).out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LockHeld("held by process 7"), 6),
        (InputChanged(Path("out"), "CSV", "site.csv"), 5),
        (KeyboardInterrupt(), 130),
    ],
)
def test_faults_before_a_run_have_their_exit_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, terminal: Terminal
) -> None:
    def launch(**_: Any) -> None:
        raise error

    monkeypatch.setitem(sys.modules, "webex_provision.assets.launcher", _module(launch))
    said = terminal.types("run", "site.csv", **tenant("http://127.0.0.1:1"))
    assert said.code == code
    assert len(_lines(said)) == 1


def test_a_tenant_of_the_embedded_sandbox_that_is_damaged_is_told(terminal: Terminal) -> None:
    sample = sample_in(Path("output"))
    sample.tenant.parent.mkdir()
    sample.tenant.write_text("{")
    said = terminal.types("demo")
    assert said.code == 5
    assert "move it away" in _lines(said)[0]


def test_a_file_in_the_place_of_the_base_folder_is_told(terminal: Terminal) -> None:
    Path("output").write_text("")
    said = terminal.types("demo")
    assert said.code == 5
    assert _lines(said)[0].startswith("output cannot be used: ")


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch, terminal: Terminal) -> None:
    def launch(**_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(sys.modules, "webex_provision.assets.launcher", _module(launch))
    with pytest.raises(ZeroDivisionError):
        terminal.types("run", "site.csv", **tenant("http://127.0.0.1:1"))


def test_a_home_that_is_no_folder_is_told_before_anything_runs(terminal: Terminal) -> None:
    said = terminal.types("run", "site.csv", **tenant("http://127.0.0.1:1"), DAGSTER_HOME="not/absolute")
    assert said.code == 2
    assert "DAGSTER_HOME" in _lines(said)[0]


@pytest.mark.parametrize("token", [TOKEN, "two words", "line\nbreak", "ñ"])
def test_the_token_is_never_shown_whatever_is_wrong(token: str, terminal: Terminal) -> None:
    variables = {"WEBEX_TOKEN": token, "WEBEX_BASE_URL": "http://127.0.0.1:1", "ENVIRONMENT": "x"}
    wrong = terminal.types("doctor", **variables)
    unreachable = terminal.types("doctor", **variables | {"ENVIRONMENT": "lab", "MAX_RETRIES": "0"})
    assert (wrong.code, unreachable.code) == (2, 3)
    assert token not in wrong.all + unreachable.all


def _module(launch: Any) -> ModuleType:
    module = ModuleType("launcher")
    module.launch = launch  # type: ignore[attr-defined]
    return module
