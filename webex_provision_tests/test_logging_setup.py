"""A log line is one line, tells no secret, and lies in a file that only its owner reads."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr

from webex_provision.config import LogFormat
from webex_provision.logging_setup import configure, shutdown

TOKEN = 'NjQ5"invented/token+for tests\\x'
logger = logging.getLogger("webex_provision.webex")


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    shutdown()


def lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("as_json", [True, False])
def test_no_spelling_of_a_secret_is_written_whatever_carries_it(tmp_path: Path, *, as_json: bool) -> None:
    file = tmp_path / "run.log"
    configure(file=file, json=as_json, secrets=[SecretStr(TOKEN)])
    logger.info("plain %s", TOKEN, extra={"key": TOKEN, "nested": {"list": [TOKEN]}})
    structlog.get_logger("webex_provision.engine").warning("bound", token=TOKEN, url=f"?t={TOKEN}")
    try:
        int(TOKEN)
    except ValueError:
        logger.exception("failed")
    text = file.read_text(encoding="utf-8")
    assert "invented" not in text
    assert text.count("***") >= 6
    assert "ValueError" in text


def test_json_lines_carry_time_level_logger_event_and_facts(tmp_path: Path) -> None:
    file = tmp_path / "logs" / "run.log"
    configure(file=file)
    logger.info("sent again", extra={"http_status": 503, "family": "people"})
    structlog.get_logger("webex_provision.engine").info("row failed", entity_key="é")
    logger.debug("not at this level")
    first, second = map(json.loads, lines(file))
    assert first["event"] == "sent again"
    assert (first["level"], first["logger"], first["http_status"]) == ("info", "webex_provision.webex", 503)
    assert first["timestamp"].endswith("Z")
    assert (second["logger"], second["entity_key"]) == ("webex_provision.engine", "é")


def test_what_goes_to_stderr_too_has_its_own_format_the_same_facts_and_no_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = {"roll_out": "site-1", "run_id": "r"}
    configure(file=tmp_path / "run.log", secrets=[SecretStr(TOKEN)], stderr=LogFormat.TEXT, facts=facts)
    logger.info("with %s", TOKEN, extra={"run_id": "its own"})
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("timestamp=")
    assert "roll_out=site-1" in line
    assert "run_id='its own'" in line or 'run_id="its own"' in line
    assert "invented" not in line
    assert json.loads(lines(tmp_path / "run.log")[0])["roll_out"] == "site-1"


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("char", ["\n", "\r\n", "\x85", "\u2028", "\x1b[2J", "\x00", "\ud800"])
def test_a_record_is_one_line_whatever_it_holds(tmp_path: Path, char: str, *, as_json: bool) -> None:
    """A name from a CSV cannot forge a log line."""
    file = tmp_path / "run.log"
    configure(file=file, json=as_json)
    logger.info("name%slevel=critical forged", char, extra={"fact": f"a{char}b"})
    written = lines(file)
    assert len(written) == 1
    assert written[0].isprintable()
    if as_json:
        assert json.loads(written[0])["fact"] == f"a{char}b"


def test_the_file_is_private_also_when_it_was_not(tmp_path: Path) -> None:
    file = tmp_path / "run.log"
    file.write_text("before\n")
    file.chmod(0o644)
    configure(file=file)
    logger.info("after")
    assert file.stat().st_mode & 0o777 == 0o600
    assert lines(file)[0] == "before"


def test_without_file_lines_go_to_stderr_and_setting_up_twice_does_not_double_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(json=False)
    configure("WARNING", json=False)
    logger.info("quiet")
    logger.warning("loud")
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.count("loud") == 1
    assert "quiet" not in written.err


def test_nothing_reaches_loggers_that_do_not_redact(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    configure(file=tmp_path / "run.log", secrets=[SecretStr(TOKEN)])
    logger.warning("token %s", TOKEN)
    assert caplog.records == []


def test_a_short_secret_does_not_blot_out_every_word(tmp_path: Path) -> None:
    file = tmp_path / "run.log"
    configure(file=file, secrets=[SecretStr(""), SecretStr("a")])
    logger.warning("a plain word")
    assert json.loads(lines(file)[0])["event"] == "a plain word"


def test_a_log_that_cannot_be_written_is_told_once_and_shows_nothing_of_its_records(
    capsys: pytest.CaptureFixture[str],
) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fchmod", lambda *_: None)
        configure("INFO", full, json=True)
    log = logging.getLogger("webex_provision.engine")
    for number in range(3):
        log.info("row_pending", extra={"cause": f"something-private-{number}"})
    shutdown()
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert told.startswith(f"{full} cannot be written (")
    assert told.endswith("the run goes on without its log.\n")
