"""Asks Webex two cheap questions before the first row, so that a wrong set-up costs two calls and not thousands.

`GET /people/me` says whose token it is and of which organisation, `GET /locations?max=1` whether it may read the
tenant. A failure says in plain words what is wrong and what to do about it.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webex_provision.config import Settings
from webex_provision.webex.connection_client import WebexClient
from webex_provision.webex.error_bodies import flatten
from webex_provision.webex.errors import CallFailed, HostRefused, PreflightFailed, UnusableAnswer
from webex_provision.wire import Answer, Endpoint

PEOPLE_ME = Endpoint("GET", "/people/me", "spark:people_read")
LOCATIONS = Endpoint("GET", "/locations", "spark-admin:locations_read")

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Check:
    """One passed or failed check; `detail` says what was found, `remedy` what to do if it failed."""

    name: str
    passed: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Preflight:
    """What the tenant said: organisation id and roles as the API encodes them, whose token it is, the checks."""

    org_id: str
    person_email: str
    display_name: str
    roles: tuple[str, ...]
    checks: tuple[Check, ...]


async def preflight(client: WebexClient, settings: Settings) -> Preflight:
    """Both checks and, where WEBEX_ORG_ID is set, the comparison with it.

    Raises PreflightFailed with cause and remedy; RateLimitedTooLong or RetryBudgetSpent pass through.
    """
    person = _object(PEOPLE_ME, await _ask(client, settings, PEOPLE_ME), "orgId", str)
    org_id = flatten(person["orgId"], 200)
    token_check = Check("token", passed=True, detail=f"{PEOPLE_ME} answered for {_email(person) or 'a bot'}")
    org_check = _check_organisation(org_id, settings)
    _object(LOCATIONS, await _ask(client, settings, LOCATIONS, {"max": 1}), "items", list)
    location_check = Check("locations", passed=True, detail=f"{LOCATIONS} answered")
    roles = person.get("roles")
    return Preflight(
        org_id=org_id,
        person_email=_email(person),
        display_name=flatten(str(person.get("displayName", "")), 200),
        roles=tuple(map(str, roles)) if isinstance(roles, list) else (),
        checks=(token_check, org_check, location_check),
    )


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


def organisation_uuid(org_id: str) -> str:
    """The bare UUID in an organisation id, lower case; "" if there is none.

    Webex shows it bare in Control Hub and as base64 of `ciscospark://us/ORGANIZATION/<uuid>` in the API, with or
    without padding.
    """
    text = org_id.strip()
    if not _UUID.fullmatch(text.rsplit("/", 1)[-1]):
        text = text.rstrip("=")
        try:
            text = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
        except (binascii.Error, ValueError):
            return ""
    head, _, last = text.rpartition("/")
    is_organisation = not head or head.upper().endswith("/ORGANIZATION")
    return last.lower() if is_organisation and _UUID.fullmatch(last) else ""


async def _ask(
    client: WebexClient, settings: Settings, endpoint: Endpoint, params: Mapping[str, str | int] | None = None
) -> Answer:
    """The 200 answer to a check; raises PreflightFailed for everything else."""
    where = settings.webex_base_url
    try:
        answer = await client.request(endpoint.at(params=params))
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
                "Check WEBEX_BASE_URL, DNS, firewall and HTTPS_PROXY, then run again.",
            ) from None
        raise PreflightFailed(
            f"Webex is not healthy: {error}.", "See status.webex.com, wait, then run again."
        ) from None
    if answer.status != 200:
        raise _refused(endpoint, answer, where)
    return answer


def _refused(endpoint: Endpoint, answer: Answer, where: str) -> PreflightFailed:
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
            f"The token is invalid, revoked or expired. {refused}",
            "Put a fresh token into WEBEX_TOKEN (a personal token lives 12 hours) and run again.",
        )
    if answer.status == 403:
        return PreflightFailed(
            f"The token is valid but may not do this. {refused}",
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
