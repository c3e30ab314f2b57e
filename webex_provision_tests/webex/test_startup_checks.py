"""Two cheap calls find a wrong set-up before the first row, and say what to do."""

import base64
from typing import Any

import httpx
import pytest

from webex_provision.webex.errors import PreflightFailed, RateLimitedTooLong
from webex_provision.webex.organisation import organisation_uuid
from webex_provision.webex.startup_checks import Preflight, preflight, token_alive
from webex_provision_tests.webex.tenant_double import TOKEN, Reply, Stage, ok, run, stage, status

UUID = "1eb65fdf-9643-417f-9974-ad72cae0e10f"
OTHER = "2eb65fdf-9643-417f-9974-ad72cae0e10f"
ENCODED = base64.b64encode(f"ciscospark://us/ORGANIZATION/{UUID}".encode()).decode().rstrip("=")
ME = ok({"orgId": ENCODED, "emails": ["admin@site.example"], "displayName": "Ad\nMin", "roles": ["r1"]})
LOCATIONS = ok({"items": []})


def check(*replies: Reply, **changes: Any) -> tuple[Preflight, Stage]:
    async def scenario() -> tuple[Preflight, Stage]:
        async with stage(*replies, **changes) as on:
            return await preflight(on.client, on.settings), on

    return run(scenario())


def test_a_good_set_up_costs_two_gets_and_says_whose_token_it_is() -> None:
    found, on = check(ME, LOCATIONS)
    assert on.script.paths == ["/people/me", "/locations?max=1"]
    assert {request.method for request in on.script.requests} == {"GET"}
    assert (found.org_id, found.person_email, found.display_name, found.roles) == (
        ENCODED,
        "admin@site.example",
        "Ad Min",
        ("r1",),
    )
    assert [(c.name, c.passed) for c in found.checks] == [
        ("token", True),
        ("organisation", True),
        ("locations", True),
    ]


@pytest.mark.parametrize(
    "expected", [UUID, UUID.upper(), ENCODED, ENCODED + "==", f"ciscospark://us/ORGANIZATION/{UUID}"]
)
def test_the_expected_organisation_may_be_written_in_any_encoding(expected: str) -> None:
    check(ME, LOCATIONS, environment="prod", webex_org_id=expected)


@pytest.mark.parametrize("environment", ["prod", "lab"])
@pytest.mark.parametrize("expected", [OTHER, "not an id", ENCODED[:-4]])
def test_a_token_of_another_organisation_is_refused_before_any_other_call(environment: str, expected: str) -> None:
    async def scenario() -> None:
        async with stage(ME, LOCATIONS, environment=environment, webex_org_id=expected) as on:
            with pytest.raises(PreflightFailed, match="WEBEX_ORG_ID"):
                await preflight(on.client, on.settings)
            assert on.script.paths == ["/people/me"]

    run(scenario())


@pytest.mark.parametrize(
    ("replies", "cause", "remedy"),
    [
        ([status(401, b'{"message":"expired","trackingId":"T9"}')], "T9", "WEBEX_TOKEN"),
        ([status(403)], "may not", "spark:people_read"),
        ([ME, status(403)], "may not", "spark-admin:locations_read"),
        ([status(404)], "no Webex API", "WEBEX_BASE_URL"),
        ([status(404, b"<html>", content_type="text/html")], "HTML", "proxy"),
        ([status(200, b"<html>log in</html>", content_type="text/html")], "not by the Webex API", "proxy"),
        ([status(302, location="https://login.example/")], "login.example", "WEBEX_BASE_URL"),
        ([httpx.ConnectError("Name or service not known")], "Name or service not known", "DNS"),
        ([status(503)], "not healthy", "status.webex.com"),
        ([ok({"id": "x"})], "without 'orgId'", "WEBEX_BASE_URL"),
        ([ok(["x"])], "without 'orgId'", "WEBEX_BASE_URL"),
        ([ME, ok({"people": []})], "without 'items'", "WEBEX_BASE_URL"),
        ([status(418, b'{"message":"teapot"}')], "teapot", "mend"),
    ],
)
def test_a_failure_names_its_cause_and_what_to_do(replies: list[Reply], cause: str, remedy: str) -> None:
    with pytest.raises(PreflightFailed) as caught:
        check(*replies)
    assert cause in caught.value.cause
    assert remedy in caught.value.remedy
    assert TOKEN not in str(caught.value)


def test_a_tenant_that_wants_a_long_wait_is_no_failed_preflight() -> None:
    with pytest.raises(RateLimitedTooLong):
        check(status(429, retry_after="3600"))


@pytest.mark.parametrize(
    ("reply", "alive"),
    [(status(401), False), (ME, True), (status(403), True), (status(500), True), (httpx.ReadError("x"), True)],
)
def test_only_a_second_401_declares_a_token_dead(reply: Reply, *, alive: bool) -> None:
    """A passing fault must not stop a run of 21,000 rows as if the token were gone."""

    async def scenario() -> bool:
        async with stage(reply) as on:
            return await token_alive(on.client)

    assert run(scenario()) is alive


@pytest.mark.parametrize(
    ("text", "uuid"),
    [
        ("", ""),
        ("Zm9v", ""),
        ("\xff", ""),
        (base64.b64encode(f"ciscospark://us/PEOPLE/{UUID}".encode()).decode(), ""),
        (f" {UUID} ", UUID),
    ],
)
def test_only_organisation_ids_are_taken_for_one(text: str, uuid: str) -> None:
    assert organisation_uuid(text) == uuid
