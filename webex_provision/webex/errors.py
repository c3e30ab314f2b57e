"""What can go wrong between this program and Webex, one class for each thing to do about it.

The tree:

* WebexError
  x CallFailed                no final answer to one call; the call breaker counts these
    + RetriesExhausted        every allowed send failed; the request may be repeated later
    + AnswerLost              a send that must not be repeated blindly has an unknown outcome: look up first
    + UnusableAnswer          a success whose body is not what it should be (not JSON, too large)
  x ListFailed                one page of a list is missing, so that the list must not be used at all
  x PageLimitReached          a list did not end within MAX_PAGES
  x RunMustStop               nothing more may be sent; end the run cleanly and resume later
    + RateLimitedTooLong      Webex asks for a longer wait than MAX_RETRY_AFTER_SECONDS
    + RetryBudgetSpent        all calls together have used up RUN_RETRY_BUDGET
    + HostRefused             an answer points to another host; the token does not go there
    + PreflightFailed         the checks before the first row did not pass

An HTTP status such as 403 or 404 is not an error here: it is an `Answer`, and the engine judges it.
"""

from webex_provision.wire import Answer


class WebexError(Exception):
    """The root: everything that this room raises on purpose."""


class CallFailed(WebexError):
    """One call ended without a final answer.

    `request` is method and path, `status` the last HTTP status if there was one, `cause` one line in plain words,
    `tracking_id` Webex's id of the last answer ("" if none), `sends` how often the request was sent.
    """

    verdict = "no final answer"

    def __init__(
        self, request: str, *, cause: str, status: int | None = None, tracking_id: str = "", sends: int = 0
    ) -> None:
        self.request, self.status, self.cause = request, status, cause
        self.tracking_id, self.sends = tracking_id, sends
        times = "1 send" if sends == 1 else f"{sends} sends"
        trace = f" (tracking id {tracking_id})" if tracking_id else ""
        super().__init__(f"{request}: {self.verdict} after {times}: {cause}{trace}")


class RetriesExhausted(CallFailed):
    """Every allowed send failed.

    For a request that is not repeatable this says more: no send of it can have been applied (it never left, or
    the service refused it with 429 or 423).
    """

    verdict = "retries exhausted"


class AnswerLost(CallFailed):
    """The request may have been applied, its answer is unknown. Never send it again without a look-up."""

    verdict = "the answer was lost, the outcome is unknown"


class UnusableAnswer(CallFailed):
    """A success status came with a body that proves nothing: not JSON, or larger than MAX_RESPONSE_BYTES."""

    verdict = "the answer cannot be used"


class ListFailed(WebexError):
    """A page of a list was refused or is not a list; `answer` is that page's answer."""

    def __init__(self, request: str, answer: Answer, reason: str) -> None:
        self.request, self.answer, self.reason = request, answer, reason
        trace = f" (tracking id {answer.tracking_id})" if answer.tracking_id else ""
        super().__init__(f"{request}: the list is incomplete: {reason}{trace}")


class PageLimitReached(WebexError):
    """A list had more pages than MAX_PAGES allows."""

    def __init__(self, request: str, pages: int) -> None:
        self.request, self.pages = request, pages
        super().__init__(f"{request}: the list did not end within {pages} pages (MAX_PAGES)")


class RunMustStop(WebexError):
    """Nothing more may be sent in this run: write the checkpoint, end, resume later."""


class RateLimitedTooLong(RunMustStop):
    """Webex asks for a wait of `seconds`, longer than MAX_RETRY_AFTER_SECONDS."""

    def __init__(self, family: str, seconds: float) -> None:
        self.family, self.seconds = family, seconds
        super().__init__(
            f"Webex asks to wait {seconds:.0f} s before the next {family} call, longer than "
            f"MAX_RETRY_AFTER_SECONDS allows: resume after that time"
        )


class RetryBudgetSpent(RunMustStop):
    """The run has made as many retries as RUN_RETRY_BUDGET allows."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        super().__init__(
            f"all {budget} retries of this run are used up (RUN_RETRY_BUDGET): find out why Webex fails so often, "
            f"then resume"
        )


class HostRefused(RunMustStop):
    """An answer sent us to another address than WEBEX_BASE_URL; the token is not sent there."""


class PreflightFailed(RunMustStop):
    """A check before the first row failed: `cause` in plain words, `remedy` what the operator does about it."""

    def __init__(self, cause: str, remedy: str) -> None:
        self.cause, self.remedy = cause, remedy
        super().__init__(f"{cause} {remedy}")
