"""Several tokens: whose each is, and none of them able to take a call with it when it dies."""

import logging

import httpx
import pytest

from webex_provision.config import MOST_FURTHER_TOKENS
from webex_provision.webex.connection_client import WebexClient
from webex_provision.webex.errors import PreflightFailed
from webex_provision.webex.startup_checks import survey
from webex_provision.wire import Answer
from webex_provision_tests.virtual_clock import VirtualClock
from webex_provision_tests.webex.tenant_double import TOKEN, ok, run, settings, status
from webex_provision_tests.webex.tokens_double import (
    CREATE,
    ME,
    ORGANISATIONS,
    PLACE,
    SECOND,
    THIRD,
    Judge,
    Tokens,
    dead,
)

# Death


def test_a_dead_token_is_asked_once_is_out_and_takes_no_call_with_it(caplog: pytest.LogCaptureFixture) -> None:
    tenant = Tokens(dead(SECOND))
    with caplog.at_level(logging.CRITICAL):
        answers = tenant.all_of(*[PLACE] * 60)
    assert all(isinstance(answer, Answer) and answer.ok for answer in answers)
    assert tenant.came("/people/me") == {SECOND: 1}
    asked_at = next(at for token, path, at in tenant.seen if path == ME)
    assert max(at for token, _, at in tenant.seen if token == SECOND) <= asked_at + 0.11, "while the question was out"
    assert tenant.told == ["token 1 of WEBEX_TOKENS is out: Webex no longer accepts it; the run goes on with 2."]
    assert [(record.message, record.tokens_left) for record in caplog.records] == [("token_out", 2)]


def test_a_create_that_a_dead_token_was_refused_goes_out_once_more_with_another() -> None:
    """A 401 proves that nothing was applied; the note of the intent stands before the first send only."""
    tenant = Tokens(dead(TOKEN))
    noted: list[int] = []

    async def note() -> None:
        noted.append(len(tenant.seen))

    async def scenario() -> Answer:
        async with tenant.client as client:
            return await client.request(CREATE, repeatable=False, before_send=note)

    assert run(scenario()).status == 200
    assert [(token, path) for token, path, _ in tenant.seen] == [
        (TOKEN, "/v1/locations"),
        (TOKEN, ME),
        (SECOND, "/v1/locations"),
    ]
    assert noted == [0]


def test_a_401_of_a_token_that_lives_is_an_answer() -> None:
    tenant = Tokens(lambda _, path: ok({}) if path == ME else status(401))
    answer = tenant.all_of(PLACE)[0]
    assert isinstance(answer, Answer)
    assert (answer.status, tenant.told, len(tenant.seen)) == (401, [], 2)


@pytest.mark.parametrize("reply", [status(500), status(403), httpx.Response(200, content=b"<html>")])
def test_only_a_second_401_takes_a_token_out(reply: httpx.Response) -> None:
    def judge(token: str, path: str) -> httpx.Response:
        unsure = httpx.Response(reply.status_code, content=reply.content)
        return (unsure if path == ME else status(401)) if token == TOKEN else ok({})

    tenant = Tokens(judge, max_retries=0)
    tenant.all_of(PLACE)
    assert tenant.told == []


def test_when_the_last_one_dies_its_401_is_the_answer() -> None:
    """What then becomes of the run is the engine's to decide; it asks with that one."""
    tenant = Tokens(dead(TOKEN, SECOND, THIRD))
    answers = tenant.all_of(*[PLACE] * 20)
    assert {answer.status for answer in answers if isinstance(answer, Answer)} == {401}
    assert len(answers) == 20
    assert len(tenant.told) == 2
    assert len(tenant.client.credentials.living) == 1


def test_a_403_is_an_answer_whatever_another_token_may_do() -> None:
    tenant = Tokens(lambda token, _: status(403) if token == TOKEN else ok({}))
    answer = tenant.all_of(PLACE)[0]
    assert isinstance(answer, Answer)
    assert (answer.status, len(tenant.seen)) == (403, 1)


# Preflight


