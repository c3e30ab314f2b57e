"""What an answer means: success with its minimal fields, or one reason. Decided on status and codes."""

from collections.abc import Iterable
from typing import Any

from webex_provision.actions.declaration import Expect, Failure, FailureRule, RowContext
from webex_provision.actions.failures import COMMON_FAILURES
from webex_provision.vocabulary import ErrorClass, Reason
from webex_provision.webex.errors import AnswerLost, CallFailed, ListFailed, PageLimitReached, UnusableAnswer
from webex_provision.wire import Answer

# A call that ended without a usable answer, whatever was asked.
NO_ANSWER = (CallFailed, ListFailed, PageLimitReached)

_NO_CONTENT = 204
_EXTERNAL = frozenset({Reason.RETRY_EXHAUSTED})
_BREAKER_REASONS = frozenset({Reason.NON_RETRYABLE_EXTERNAL, Reason.AUTH_INVALID, Reason.PERMISSION_DENIED})


def matches(rule: FailureRule, answer: Answer) -> bool:
    """Whether a rule speaks about this answer: all that it names must be there."""
    if rule.status is not None and rule.status != answer.status:
        return False
    if rule.codes and not set(rule.codes) & set(answer.error.codes):
        return False
    return not rule.text or rule.text.casefold() in answer.error.message.casefold()


def failure_of(answer: Answer, rules: Iterable[FailureRule] = ()) -> Failure:
    """The one reason behind a refusal: the step's own rules first, then the common table, then the default."""
    for rule in (*rules, *COMMON_FAILURES):
        if matches(rule, answer):
            return _failure(rule.reason, answer, rule.advice)
    return _failure(Reason.NON_RETRYABLE_EXTERNAL, answer, "")


def _failure(reason: Reason, answer: Answer, advice: str) -> Failure:
    codes = f" {','.join(answer.error.codes)}" if answer.error.codes else ""
    said = f": {answer.error.message}" if answer.error.message else ""
    told = f"; {advice}" if advice else ""
    trace = f" (tracking id {answer.tracking_id})" if answer.tracking_id else ""
    message = f"Webex answered {answer.status}{codes}{said}{told}{trace}"
    return Failure(reason, message, answer.status, answer.tracking_id)


def objection(expect: Expect, ctx: RowContext, answer: Answer) -> Failure | None:
    """What is missing from a 2xx answer before it counts as success; None when it counts."""
    if answer.status not in expect.statuses:
        wanted = " or ".join(str(status) for status in expect.statuses)
        return _unproven(answer, f"expected {wanted}")
    absent = [name for name in expect.fields if not _present(answer.json, name)] if answer.status != _NO_CONTENT else []
    if absent:
        return _unproven(answer, f"without {', '.join(absent)}")
    return expect.proof(ctx, answer) if expect.proof else None


def _present(body: Any, name: str) -> bool:
    return isinstance(body, dict) and body.get(name) not in (None, "")


def _unproven(answer: Answer, why: str) -> Failure:
    trace = f" (tracking id {answer.tracking_id})" if answer.tracking_id else ""
    message = f"Webex answered {answer.status}, {why}{trace}"
    return Failure(Reason.INVALID_RESPONSE_SCHEMA, message, answer.status, answer.tracking_id)


def failure_of_call(error: CallFailed | ListFailed | PageLimitReached, rules: Iterable[FailureRule] = ()) -> Failure:
    """The reason behind a call that ended without a usable answer; `rules` speak about a refused list."""
    if isinstance(error, ListFailed):
        if error.answer.ok:
            return Failure(Reason.INVALID_RESPONSE_SCHEMA, str(error), error.answer.status, error.answer.tracking_id)
        return failure_of(error.answer, rules)
    if isinstance(error, PageLimitReached):
        return Failure(Reason.RETRY_EXHAUSTED, str(error))
    unusable = isinstance(error, UnusableAnswer) and not isinstance(error, AnswerLost)
    reason = Reason.INVALID_RESPONSE_SCHEMA if unusable else Reason.RETRY_EXHAUSTED
    return Failure(reason, str(error), error.status, error.tracking_id)


def error_class(reason: Reason) -> ErrorClass:
    """How the engine classes a reason; see the log field of the same name."""
    if reason is Reason.UNHANDLED_EXCEPTION:
        return ErrorClass.ASSERTION_FAILURE
    return ErrorClass.RETRYABLE_EXTERNAL if reason in _EXTERNAL else ErrorClass.NON_RETRYABLE_EXTERNAL


def counts_for_breaker(reason: Reason | None) -> bool:
    """Whether a row that failed for this underlying reason speaks for a broken batch."""
    return reason in _BREAKER_REASONS
