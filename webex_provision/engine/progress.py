"""One row in progress: what the pure functions see of it, and what the ledger will say of it."""

from dataclasses import dataclass, field

from webex_provision.actions.declaration import EntityType, Failure, RowContext
from webex_provision.engine.joint_call import JointCall
from webex_provision.vocabulary import Reason, RowStatus


@dataclass
class Progress:
    """The state of one row while its steps run.

    `fresh` makes lookups ask the tenant instead of memory; it is set when an object that memory knew was gone.
    `joint` is the call that it shares with other rows, if its type's last step lets it.
    `answered` are the writes whose outcome this process knows, so that their intents tell nothing more.
    """

    entity_type: EntityType
    ctx: RowContext
    step: str = ""
    http_status: int | None = None
    fresh: bool = False
    waited_for_new: bool = False
    joint: JointCall | None = None
    answered: set[str] = field(default_factory=set)

    @property
    def remote_id(self) -> str:
        """The id of the entity that the row is about, as far as it is known."""
        for name in self.entity_type.result:
            item = self.ctx.found.get(name)
            if item:
                return str(item.get("id", ""))
        return ""


@dataclass(frozen=True)
class RowResult:
    """How a row ended. `cause` is the underlying reason, which half_applied hides."""

    status: RowStatus
    step: str
    message: str
    http_status: int | None = None
    remote_id: str = ""
    reason: Reason | None = None
    cause: Reason | None = None
    tracking_id: str = ""
    applied: list[str] = field(default_factory=list)


def success(progress: Progress) -> RowResult:
    """Every mandatory step met its success condition."""
    ctx = progress.ctx
    if ctx.created:
        message = f"created ({', '.join(ctx.applied)})"
    elif ctx.applied:
        message = f"updated ({', '.join(ctx.applied)})"
    else:
        message = "already as the row wants it"
    notice = progress.entity_type.notice(ctx) if progress.entity_type.notice else None
    if notice:
        message = f"{message}; {notice}"
    step = ctx.applied[-1] if ctx.applied else progress.step
    return RowResult(RowStatus.SUCCESS, step, message, progress.http_status, progress.remote_id, applied=ctx.applied)


def pending(progress: Progress, failure: Failure, *, note: str = "", undone: bool = False) -> RowResult:
    """The row stopped; half_applied when the tenant keeps something of it, but authentication keeps its own code."""
    applied = progress.ctx.applied
    half = bool(applied) and not undone and failure.reason is not Reason.AUTH_INVALID
    message = failure.message
    if half:
        message = f"after {', '.join(applied)}, step {progress.step} failed with {failure.reason}: {message}"
    if note:
        message = f"{message}; {note}"
    return RowResult(
        RowStatus.PENDING,
        progress.step,
        message,
        failure.http_status if failure.http_status is not None else progress.http_status,
        progress.remote_id,
        Reason.HALF_APPLIED if half else failure.reason,
        failure.reason,
        failure.tracking_id,
        applied,
    )
