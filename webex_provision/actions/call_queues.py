"""Call queues: a number that holds callers and hands them to agents.

Customer Assist queues are hidden from the plain list (seen live), so both lists are looked at before a create.
"""

from collections.abc import Iterator

import polars as pl

from webex_provision.actions.action_helpers import path_key
from webex_provision.actions.announcement_references import announcement_steps
from webex_provision.actions.declaration import (
    Check,
    Claim,
    EntityType,
    Expect,
    Failure,
    FailureRule,
    Item,
    Learned,
    Lookup,
    Read,
    Repeat,
    RowContext,
    SecondLook,
    Write,
)
from webex_provision.actions.failures import LOCATION_GONE
from webex_provision.actions.indexes import CUSTOMER_ASSIST, ORG, QUEUES, place_key
from webex_provision.actions.locations import location_steps
from webex_provision.actions.members import member_lookups, no_parks
from webex_provision.actions.numbers import held_by, holds, inventory_lookup, learn_numbers, number_verdict
from webex_provision.actions.queue_bodies import changed_queue, new_queue, put_only
from webex_provision.actions.queue_columns import COLUMNS, OUT_OF_SCOPE, RULES
from webex_provision.actions.queue_services import SERVICES, service_announcements, service_body, service_schedules
from webex_provision.actions.schedule_references import schedule_lookup
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

_WRITE = "spark-admin:telephony_config_write"
_ALL = "/telephony/config/locations/{location_id}/queues"
_ONE = _ALL + "/{queue_id}"
CREATE_QUEUE = Endpoint("POST", _ALL, _WRITE)
GET_QUEUE = Endpoint("GET", _ONE, "spark-admin:telephony_config_read")
UPDATE_QUEUE = Endpoint("PUT", _ONE, _WRITE)
DELETE_QUEUE = Endpoint("DELETE", _ONE, _WRITE)

_ANNOUNCEMENTS = ("queue_welcome_announcement", "queue_comfort_announcement", "queue_moh_announcement")

_NO_CUSTOMER_ASSIST = FailureRule(
    codes=("28018",),
    reason=Reason.LICENSE_OR_FEATURE_MISSING,
    advice="the queue, or the organisation, has no Customer Assist",
)


def _key(ctx: RowContext) -> str:
    return place_key(ctx.id_of("location"), ctx.row.text("queue_name"))


def _scope(ctx: RowContext) -> str:
    return CUSTOMER_ASSIST if ctx.row.flag("queue_customer_assist") else ORG


def _other_scope(ctx: RowContext) -> str:
    return ORG if ctx.row.flag("queue_customer_assist") else CUSTOMER_ASSIST


def _which(ctx: RowContext) -> str:
    """Under which name the row's queue was saved: it may be of the other kind, when the row leaves that open."""
    return "queue" if ctx.found["queue"] is not None or ctx.found["other_queue"] is None else "other_queue"


def _is_assist(ctx: RowContext) -> bool:
    return (_scope(ctx) if _which(ctx) == "queue" else _other_scope(ctx)) == CUSTOMER_ASSIST


def _verdict(ctx: RowContext) -> Failure | None:
    asked = ctx.row.get("queue_customer_assist")
    if asked is not None and _which(ctx) == "other_queue":
        is_now = "is not" if asked == "true" else "is"
        return Failure(
            Reason.NON_RETRYABLE_EXTERNAL,
            f"the queue exists and {is_now} a Customer Assist queue, which can't be changed; "
            "empty queue_customer_assist, or delete the queue in Control Hub",
        )
    found = ctx.found[_which(ctx)]
    alternates = ctx.row.items("queue_alternate_numbers")
    return number_verdict(ctx, owner_id=found and str(found["id"]), more_numbers=alternates)


def _create(ctx: RowContext) -> ApiRequest | None:
    if ctx.found[_which(ctx)] is not None:
        return None
    params = {"hasCxEssentials": "true"} if ctx.row.flag("queue_customer_assist") else None
    return CREATE_QUEUE.at(location_id=ctx.id_of("location"), params=params, json=new_queue(ctx))


