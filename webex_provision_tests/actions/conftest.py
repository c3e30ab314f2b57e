"""The stage for types: whatever a test makes them say, `explain` must have told before."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

import pytest

from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.explanation import ANY_CALL, explain
from webex_provision.vocabulary import Reason
from webex_provision_tests.stage import Stage, whole_stage

__all__ = ["stage", "whole_stage"]
_ENGINE = {Reason.RETRY_EXHAUSTED, Reason.INVALID_RESPONSE_SCHEMA, Reason.UNHANDLED_EXCEPTION}  # of any step
_HALF = re.compile(r"^after .+? failed with (\w+): ")


@cache
def _told(name: str) -> frozenset[tuple[str, str]]:
    reasons = explain(entity_types_by_name()[name])["reasons"]
    return frozenset((one["reason"], case["step"]) for one in reasons for case in one["when"])


def _is_told(record: Mapping[str, str]) -> bool:
    """By its step; a refusal by Webex or a fault of the engine also by what may come out of any call or step."""
    half = _HALF.match(record["reason_message"])
    reason, message = record["reason_code"], record["reason_message"]
    if half is not None:
        reason, message = half.group(1), message.removeprefix(half.group(0))
    told = {step for told, step in _told(record["entity_type"]) if told == reason}
    if record["step"] in told:
        return True
    if message.startswith("Webex answered"):
        return ANY_CALL in told
    return reason in _ENGINE


@pytest.fixture
def stage(whole_stage: Stage) -> Iterator[Stage]:
    """An empty tenant; after the test, every reason that came out is held against the type's declaration."""
    whole_stage.clear()
    yield whole_stage
    for play in whole_stage.plays:
        for record in play.pending if (play.folder / "pending_rows.csv").exists() else ():
            assert _is_told(record), f"explain does not tell of this; see Check.reasons: {record}"


@pytest.fixture
def site(stage: Stage) -> Stage:
    """Two locations; a module whose rows need more has a `site` of its own."""
    stage.location("HQ")
    stage.location("Sevilla")
    return stage
