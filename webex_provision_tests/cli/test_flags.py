"""Every setting has its flag, with help; a flag wins over the environment; the token has none."""

import os

import pytest
import typer

from webex_provision.cli import app
from webex_provision.config import PROFILES, SECRET_SETTINGS, RetryProfile, Settings
from webex_provision.console.flags import flag_of, variable_of
from webex_provision_tests.cli.typed import Terminal, tenant

VERBS = ("run", "resume", "retry", "replay", "doctor", "ui")
SETTINGS = sorted(set(Settings.model_fields) - set(SECRET_SETTINGS))


def _options(verb: str) -> dict[str, str]:
    command = typer.main.get_command(app).commands[verb]  # type: ignore[attr-defined]
    return {option: parameter.help or "" for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("verb", VERBS)
def test_every_setting_has_its_flag_with_help(verb: str) -> None:
    options = _options(verb)
    for setting in SETTINGS:
        assert options.get(flag_of(setting)), f"{verb} lacks {flag_of(setting)} or its help"


@pytest.mark.parametrize("verb", VERBS)
def test_a_flag_for_the_token_does_not_exist_and_help_says_why(verb: str, terminal: Terminal) -> None:
    assert not [option for option in _options(verb) if "token" in option and option != "--token-slot"]
    assert terminal.types(verb, "--webex-token", "x").code == 2
    assert "WEBEX_TOKEN only" in " ".join(terminal.types("--help").out.split())


@pytest.fixture
def noted(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """What doctor reads as settings, without asking any tenant."""
    seen: list[Settings] = []

    def checks_of(settings: Settings) -> list[object]:
        seen.append(settings)
        return []

    monkeypatch.setattr("webex_provision.console.doctor.checks_of", checks_of)
    return seen


def test_a_flag_wins_over_the_environment(terminal: Terminal, noted: list[Settings]) -> None:
    variables = tenant("http://127.0.0.1:1") | {"MAX_RETRIES": "3", "BATCH_SIZE": "77"}
    words = ("doctor", "--max-retries", "2", "--verify-writes", "--no-allow-people-put")
    assert terminal.types(*words, **variables).code == 0
    settings = noted[0]
    assert (settings.max_retries, settings.batch_size) == (2, 77)
    assert (settings.verify_writes, settings.allow_people_put) == (True, False)


@pytest.mark.parametrize("profile", RetryProfile)
def test_a_profile_sets_what_it_says_and_a_flag_of_its_own_wins(
    profile: RetryProfile, terminal: Terminal, noted: list[Settings]
) -> None:
    variables = tenant("http://127.0.0.1:1")
    assert terminal.types("doctor", "--retry-profile", profile, "--max-in-flight", "3", **variables).code == 0
    chosen = noted[0].model_dump()
    for name, value in PROFILES[profile].items():
        assert chosen[name] == (3 if name == "max_in_flight" else value)


def test_an_unknown_profile_is_a_usage_error_that_lists_the_known_ones(terminal: Terminal) -> None:
    said = terminal.types("doctor", "--retry-profile", "brutal")
    assert said.code == 2
    assert all(profile in said.err for profile in RetryProfile)


def test_flags_are_variables_of_this_process_for_all_rooms_to_read(terminal: Terminal, noted: list[Settings]) -> None:
    terminal.types("doctor", "--requests-per-second", "7", **tenant("http://127.0.0.1:1"))
    assert noted
    assert os.environ[variable_of("requests_per_second")] == "7"
