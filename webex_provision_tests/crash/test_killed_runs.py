"""A process killed at any moment loses nothing and doubles nothing: the next launch goes on, and it ends as if
nobody had ever killed it."""

import random
from collections.abc import Sequence
from typing import Any

import pytest

from webex_provision_tests.crash.harness import Crashes, When, at_held, at_write
from webex_provision_tests.crash.kill_points import POINTS
from webex_provision_tests.crash.site_rows import site_rows

pytestmark = pytest.mark.crash


def _ends_like(crashes: Crashes, undisturbed: dict[str, Any]) -> None:
    """The rest of the life of the site: the run ends, the directory synchronises, the pending rows are retried."""
    crashes.nothing_fails()
    crashes.finish()
    crashes.check()
    crashes.synchronise()
    assert crashes.launch("retry")
    crashes.check()
    assert crashes.state == "COMPLETED"
    assert crashes.tenant_state == undisturbed


def test_the_rows_cover_what_a_crash_can_hurt() -> None:
    types = [row["entity_type"] for row in site_rows()]
    assert len(types) >= 60
    assert set(types) >= {"location", "user", "user_numbers", "workspace", "extension_assignment", "hunt_group"}


def _between_carried_out_and_answered() -> list[When]:
    return [
        at_write(1, "POST", "/v1/locations"),
        at_write(1, "POST", "/telephony/config/locations"),
        *(at_write(number) for number in (2, 7, 4, 9)),
        at_write(2, "PUT", "/numbers"),
        *(at_write(1, "POST", "/workspaces") for _ in range(3)),
        at_write(5, "POST", "/workspaces"),
        at_write(1, "POST", "/huntGroups"),
        at_write(1, "POST", "/huntGroups"),
    ]


def test_killed_after_the_tenant_has_carried_out_and_before_it_answers(
    crashes: Crashes, undisturbed: dict[str, Any]
) -> None:
    _killed_each_time(crashes, _between_carried_out_and_answered())
    _ends_like(crashes, undisturbed)


def _killed_each_time(crashes: Crashes, moments: Sequence[When]) -> None:
    for number, moment in enumerate(moments):
        assert not crashes.launch(when=moment), f"launch {number} ended before the moment of its kill"


HELD = (
    ("POST", "^/locations$"),
    ("POST", "^/telephony/config/locations$"),
    ("PATCH", "^/licenses/users$"),
    ("PUT", "^/telephony/config/people/.*/numbers$"),
    ("POST", "^/workspaces$"),
    ("POST", "/huntGroups$"),
)


def test_killed_before_the_tenant_carries_out(crashes: Crashes, undisturbed: dict[str, Any]) -> None:
    for method, path in HELD:
        crashes.hold(method, path)
        assert not crashes.launch(when=at_held), f"no {method} {path} was sent"
    crashes.nothing_fails()
    crashes.finish()
    # Webex might not refuse a second workspace: one whose POST left no trace is for the operator to decide.
    waiting = {row_id for row_id, (_, reason) in crashes.last_states().items() if reason == "retry_exhausted"}
    assert {site_rows()[int(row_id) - 1]["entity_type"] for row_id in waiting} == {"workspace"}
    _ends_like(crashes, undisturbed)


def test_killed_at_random_moments(crashes: Crashes, undisturbed: dict[str, Any]) -> None:
    chance = random.Random(20_261)  # noqa: S311
    for _ in range(8):
        crashes.launch(after=chance.uniform(0.01, 0.35))
    _ends_like(crashes, undisturbed)


def test_killed_inside_the_ledger(crashes: Crashes, undisturbed: dict[str, Any]) -> None:
    inside = [
        "before the ready rows stand:1",
        "before the manifest is replaced:1",
        "after the manifest is replaced:2",
        "intent written, not durable:1",
        "intent durable, request not sent:2",
        "before a result is written:3",
        "pending line written, result not:1",
        "pending line written, result not:2",
        "result written, checkpoint not:9",
        "intent durable, request not sent:6",
        "result written, checkpoint not:2",
        "before the results are durable:1",
        "before the checkpoint is replaced:1",
        "after the checkpoint is replaced:2",
        "before the view of errors stands:1",
        "before the summary stands:1",
    ]
    assert {point.rpartition(":")[0] for point in inside} == set(POINTS)
    for point in inside:
        assert not crashes.launch(point=point), f"the process never came to: {point}"
    _ends_like(crashes, undisturbed)
