"""The token stays where it is held: no text, no copy and no crash of the process gives it away."""

import base64
import json
import logging
import pickle
import resource
import subprocess
import sys
from collections.abc import Iterator
from types import FrameType
from urllib.parse import quote

import httpx
import pytest

from webex_provision.assets.resources import WebexResource
from webex_provision.cli import app
from webex_provision.config import Settings
from webex_provision.console import ui
from webex_provision.console.embedded import environment, tenant_variables
from webex_provision.safe_text import spellings
from webex_provision.sandbox import SandboxServer
from webex_provision.vocabulary import RunState
from webex_provision.webex.connection_client import WebexClient
from webex_provision.webex.errors import WebexError
from webex_provision.wire import Answer, ApiRequest
from webex_provision_tests.rehearsal import LOCATION
from webex_provision_tests.stage import Stage
from webex_provision_tests.virtual_clock import VirtualClock
from webex_provision_tests.webex.tenant_double import TOKEN, run, settings
from webex_provision_tests.webex.test_real_sockets import GET, POST, ask, writing

FURTHER = "QmVhVHVzY2FueQ-invented-token-of-a-second-user"


def in_other_words() -> list[str]:
    """A token as a server may repeat it: the one that it was sent, or another one of the run."""
    return [words for token in (TOKEN, FURTHER) for words in _words_with(token)]


def _words_with(token: str) -> list[str]:
    encoded = [base64.b64encode(f"{ahead}{token}:x".encode()).decode() for ahead in ("", "u:", "user:", "Bearer ")]
    return [token, f"https://evil.example/?t={quote(token, safe='')}", *encoded]


def gives_away(text: str) -> bool:
    """Whether a token, or most of it, can be read from a text."""
    middles = [
        base64.b64encode(b"x" * ahead + token.encode()).decode()[8:-8]
        for token in (TOKEN, FURTHER)
        for ahead in range(3)
    ]
    return any(found in text for found in (TOKEN[:12], FURTHER[:12], *middles))


def told_by(error: BaseException) -> str:
    """An error as whoever hunts for its cause may print it: attributes, and every frame with its variables."""
    parts = []
    chain: list[BaseException | None] = [error]
    for found in chain:
        if found is None or len(chain) > 20:
            continue
        parts += [str(found), repr(found), repr(vars(found))]
        parts += [repr(frame.f_locals) for frame in frames_of(found)]
        chain += [found.__cause__, found.__context__]
    return "\n".join(parts)


def frames_of(error: BaseException) -> Iterator[FrameType]:
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").startswith(("webex_provision.", "httpx", "httpcore")):
            yield trace.tb_frame
        trace = trace.tb_next