def _update(ctx: RowContext) -> ApiRequest | None:
    now = ctx.found.get("queue_now")
    if "queue_create" not in ctx.created or now is not None:
        return _at(ctx, UPDATE_QUEUE, changed_queue(ctx, now))
    body = put_only(ctx)
    return _at(ctx, UPDATE_QUEUE, body) if body else None


def _at(ctx: RowContext, endpoint: Endpoint, body: Item | None = None) -> ApiRequest:
    params = {"hasCxEssentials": "true"} if endpoint is GET_QUEUE and _is_assist(ctx) else None
    queue_id = ctx.id_of(_which(ctx))
    return endpoint.at(location_id=ctx.id_of("location"), queue_id=queue_id, params=params, json=body)


def _learn(ctx: RowContext, answer: Answer) -> Iterator[Learned]:
    location_id = ctx.id_of("location")
    if answer.json and "id" in answer.json:
        item = {"id": answer.json["id"], "name": ctx.row.text("queue_name"), "locationId": location_id}
        yield Learned(QUEUES, item, scope=_scope(ctx))
    extension, number = ctx.row.get("extension"), ctx.row.get("phone_number")
    if not holds(held_by(ctx, _which(ctx)), extension=extension, number=number):
        yield from learn_numbers(ctx, _which(ctx), "CALL_QUEUE")


def _service(name: str) -> Write:
    """One service of the queue, set when the row names it."""
    endpoint = Endpoint("PUT", f"{_ONE}/{name}", _WRITE)

    def request(ctx: RowContext) -> ApiRequest | None:
        body = service_body(ctx, name)
        return None if body is None else _at(ctx, endpoint, body)

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
    name="call_queue",
    phase=Phase.SERVICES,
    rank=6,
    title="Creates or updates a number that holds callers and hands them to agents.",
    prefix="queue_",
    columns=COLUMNS,
    entity_key=path_key("location_key", "queue_name"),
    rules=(*RULES, no_parks("queue_agents")),
    out_of_scope=OUT_OF_SCOPE,
    owner=pl.format(
        "call_queue:{}/{}", pl.col("location_key").str.to_lowercase(), pl.col("queue_name").str.to_lowercase()
    ),
    claims=(
        Claim("extension", per_location=True),
        Claim("phone_number"),
        Claim("queue_alternate_numbers"),
    ),
    result=("queue", "other_queue"),
    touches=lambda ctx: [f"call_queue:{ctx.location_name().casefold()}/{ctx.row.text('queue_name').casefold()}"],
    steps=(
        *location_steps(),
        Lookup(
            name="queue_kind_lookup",
            index=QUEUES,
            scope=_other_scope,
            key=_key,
            save="other_queue",
        ),
        Lookup(name="queue_lookup", index=QUEUES, scope=_scope, key=_key, save="queue", confirm=True),
        *member_lookups("agents_lookup", "queue_agents"),
        *announcement_steps("announcement_lookup", *_ANNOUNCEMENTS, more=service_announcements),
        schedule_lookup("schedule_lookup", service_schedules),
        inventory_lookup("numbers_precheck", "queue", "other_queue", more="queue_alternate_numbers"),
        Check(name="numbers_precheck", verdict=_verdict),
        Write(
            name="queue_create",
            endpoint=CREATE_QUEUE,
            request=_create,
            expect=Expect(statuses=(200, 201), fields=("id",)),
            creates=True,
            save="queue",
            recheck="queue_lookup",
            refuses_twins=True,
            failures=(_NO_CUSTOMER_ASSIST, LOCATION_GONE),
            learns=_learn,
            compensate=lambda ctx: _at(ctx, DELETE_QUEUE),
        ),
        Write(
            name="queue_update",
            endpoint=UPDATE_QUEUE,
            request=_update,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            failures=(_NO_CUSTOMER_ASSIST,),
            learns=_learn,
            second_look=SecondLook(
                read=Read(
                    name="queue_update", endpoint=GET_QUEUE, request=lambda ctx: _at(ctx, GET_QUEUE), save="queue_now"
                ),
                insist=(FailureRule(status=400, codes=("25008",), reason=Reason.NON_RETRYABLE_EXTERNAL),),
            ),
        ),
        *(_service(name) for name in SERVICES),
    ),
)

ENTITY_TYPES = (CALL_QUEUE,)
