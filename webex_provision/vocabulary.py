"""The closed lists of words that ledgers, logs, documents and exit codes share.

Nothing here computes. A word that is not in these lists does not appear in an output.
"""

from enum import IntEnum, StrEnum


class Phase(IntEnum):
    """The three fixed phases, in the order in which they run."""

    ROUTING = 1
    USERS = 2
    SERVICES = 3


class RowStatus(StrEnum):
    """The terminal state of a row; every input row ends as exactly one."""

    REJECTED = "rejected"
    PENDING = "pending"
    SUCCESS = "success"


class Reason(StrEnum):
    """Why a row is rejected or pending. `remedy` says in one line what the operator does about it."""

    INVALID_INPUT_SCHEMA = "invalid_input_schema"
    DUPLICATE_KEY = "duplicate_key"
    OUT_OF_SCOPE = "out_of_scope"
    NON_RETRYABLE_EXTERNAL = "non_retryable_external"
    PERMISSION_DENIED = "permission_denied"
    AUTH_INVALID = "auth_invalid"
    RETRY_EXHAUSTED = "retry_exhausted"
    INVALID_RESPONSE_SCHEMA = "invalid_response_schema"
    HALF_APPLIED = "half_applied"
    UNHANDLED_EXCEPTION = "unhandled_exception"
    USER_NOT_FOUND = "user_not_found"
    PRECONDITION_MISSING = "precondition_missing"
    WORKSPACE_NOT_FOUND = "workspace_not_found"
    RESOURCE_DEPENDENCY_MISSING = "resource_dependency_missing"
    NUMBER_INVENTORY_MISSING = "number_inventory_missing"
    LICENSE_OR_FEATURE_MISSING = "license_or_feature_missing"
    INVALID_DIAL_PLAN_COLLISION = "invalid_dial_plan_collision"

    @property
    def remedy(self) -> str:
        """One line for the operator: what to do so that the row can succeed."""
        return _REMEDIES[self]

    @property
    def may_be_retried(self) -> bool:
        """Whether a retry can mend it; else the CSV must change, or a person must do it elsewhere."""
        return self not in {Reason.OUT_OF_SCOPE, Reason.INVALID_INPUT_SCHEMA, Reason.DUPLICATE_KEY}


_REMEDIES: dict[Reason, str] = {
    Reason.INVALID_INPUT_SCHEMA: "Mend the cell that the message names and run the mended CSV.",
    Reason.DUPLICATE_KEY: "Keep one of the rows that the message names, or give each its own key or number.",
    Reason.OUT_OF_SCOPE: "No supported API does this: do it in Control Hub, or empty the cell and run again.",
    Reason.NON_RETRYABLE_EXTERNAL: "Webex refused: read its message, mend the CSV or the tenant, then retry.",
    Reason.PERMISSION_DENIED: "Give the token's administrator the missing role or scope, then retry.",
    Reason.AUTH_INVALID: "Put a fresh token into WEBEX_TOKEN, then resume.",
    Reason.RETRY_EXHAUSTED: "Webex did not answer in time: wait until the service is healthy, then retry.",
    Reason.INVALID_RESPONSE_SCHEMA: "The answer proved nothing: check the object in Control Hub, then retry.",
    Reason.HALF_APPLIED: "Part of the row is in the tenant: mend the cause in the message, then retry.",
    Reason.UNHANDLED_EXCEPTION: "A fault of this program: keep the log, report it, then retry the row.",
    Reason.USER_NOT_FOUND: "Wait for the directory to sync the user (or mend the email), then retry.",
    Reason.PRECONDITION_MISSING: "Provide what the message names (location, licence, variable, file), then retry.",
    Reason.WORKSPACE_NOT_FOUND: "Create the workspace (a workspace row) or mend its name, then retry.",
    Reason.RESOURCE_DEPENDENCY_MISSING: "Create the object that the row refers to (or mend the name), then retry.",
    Reason.NUMBER_INVENTORY_MISSING: "Add the number to the location's inventory (or free it), then retry.",
    Reason.LICENSE_OR_FEATURE_MISSING: "Buy or free the licence, or enable the feature, then retry.",
    Reason.INVALID_DIAL_PLAN_COLLISION: "Remove the pattern from the other dial plan or this row, then retry.",
}


class ErrorClass(StrEnum):
    """What a failure means for the engine, besides its reason."""

    RETRYABLE_EXTERNAL = "RETRYABLE_EXTERNAL"
    NON_RETRYABLE_EXTERNAL = "NON_RETRYABLE_EXTERNAL"
    ASSERTION_FAILURE = "ASSERTION_FAILURE"


class PlanAction(StrEnum):
    """What a plan foresees for a row. `apply` is all that can be said without a tenant: created, updated or skipped."""

    CREATE = "create"
    UPDATE = "update"
    SKIP = "skip"
    APPLY = "apply"
    PENDING = "pending"
    OUT_OF_SCOPE = "out_of_scope"
    REJECTED = "rejected"
    NOT_REACHED = "not_reached"


class RunMode(StrEnum):
    """Which rows a run takes: those without a state, those pending, or all again."""

    RESUME = "resume"
    RETRY_PENDING = "retry_pending"
    REPLAY = "replay"


class RunState(StrEnum):
    """How a run ended; the word in run_summary.json."""

    COMPLETED = "COMPLETED"
    COMPLETED_WITH_PENDING = "COMPLETED_WITH_PENDING"
    ABORTED_BY_BREAKER = "ABORTED_BY_BREAKER"
    STOPPED_AUTH = "STOPPED_AUTH"
    STOPPED_RATE_LIMITED = "STOPPED_RATE_LIMITED"
    STOPPED_LIMIT = "STOPPED_LIMIT"
    STOPPED_LOCKS_LOST = "STOPPED_LOCKS_LOST"
    FAILED_SYSTEMIC = "FAILED_SYSTEMIC"
    FAILED_PREFLIGHT = "FAILED_PREFLIGHT"
    INTERRUPTED = "INTERRUPTED"

    @property
    def completed(self) -> bool:
        """Whether every selected row has a terminal state."""
        return self in (RunState.COMPLETED, RunState.COMPLETED_WITH_PENDING)

    @property
    def exit_code(self) -> "ExitCode":
        """What a process ends with after this state."""
        return _EXIT_CODES[self]


class ExitCode(IntEnum):
    """Exit codes of `webex-provision`, as the README lists them."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    PREFLIGHT = 3
    SYSTEMIC = 4
    STATE = 5
    LOCKED = 6
    STOPPED = 7
    DIFFERENT = 8
    INTERRUPTED = 130


_EXIT_CODES: dict[RunState, ExitCode] = {
    RunState.COMPLETED: ExitCode.OK,
    RunState.COMPLETED_WITH_PENDING: ExitCode.OK,
    RunState.ABORTED_BY_BREAKER: ExitCode.SYSTEMIC,
    RunState.FAILED_SYSTEMIC: ExitCode.SYSTEMIC,
    RunState.FAILED_PREFLIGHT: ExitCode.PREFLIGHT,
    RunState.STOPPED_AUTH: ExitCode.STOPPED,
    RunState.STOPPED_RATE_LIMITED: ExitCode.STOPPED,
    RunState.STOPPED_LIMIT: ExitCode.STOPPED,
    RunState.STOPPED_LOCKS_LOST: ExitCode.STOPPED,
    RunState.INTERRUPTED: ExitCode.INTERRUPTED,
}