@pytest.mark.parametrize("words", in_other_words())
@pytest.mark.parametrize("status", [200, 302, 400, 401, 429, 500, 502])
def test_an_answer_that_repeats_the_token_tells_it_to_nobody(
    status: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever its status, in body and headers, with every logger of the process at DEBUG."""
    body = json.dumps({"id": words, "message": f"{'x' * 480} {words}", "errorCode": words, "trackingId": words})
    head = f"HTTP/1.1 {status} X\r\nTrackingId: {words}\r\nX-Echo: {words}\r\nLocation: {words}\r\nRetry-After: 0\r\n"
    echo = writing(f"{head}cisco-spark-error-codes: {words}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
    with caplog.at_level(logging.DEBUG):
        ended, _ = ask(GET, echo, max_retries=0, max_rate_limit_waits=0, webex_tokens=FURTHER)
    told = repr(ended) if isinstance(ended, Answer) else told_by(ended)
    assert not gives_away(told)
    assert not gives_away(caplog.text)


async def _cut(writer: object) -> None:
    """No answer at all."""


@pytest.mark.parametrize("request_", [GET, POST], ids=["read", "create"])
def test_a_traceback_with_all_its_variables_tells_no_token(request_: ApiRequest) -> None:
    error, _ = ask(request_, _cut, repeatable=False, max_retries=0, webex_tokens=FURTHER)
    assert isinstance(error, WebexError)
    assert not gives_away(told_by(error))


@pytest.mark.parametrize("token", [f"{TOKEN} {TOKEN}", f"{TOKEN}\n{TOKEN}", f"{TOKEN}é"])
def test_a_token_that_is_refused_stands_in_no_variable_of_the_traceback(token: str) -> None:
    with pytest.raises(ValueError, match="WEBEX_TOKEN") as caught:
        WebexClient(settings(webex_token=token, webex_tokens=FURTHER), VirtualClock())
    assert not gives_away(told_by(caught.value))


@pytest.mark.parametrize("further", [f"{FURTHER},{TOKEN}é", f"{TOKEN}\x7f {FURTHER}", " ".join([FURTHER] * 99)])
def test_further_tokens_that_are_refused_stand_in_no_variable_of_the_traceback(further: str) -> None:
    with pytest.raises(ValueError, match=r"WEBEX_TOKENS|webex_tokens") as caught:
        WebexClient(settings(webex_tokens=further), VirtualClock())
    assert not gives_away(told_by(caught.value))


def test_a_token_that_cannot_be_one_is_told_before_the_first_row_and_is_no_fault_of_the_program(stage: Stage) -> None:
    play = stage.play(LOCATION, webex_token="two words")
    assert play.state is RunState.FAILED_PREFLIGHT
    assert play.results == []
    assert not stage.server.log.entries


def test_settings_and_resource_show_the_token_in_no_form() -> None:
    made = settings(webex_tokens=FURTHER)
    shown = (
        repr(made),
        str(made),
        repr(made.model_dump()),
        made.model_dump_json(),
        repr(made.public()),
        repr(list(made)),
        repr(WebexResource()),
        repr(WebexResource().model_dump()),
        repr(vars(WebexResource())),
    )
    assert not [text for text in shown if gives_away(text)]


def test_settings_that_cannot_be_read_do_not_repeat_what_was_given() -> None:
    with pytest.raises(ValueError, match="batch_size") as caught:
        Settings(
            webex_token=TOKEN,
            webex_tokens=[FURTHER],  # type: ignore[arg-type]
            webex_base_url=FURTHER,
            environment=TOKEN,  # type: ignore[arg-type]
            batch_size=TOKEN,  # type: ignore[arg-type]
        )
    assert not gives_away(str(caught.value))


def test_no_copy_of_the_settings_leaves_the_process() -> None:
    with pytest.raises(TypeError, match="token"):
        pickle.dumps(settings())
    assert settings().model_copy().webex_token.get_secret_value() == TOKEN


def test_a_client_can_be_printed_and_its_requests_too() -> None:
    client = WebexClient(settings(webex_tokens=FURTHER), VirtualClock())
    outgoing = client._build(ApiRequest("POST", "/x", json={"password": "Secret-4711"}))
    credential = client.credentials.first
    credential.authorize(outgoing.headers)
    told = (client, client.credentials, credential, vars(credential), client.hiding, outgoing, outgoing.headers)
    assert not gives_away("".join(map(repr, told)))
    assert "4711" not in repr(ApiRequest("POST", "/x", json={"password": "Secret-4711"}))
    run(client.aclose())


def test_a_crash_leaves_no_core_file() -> None:
    """Neither that of the command line, nor of its children, nor of any process that holds a client."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
        run(WebexClient(settings(), VirtualClock()).aclose())
        assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
        resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
        look = "import os,resource; print(resource.getrlimit(resource.RLIMIT_CORE)[0], oct(os.umask(0)))"
        code = (
            "import subprocess, sys, webex_provision.cli as cli\n"
            f"cli.app = lambda: subprocess.run([sys.executable, '-c', {look!r}])\n"
            "cli.main()"
        )
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert ran.stdout.split() == ["0", "0o77"]
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, before)


def test_a_child_process_gets_the_token_by_its_environment_and_never_as_an_argument(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Arguments of a process are there for every user of the machine to read."""
    started: list[list[str]] = []

    def start(command: list[str], **_: object) -> None:
        started.append(command)
        raise InterruptedError

    monkeypatch.setenv("WEBEX_TOKEN", TOKEN)
    monkeypatch.setenv("WEBEX_TOKENS", FURTHER)
    monkeypatch.setattr(ui.subprocess, "Popen", start)
    with pytest.raises(InterruptedError):
        ui.serve_ui(3000)
    assert "dagster" in started[0]
    assert not gives_away(" ".join(started[0]))


def test_no_token_of_a_real_tenant_goes_to_a_simulated_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Demo, rehearsal and UI run in the operator's environment."""
    monkeypatch.setenv("WEBEX_TOKEN", TOKEN)
    monkeypatch.setenv("WEBEX_TOKENS", FURTHER)
    with SandboxServer() as server, environment(tenant_variables(server)):
        assert not gives_away(" ".join(token.get_secret_value() for token in Settings().tokens))


def test_a_fault_of_the_command_line_is_never_printed_with_its_variables() -> None:
    assert app.pretty_exceptions_enable is False


def test_the_http_library_logs_nothing_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG it would write headers as they come, past our redaction."""
    with caplog.at_level(logging.DEBUG):
        for name in ("httpx", "httpcore", "httpcore.http11", "httpcore.connection", "httpcore.proxy"):
            assert logging.getLogger(name).getEffectiveLevel() >= logging.WARNING


def test_base64_of_any_text_around_a_secret_is_known() -> None:
    for ahead in range(7):
        for behind in range(4):
            text = base64.b64encode(b"p" * ahead + TOKEN.encode() + b"q" * behind).decode()
            assert any(form in text for form in spellings([TOKEN]))
            assert not any(
                form in base64.b64encode(b"quite another text, long enough").decode() for form in spellings([TOKEN])
            )


def test_a_rehearsals_short_token_does_not_change_what_the_tenant_answers() -> None:
    """Any word will do as token of a sandbox; names and ids that hold it must stay as they are."""

    async def answered() -> Answer:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"name": "lab of Madrid"}))
        async with WebexClient(settings(webex_token="lab"), VirtualClock(), transport=transport) as client:
            return await client.request(GET)

    assert run(answered()).json == {"name": "lab of Madrid"}
