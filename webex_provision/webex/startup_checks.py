"""Asks Webex two cheap questions before the first row, so that a wrong set-up costs two calls and not thousands.

`GET /people/me` says whose token it is and of which organisation, `GET /locations?max=1` whether it may read the
tenant. The same two are asked with each of WEBEX_TOKENS, whose owner must be of the same organisation. A failure says
in plain words what is wrong and what to do about it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webex_provision.config import Settings
from webex_provision.webex.connection_client import WebexClient
from webex_provision.webex.credentials import PEOPLE_ME, Credential
from webex_provision.webex.error_bodies import flatten
from webex_provision.webex.errors import CallFailed, HostRefused, PreflightFailed, UnusableAnswer
from webex_provision.webex.organisation import organisation_uuid
from webex_provision.wire import Answer, Endpoint

LOCATIONS = Endpoint("GET", "/locations", "spark-admin:locations_read")
_TAKE_OUT = (
    "Put a fresh token of a full administrator of this organisation into its place in WEBEX_TOKENS, or take it out."
)


@dataclass(frozen=True, slots=True)
class Check:
    """One passed or failed check; `detail` says what was found, `remedy` what to do if it failed."""

    name: str
    passed: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Preflight:
    """What the tenant said: organisation id and roles as the API encodes them, whose token it is, the checks.

    Name, email and roles are of the owner of WEBEX_TOKEN; `owners` are the emails of all tokens' users.
    """

    org_id: str
    person_email: str
    owners: tuple[str, ...]
    display_name: str
    roles: tuple[str, ...]
    checks: tuple[Check, ...]
    warnings: tuple[str, ...] = ()


async def preflight(client: WebexClient, settings: Settings) -> Preflight:
    """All checks of every token and, where WEBEX_ORG_ID is set, the comparison with it.

    Raises PreflightFailed with cause and remedy; RateLimitedTooLong or RetryBudgetSpent pass through.
    """
    found = await survey(client, settings)
    for check in found.checks:
        if not check.passed:
            raise PreflightFailed(check.detail, check.remedy)
    return found


async def survey(client: WebexClient, settings: Settings) -> Preflight:
    """As `preflight`, but a further token that can't be used is a failed check; the others are still looked at."""
    first = client.credentials.first
    person = await _owner(client, settings, first)
    org_id = flatten(person["orgId"], 200)
    token_check = Check("token", passed=True, detail=f"{PEOPLE_ME} answered for {first.owner or 'a bot'}")
    org_check = _check_organisation(org_id, settings)
    await _ask_locations(client, settings, first)
    location_check = Check("locations", passed=True, detail=f"{LOCATIONS} answered")
    further = [await _further(client, settings, credential, org_id) for credential in client.credentials.all[1:]]
    return Preflight(
        org_id=org_id,
        person_email=first.owner,
        owners=tuple(dict.fromkeys(credential.owner for credential in client.credentials.all if credential.owner)),
        display_name=flatten(str(person.get("displayName", "")), 200),
        roles=tuple(map(str, roles)) if isinstance(roles := person.get("roles"), list) else (),
        checks=(token_check, org_check, location_check, *(check for check, _ in further)),
        warnings=tuple(warning for _, warning in further if warning),
    )


async def _further(client: WebexClient, settings: Settings, credential: Credential, org_id: str) -> tuple[Check, str]:
    """The check of one of WEBEX_TOKENS, and a warning about it ("" if there is none)."""
    try:
        person = await _owner(client, settings, credential)
        _check_same_organisation(credential, flatten(person["orgId"], 200), org_id)
        await _ask_locations(client, settings, credential)
    except PreflightFailed as error:
        return Check(credential.name, passed=False, detail=error.cause, remedy=error.remedy), ""
    twin = client.credentials.twin_of(credential)
    told = f"of {credential.owner or 'a bot'}, same organisation"
    if twin is None:
        return Check(credential.name, passed=True, detail=told), ""
    shared = f"the same user as {twin.name}: they share one rate limit"
    return Check(credential.name, passed=True, detail=f"{told}; {shared}"), f"{credential} is of {shared}"


async def token_alive(client: WebexClient) -> bool:
    """Whether the token is still accepted: one GET that confirms, or not, a 401 seen in mid-run.

    False only for a second 401. Anything else that is not a 200 (a 5xx, no answer) proves nothing against the
    token and counts as alive: such trouble is the breaker's business. A run that must stop still stops.
    """
    try:
        answer = await client.request(PEOPLE_ME.at())
    except CallFailed:
        return True
    return answer.status != 401


def _check_same_organisation(credential: Credential, found: str, expected: str) -> None:
    if (organisation_uuid(found) or found) != (organisation_uuid(expected) or expected):
        raise PreflightFailed(f"{credential} belongs to another organisation than WEBEX_TOKEN.", _TAKE_OUT)


