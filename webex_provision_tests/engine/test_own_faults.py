"""A fault of this program costs the row that met it, never the run."""

import logging
from dataclasses import replace

import pytest

from webex_provision.actions import actions_registry
from webex_provision.actions.declaration import EntityType, RowContext, Write
from webex_provision.actions.users import USER_CALLING_SETTINGS
from webex_provision.engine import batch_iterator
from webex_provision.vocabulary import RunState
from webex_provision.wire import ApiRequest
from webex_provision_tests.rehearsal import user, workspace
from webex_provision_tests.stage import Stage

ROWS = (user("ana", "2101"), user("luis", "2102"), workspace("Sala Goya", "2301"))


@pytest.fixture
def site(stage: Stage) -> Stage:
    stage.location("HQ")
    stage.people("ana", "luis")
    return stage


def broken_for_ana(ctx: RowContext) -> None:
    if ctx.row.entity_key == "ana@example.com":
        raise ZeroDivisionError("a mistake of ours")


def declared(monkeypatch: pytest.MonkeyPatch, changed: EntityType) -> None:
    """The engine meets `changed` instead of user_calling_settings."""
    known = {**actions_registry.entity_types_by_name(), "user": changed, "user_calling_settings": changed}
    monkeypatch.setattr(batch_iterator, "entity_types_by_name", lambda: known)


def breaking(step: Write) -> Write:
    def request(ctx: RowContext) -> ApiRequest | None:
        broken_for_ana(ctx)
        return step.request(ctx)

    return replace(step, request=request)


def test_a_builder_that_raises_makes_its_row_pending_and_a_critical_line(
    site: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    steps = tuple(
        breaking(step) if isinstance(step, Write) and step.name == "user_enable_calling" else step
        for step in USER_CALLING_SETTINGS.steps
    )
    declared(monkeypatch, replace(USER_CALLING_SETTINGS, steps=steps))
    play = site.play(*ROWS)
    assert play.state is RunState.COMPLETED_WITH_PENDING
    assert play.outcomes == {
        "ana@example.com": "unhandled_exception",
        "luis@example.com": "success",
        "Sala Goya": "success",
    }
    why = play.why("ana@example.com")
    assert why["step"] == "user_enable_calling"
    assert why["reason_message"] == "ZeroDivisionError in step user_enable_calling: a mistake of ours"
    (line,) = [record for record in caplog.records if record.message == "invariant_failed"]
    assert line.levelno == logging.CRITICAL
    monkeypatch.undo()
    assert play.retry() is RunState.COMPLETED


def test_a_row_whose_touched_entities_cannot_be_told_is_not_run(site: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def touches(ctx: RowContext) -> list[str]:
        broken_for_ana(ctx)
        return list(USER_CALLING_SETTINGS.touches(ctx))

    declared(monkeypatch, replace(USER_CALLING_SETTINGS, touches=touches))
    play = site.play(*ROWS)
    assert play.outcomes["ana@example.com"] == "unhandled_exception"
    assert play.outcomes["luis@example.com"] == "success"
    assert len(play.calls("PATCH")) == 1


def test_each_failed_row_is_logged_once_with_what_an_operator_needs(
    site: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    site.faults({"method": "PATCH", "effect": "status", "status": 400, "error_code": 4202})
    site.play(*ROWS)
    lines = [vars(record) for record in caplog.records if record.message == "row_pending"]
    assert len(lines) == 2
    for line in lines:
        assert line["entity_key"].endswith("@example.com")
        assert (line["step"], line["reason_code"]) == ("user_enable_calling", "non_retryable_external")
        assert (line["http_status"], line["error_class"]) == (400, "NON_RETRYABLE_EXTERNAL")
        assert line["tracking_id"].startswith("SANDBOX_")
