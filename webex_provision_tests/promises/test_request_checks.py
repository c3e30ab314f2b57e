"""The checks of requests see each broken promise: a sound log is damaged in one place, and the damage is named."""

from collections.abc import Callable
from typing import Any

import pytest

from webex_provision_tests import request_checks as checks
from webex_provision_tests.broken_promise import BrokenPromise

Log = list[dict[str, Any]]
LAG = 10.0
DEFAULTS: dict[str, Any] = {
    "launch": 1,
    "attempt": 1,
    "row": "1",
    "type": "workspace",
    "query": {},
    "body": None,
    "status": 200,
    "answered": True,
    "garbled": False,
    "applied": False,
    "created": None,
    "fault": None,
    "retry_after": None,
}


def sent(at: float, method: str, path: str, **changes: Any) -> dict[str, Any]:
    """A request, sent and answered at the same moment."""
    times = {"at": at, "sent_at": at, "ended_at": at}
    return DEFAULTS | {"seq": int(at * 1_000), "method": method, "path": f"/v1{path}"} | times | changes


def commit(status: str, at: str = "1970-01-01T00:01:00.000Z", **changes: str) -> dict[str, str]:
    record = {"row_id": "1", "attempt": "1", "entity_type": "workspace", "reason_code": "", "message": ""}
    return record | {"status": status, "timestamp": at} | changes


LOST = sent(1, "POST", "/groups", body={"displayName": "A"}, status=None, answered=False)
UNIQUE = sent(1, "POST", "/locations", body={"name": "A"}, status=500)
PUT = sent(1, "PUT", "/workspaces/w", applied=True, status=204)


@pytest.mark.parametrize(
    ("check", "named"),
    [
        (
            lambda: checks.check_resends([LOST, sent(12, "GET", "/groups"), LOST | {"seq": 13_000, "at": 13}], LAG),
            "in the same attempt after request 1000 was lost",
        ),
        (
            lambda: checks.check_resends([UNIQUE, sent(5, "GET", "/locations"), UNIQUE | {"seq": 6_000}], LAG),
            "without a look-up 10 s after request 1000",
        ),
        (
            lambda: checks.check_given_up(
                [LOST, sent(2, "GET", "/groups")],
                [commit("pending", reason_code="retry_exhausted", message="it is unknown whether it was applied")],
                LAG,
            ),
            "without a look-up 10 s after it",
        ),
        (lambda: checks.check_proof([PUT | {"garbled": True}], [commit("success")], {}), "proved nothing"),
        (lambda: checks.check_proof([], [commit("success")], {"1": {("PUT", "/workspaces/w")}}), "a success without"),
        (
            lambda: checks.check_lists(
                [sent(1, "POST", "/x", type="hunt_group", body={"agents": [{}]})], {"1": {"hunt_agents": "a@b|c@d"}}
            ),
            "carries 1 agents, row 1 names 2",
        ),
        (lambda: checks.check_bounds([PUT | {"status": 500}] * (checks.MOST_SENDS + 1)), "never answered"),
        (lambda: checks.check_bounds([PUT] * (checks.MOST_REQUESTS_OF_A_ROW + 1)), "has sent more than"),
        (
            lambda: checks.check_waits(
                [sent(1, "GET", "/groups", status=429, retry_after="3"), sent(2, "GET", "/groups")]
            ),
            "before the Retry-After of request 1000 was over",
        ),
        (lambda: checks.check_secret([PUT | {"query": {"q": "secret"}}], "secret"), "carries the token"),
        (
            lambda: checks.check_ranks([sent(1, "GET", "/a", type="devices"), sent(2, "GET", "/b", type="groups")]),
            "is a groups's, after request 1000",
        ),
        (
            lambda: checks.check_apart([PUT, PUT | {"row": "2", "seq": 1_500}, PUT | {"seq": 2_000}]),
            "at the same time in launch 1",
        ),
        (
            lambda: checks.check_nothing_created([LOST | {"applied": True, "created": "x"}]),
            "although the same CSV had been rolled out",
        ),
        (lambda: checks.check_history([(2, commit("success"))], []), "has lost or changed records"),
    ],
)
def test_a_broken_promise_is_named(check: Callable[[], None], named: str) -> None:
    with pytest.raises(BrokenPromise, match=named):
        check()


def test_a_sound_log_passes() -> None:
    """A lost create that is unique, looked for past the lag, and sent again; a write that is answered."""
    again = UNIQUE | {"seq": 13_000, "at": 13.0, "status": 201, "applied": True, "created": "l"}
    log: Log = [UNIQUE, sent(12, "GET", "/locations"), again, PUT | {"seq": 14_000, "at": 14.0}]
    checks.check_resends(log, LAG)
    checks.check_proof(log, [commit("success")], checks.footprint(log))
    checks.check_bounds(log)
    checks.check_waits(log)
    checks.check_apart(log)