def people(**changes: dict[str, object]) -> Judge:
    """Three administrators of one organisation, changed as told by the local part of their email."""
    known = {TOKEN: "ana", SECOND: "bea", THIRD: "eva"}

    def judge(token: str, path: str) -> httpx.Response:
        name = known[token]
        person = {"id": name, "orgId": ORGANISATIONS[0], "emails": [f"{name}@site.example"], **changes.get(name, {})}
        refused = person.pop("refused", None)
        if refused is not None and (path == ME) is (refused == 401):
            return status(int(str(refused)))
        return ok(person if path == ME else {"items": []})

    return judge


def test_every_token_is_asked_whose_it_is_and_all_owners_are_told() -> None:
    tenant = Tokens(people())
    found = tenant.preflight()
    assert tenant.came() == {TOKEN: 2, SECOND: 2, THIRD: 2}
    assert found.owners == ("ana@site.example", "bea@site.example", "eva@site.example")
    assert (found.person_email, found.warnings) == ("ana@site.example", ())
    assert [lane.open for lane in tenant.client.pacer.lanes] == [True] * 3


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"bea": {"orgId": ORGANISATIONS[1]}},
            "token 1 of WEBEX_TOKENS (bea@site.example) belongs to another organisation",
        ),
        (
            {"eva": {"orgId": "unheard of"}},
            "token 2 of WEBEX_TOKENS (eva@site.example) belongs to another organisation",
        ),
        ({"eva": {"refused": 401}}, "token 2 of WEBEX_TOKENS is invalid, revoked or expired"),
        ({"bea": {"refused": 403}}, "token 1 of WEBEX_TOKENS (bea@site.example) is valid but may not do this"),
        ({"ana": {"refused": 401}}, "The token is invalid"),
    ],
)
def test_a_token_that_cannot_be_used_is_named_by_place_and_owner(
    changes: dict[str, dict[str, object]], told: str
) -> None:
    with pytest.raises(PreflightFailed) as caught:
        Tokens(people(**changes)).preflight()
    assert told in caught.value.cause
    assert "WEBEX_TOKEN" in caught.value.remedy or "full administrator" in caught.value.remedy
    assert not [token for token in (TOKEN, SECOND, THIRD) if token[:12] in str(caught.value)]


def test_a_survey_looks_at_the_tokens_after_a_bad_one_too() -> None:
    found = Tokens(people(bea={"refused": 401})).preflight(survey)
    assert [(check.name, check.passed) for check in found.checks[3:]] == [
        ("token 1 of WEBEX_TOKENS", False),
        ("token 2 of WEBEX_TOKENS", True),
    ]


def test_two_tokens_of_one_user_are_told_and_share_pace_and_bound_in_flight() -> None:
    tenant = Tokens(people(eva={"id": "ana", "emails": ["ana@site.example"]}))
    found = tenant.preflight()
    assert found.owners == ("ana@site.example", "bea@site.example")
    assert found.warnings == (
        "token 2 of WEBEX_TOKENS (ana@site.example) is of the same user as WEBEX_TOKEN: they share one rate limit",
    )
    assert [lane.open for lane in tenant.client.pacer.lanes] == [True, True, False]
    first, _, twin = tenant.client.credentials.all
    tenant.client.credentials.take_out(first, "gone")
    assert first.lane.open
    assert tenant.client.credentials.in_lane(first.lane) is twin


# Settings


def test_tokens_are_divided_by_commas_and_white_space() -> None:
    made = settings(webex_tokens=f" {SECOND},\n{THIRD} ,")
    assert [token.get_secret_value() for token in made.tokens] == [TOKEN, SECOND, THIRD]
    assert [token.get_secret_value() for token in settings().tokens] == [TOKEN]


def test_too_many_tokens_or_one_that_is_none_are_refused_without_being_shown() -> None:
    with pytest.raises(ValueError, match="at most 15") as caught:
        settings(webex_tokens=" ".join([SECOND] * (MOST_FURTHER_TOKENS + 1)))
    assert SECOND not in str(caught.value)
    with pytest.raises(ValueError, match="token 2 of WEBEX_TOKENS is not a bearer token") as caught:
        WebexClient(settings(webex_tokens=f"{SECOND},{THIRD}é"), VirtualClock())
    assert THIRD not in str(caught.value)
