"""What a CSV names (files, variables, its own name) leads to nothing that it should not reach, and never hangs."""

import os
import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest

from webex_provision import actions
from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.clock import Clock
from webex_provision.config import Settings, reserved_variable
from webex_provision.input_files import TooLarge, UnusableFile, read_regular_file
from webex_provision.intake.csv_file import UnusableCsv
from webex_provision.intake.roll_out import prepare
from webex_provision.intake.schema import cell_validation
from webex_provision.ledger.folder import input_id_of
from webex_provision.wire import Endpoint
from webex_provision_tests.rehearsal import TOKEN, settings_for
from webex_provision_tests.stage import Stage

TRUNK = {
    "entity_type": "trunk",
    "location_key": "HQ",
    "trunk_name": "SBC",
    "trunk_type": "REGISTERING",
    "trunk_password_env": "TRUNK_PW",
}


@pytest.mark.timeout(20)
def test_devices_pipes_and_folders_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (Path("/dev/zero"), Path("/dev/tty"), tmp_path / "pipe", tmp_path, tmp_path / "none", Path("a\0b")):
        with pytest.raises(UnusableFile):
            read_regular_file(path, 1_000)


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"x" * 1_000)
    assert len(read_regular_file(path, 1_000)) == 1_000
    with pytest.raises(TooLarge):
        read_regular_file(path, 999)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("which", ["/dev/zero", "pipe", "."])
def test_a_roll_out_of_something_that_is_no_file_ends_with_a_word(
    tmp_path: Path, which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`webex-provision run /dev/zero` read it for ever, to hash it; a pipe was waited for."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with pytest.raises(UnusableCsv):
        prepare(Path(which), settings_for("http://127.0.0.1:1", output_dir=tmp_path / "out"), clock=Clock())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name",
    [
        "../../x.csv",
        "..csv",
        "\x1b[31m.csv",
        "a\nb.csv",
        "x" * 250 + ".csv",
        "ünï ✈.csv",
        "-rf.csv",
        "$(id).csv",
        "con",
    ],
)
def test_the_name_of_a_csv_makes_a_plain_folder_name(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,48}", input_id_of(Path(name), "0" * 64))


# Variables


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
def test_every_setting_of_this_program_is_reserved(name: str) -> None:
    assert reserved_variable(name)


@pytest.mark.parametrize(
    ("name", "reserved"),
    [
        ("WEBEX_BOT_TOKEN", True),
        ("GH_TOKEN", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("AZURE_CLIENT_SECRET", True),
        ("SSH_AUTH_SOCK", True),
        ("OPENAI_API_KEY", True),
        ("GOOGLE_APPLICATION_CREDENTIALS", True),
        ("TRUNK_MADRID_PASSWORD", False),
        ("WEBEX_TRUNK_PASSWORD", False),
        ("MONKEY_HOUSE_PASSWORD", False),
        ("TRUNK_PW", False),
    ],
)
def test_secrets_of_something_else_are_known_by_name(name: str, *, reserved: bool) -> None:
    assert reserved_variable(name) is reserved


def test_no_type_may_name_a_reserved_variable_or_hold_a_secret_itself() -> None:
    """Held for every column that will ever be declared: secrets come by `*_env`, and `*_env` refuses the token."""
    named = 0
    for entity_type in set(entity_types_by_name().values()):
        for column in entity_type.columns:
            if column.feeds and re.search("password|secret|token", column.name):
                assert column.name.endswith("_env"), column.name
            if column.name.endswith("_env"):
                named += 1
                told = [complaint.text for complaint in cell_validation(entity_type).complaints.values()]
                assert any("names a setting, a token or a key" in text for text in told), column.name
    assert named


@pytest.mark.parametrize(
    "name", ["WEBEX_TOKEN", "WEBEX_TOKENS", "WEBEX_BASE_URL", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY"]
)
def test_a_row_that_names_such_a_variable_is_rejected_with_the_cure(stage: Stage, name: str) -> None:
    stage.location()
    play = stage.play(TRUNK | {"trunk_password_env": name})
    assert play.results == []
    rejected = (play.folder / "rejected_rows.csv").read_text()
    assert "name a variable that holds this row's own secret" in rejected
    assert stage.server.log.entries[-1]["method"] == "GET"


@pytest.mark.parametrize("around", ["{}", "x{}", "{} "])
@pytest.mark.parametrize("token", [TOKEN, "the-token-of-a-second-user"])
def test_a_token_under_another_name_goes_into_no_body(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, token: str, around: str
) -> None:
    monkeypatch.setenv("TRUNK_PW", around.format(token))
    stage.location()
    play = stage.play(TRUNK, webex_tokens="the-token-of-a-second-user")
    assert play.outcome("SBC") == "precondition_missing"
    assert play.writes == []
    assert "TRUNK_PW holds the token" in play.why("SBC")["reason_message"]


def test_a_short_token_refuses_no_password_but_itself(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rehearsal's token may be any word: passwords that hold its letters are passwords all the same."""
    stage.location()
    for password, outcome in (("any", "precondition_missing"), ("company", "success")):
        monkeypatch.setenv("TRUNK_PW", password)
        play = stage.play(TRUNK, webex_token="any")
        assert play.outcome("SBC") == outcome
    assert [body["password"] for body in play.bodies("POST", "/trunks")] == ["company"]


def test_a_variable_that_is_not_set_is_not_said_to_hold_the_token(stage: Stage) -> None:
    stage.location()
    assert "TRUNK_PW is not set" in stage.play(TRUNK).why("SBC")["reason_message"]


def test_a_declared_path_takes_ids_as_whole_segments_only() -> None:
    """So that an id, which is percent-encoded, can't change which endpoint is called."""
    modules = [import_module(found.name) for found in iter_modules(actions.__path__, f"{actions.__name__}.")]
    endpoints = [value for module in modules for value in vars(module).values() if isinstance(value, Endpoint)]
    assert endpoints
    for endpoint in endpoints:
        for segment in endpoint.path.removeprefix("/").split("/"):
            assert re.fullmatch(r"[A-Za-z0-9_:.-]+|\{[a-z_]+\}", segment), endpoint
