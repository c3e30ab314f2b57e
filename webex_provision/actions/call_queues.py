"""Call queues: a number that holds callers and hands them to agents.

Customer Assist queues are hidden from the plain list (seen live), so both lists are looked at before a create.
"""

from dataclasses import replace

from webex_provision.actions.action_helpers import path_key
from webex_provision.actions.announcement_references import announcement_steps
from webex_provision.actions.declaration import (
    Check,
    EntityType,
    Expect,
    Failure,
    FailureRule,
    Item,
    Repeat,
    RowContext,
    Unfit,
    Write,
)
from webex_provision.actions.indexes import CUSTOMER_ASSIST, ORG, QUEUES
from webex_provision.actions.locations import location_steps
from webex_provision.actions.members import member_lookups, no_parks
from webex_provision.actions.queue_bodies import changed_queue, new_queue, put_only
from webex_provision.actions.queue_columns import COLUMNS, OUT_OF_SCOPE, RULES
from webex_provision.actions.queue_services import SERVICES, service_announcements, service_body, service_schedules
from webex_provision.actions.schedule_references import schedule_lookup
from webex_provision.actions.services import Service
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import ApiRequest

_ANNOUNCEMENTS = ("queue_welcome_announcement", "queue_comfort_announcement", "queue_moh_announcement")

_NO_CUSTOMER_ASSIST = FailureRule(
    codes=("28018",),
    reason=Reason.LICENSE_OR_FEATURE_MISSING,
    advice="the queue, or the organisation, has no Customer Assist",
)


def _scope(ctx: RowContext) -> str:
    return CUSTOMER_ASSIST if ctx.row.flag("queue_customer_assist") else ORG


def _other_scope(ctx: RowContext) -> str:
    return ORG if ctx.row.flag("queue_customer_assist") else CUSTOMER_ASSIST


def _query(ctx: RowContext) -> dict[str, str] | None:
    scope = _scope(ctx) if QUEUE.saved(ctx) == "queue" else _other_scope(ctx)
    return {"hasCxEssentials": "true"} if scope == CUSTOMER_ASSIST else None


# The row's queue may be of the other kind, when the row leaves that open.
QUEUE = Service(
    entity_type="call_queue",
    prefix="queue_",
    folder="queues",
    saves=("queue", "other_queue"),
    index=QUEUES,
    owner_type="CALL_QUEUE",
    scope=_scope,
    query=_query,
)


def _kind_verdict(ctx: RowContext) -> Failure | None:
    asked = ctx.row.get("queue_customer_assist")
    if asked is None or QUEUE.saved(ctx) == "queue":
        return None
    is_now = "is not" if asked == "true" else "is"
    return Failure(
        Reason.NON_RETRYABLE_EXTERNAL,
        f"the queue exists and {is_now} a Customer Assist queue, which can't be changed; "
        "empty queue_customer_assist, or delete the queue in Control Hub",
    )


def _new(ctx: RowContext) -> Item:
    return new_queue(ctx, QUEUE.body(ctx))


def _changed(ctx: RowContext, now: Item | None) -> Item:
    more = put_only(ctx, QUEUE.alternates(ctx))
    if QUEUE.created(ctx) and now is None:
        return more
    return changed_queue(ctx, QUEUE.body(ctx) | more, now)


def _service(name: str) -> Write:
    """One service of the queue, set when the row names it."""
    endpoint = QUEUE.endpoint("PUT", f"/{name}")

    def request(ctx: RowContext) -> ApiRequest | None:
        body = service_body(ctx, name)
        return None if body is None else QUEUE.at(ctx, endpoint, body)

    return Write(
        name="queue_services",
        endpoint=endpoint,
        request=request,
        expect=Expect(statuses=(200, 204)),
        repeat=Repeat.SAFE,
        failures=(_NO_CUSTOMER_ASSIST,),
        reads_back=True,
    )


CALL_QUEUE = EntityType(
    name=QUEUE.entity_type,
    phase=Phase.SERVICES,
    rank=6,
    title="Creates or updates a number that holds callers and hands them to agents.",
    prefix=QUEUE.prefix,
    columns=COLUMNS,
    entity_key=path_key("location_key", "queue_name"),
    rules=(*RULES, no_parks("queue_agents")),
    out_of_scope=OUT_OF_SCOPE,
    owner=QUEUE.owner,
    claims=QUEUE.claims,
    result=QUEUE.saves,
    touches=QUEUE.touches,
    unfit=(
        Unfit(
            "queue_agents",
            "user_calling_settings",
            "user_calling_license",
            "standard",
            "a user with the Standard licence can't be a queue agent; give a Professional one",
        ),
    ),
    example={
        "queue_overflow_number": "",
        "queue_welcome_announcement": "",
        "queue_comfort_announcement": "",
        "queue_moh_announcement": "",
    },
    steps=(
        *location_steps(),
        replace(QUEUE.lookup(), name="queue_kind_lookup", scope=_other_scope, save="other_queue", confirm=False),
        QUEUE.lookup(),
        *member_lookups("agents_lookup", "queue_agents"),
        *announcement_steps("announcement_lookup", *_ANNOUNCEMENTS, more=service_announcements),
        schedule_lookup("schedule_lookup", service_schedules),
        Check(name="numbers_precheck", verdict=_kind_verdict, reasons=(Reason.NON_RETRYABLE_EXTERNAL,)),
        *QUEUE.numbers_precheck(),
        QUEUE.create(_new, _NO_CUSTOMER_ASSIST),
        QUEUE.completed_update(_changed, _NO_CUSTOMER_ASSIST),
        *(_service(name) for name in SERVICES),
    ),
)

ENTITY_TYPES = (CALL_QUEUE,)