async def _owner(client: WebexClient, settings: Settings, credential: Credential) -> dict[str, Any]:
    """The person whose token it is, noted in `credentials`; `orgId` is there."""
    person = _object(PEOPLE_ME, await _ask(client, settings, credential, PEOPLE_ME), "orgId", str)
    client.credentials.learn_owner(credential, owner=_email(person), user_id=str(person.get("id", "")))
    return person


async def _ask_locations(client: WebexClient, settings: Settings, credential: Credential) -> None:
    _object(LOCATIONS, await _ask(client, settings, credential, LOCATIONS, {"max": 1}), "items", list)


async def _ask(
    client: WebexClient,
    settings: Settings,
    credential: Credential,
    endpoint: Endpoint,
    params: Mapping[str, str | int] | None = None,
) -> Answer:
    """The 200 answer to a check; raises PreflightFailed for everything else."""
    where = settings.webex_base_url
    try:
        answer = await client.request(endpoint.at(params=params), credential=credential)
    except UnusableAnswer as error:
        raise PreflightFailed(
            f"{endpoint} was answered, but not by the Webex API ({error.cause}).",
            f"Check WEBEX_BASE_URL ({where}) and whether a proxy or login page stands in between.",
        ) from None
    except HostRefused as error:
        raise PreflightFailed(f"{error}.", "Mend WEBEX_BASE_URL.") from None
    except CallFailed as error:
        if error.status is None:
            raise PreflightFailed(
                f"{where} cannot be reached ({error.cause}).",
                "Check WEBEX_BASE_URL, DNS, firewall, HTTPS_PROXY and, for certificates, SSL_CERT_FILE.",
            ) from None
        raise PreflightFailed(
            f"Webex is not healthy: {error}.", "See status.webex.com, wait, then run again."
        ) from None
    if answer.status != 200:
        raise _refused(credential, endpoint, answer, where)
    return answer


def _refused(credential: Credential, endpoint: Endpoint, answer: Answer, where: str) -> PreflightFailed:
    whose = str(credential) if credential.further else "The token"
    said = f": {answer.error.message}" if answer.error.message else ""
    trace = f" (tracking id {answer.tracking_id})" if answer.tracking_id else ""
    refused = f"{endpoint} was refused with HTTP {answer.status}{said}{trace}."
    if answer.status != 401 and "html" in answer.headers.get("content-type", ""):
        return PreflightFailed(
            f"{refused} It is an HTML page, not an answer of the API.",
            f"Check WEBEX_BASE_URL ({where}) and whether a proxy or login page stands in between.",
        )
    if answer.status == 401:
        return PreflightFailed(
            f"{whose} is invalid, revoked or expired. {refused}",
            _TAKE_OUT
            if credential.further
            else "Put a fresh token into WEBEX_TOKEN (a personal token lives 12 hours) and run again.",
        )
    if answer.status == 403:
        return PreflightFailed(
            f"{whose} is valid but may not do this. {refused}",
            f"Give it the scope {endpoint.scope} and its owner the role of a full administrator.",
        )
    if answer.status in {404, 405}:
        return PreflightFailed(
            f"There is no Webex API at {where}. {refused}",
            "Mend WEBEX_BASE_URL, usually https://webexapis.com/v1.",
        )
    return PreflightFailed(refused, "Read Webex's message, mend its cause, then run again.")


def _object(endpoint: Endpoint, answer: Answer, key: str, kind: type) -> dict[str, Any]:
    if not isinstance(answer.json, dict) or not isinstance(answer.json.get(key), kind):
        raise PreflightFailed(
            f"{endpoint} answered 200 without {key!r}: this is not the Webex API.",
            "Check WEBEX_BASE_URL and whether a proxy stands in between.",
        )
    return answer.json


def _check_organisation(org_id: str, settings: Settings) -> Check:
    found = organisation_uuid(org_id)
    if not settings.webex_org_id:
        return Check("organisation", passed=True, detail=f"organisation {found or org_id}; WEBEX_ORG_ID is not set")
    expected = organisation_uuid(settings.webex_org_id)
    if not expected:
        raise PreflightFailed(
            "WEBEX_ORG_ID is not an organisation id.",
            "Copy the organisation id from Control Hub (Management > Account), a UUID.",
        )
    if expected != found:
        raise PreflightFailed(
            f"The token belongs to organisation {found or org_id}, but WEBEX_ORG_ID names {expected}.",
            f"Use a token of that organisation, or mend WEBEX_ORG_ID (ENVIRONMENT={settings.environment}).",
        )
    return Check("organisation", passed=True, detail=f"organisation {found}, as WEBEX_ORG_ID says")


def _email(person: Mapping[str, Any]) -> str:
    emails = person.get("emails")
    return flatten(str(emails[0]), 320) if isinstance(emails, list) and emails else ""
