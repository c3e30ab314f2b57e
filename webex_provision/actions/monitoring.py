"""Monitored lines of a user or a workspace: whose busy state the phone shows. The list is always sent whole."""

from collections.abc import Callable, Sequence

import polars as pl

from webex_provision.actions.action_helpers import owner_key, uuid_of, without_nulls
from webex_provision.actions.columns import EMAIL, IDENTITY_COLUMNS, LOCATION_KEY
from webex_provision.actions.declaration import (
    Check,
    Column,
    EntityType,
    Expect,
    Failure,
    FailureRule,
    Item,
    Kind,
    LookupMany,
    Read,
    Repeat,
    RowContext,
    Rule,
    SecondLook,
    Step,
    Write,
)
from webex_provision.actions.failures import USER_GONE, WORKSPACE_GONE
from webex_provision.actions.indexes import NUMBERS, has_new_line
from webex_provision.actions.members import member_items, member_lookups
from webex_provision.actions.users import touched_user, user_lookup
from webex_provision.actions.workspace_lines import (
    WORKSPACE_COLUMNS,
    WORKSPACE_KEY,
    WORKSPACE_NAMED,
    WORKSPACE_NAMED_BY,
    calling_workspace_steps,
)
from webex_provision.actions.workspaces import touched_workspace
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import ApiRequest, Endpoint

GET_PERSON_MONITORING = Endpoint("GET", "/people/{owner_id}/features/monitoring", "spark-admin:people_read")
MONITOR_BY_PERSON = Endpoint("PUT", "/people/{owner_id}/features/monitoring", "spark-admin:people_write")
GET_WORKSPACE_MONITORING = Endpoint("GET", "/workspaces/{owner_id}/features/monitoring", "spark-admin:workspaces_read")
MONITOR_BY_WORKSPACE = Endpoint("PUT", "/workspaces/{owner_id}/features/monitoring", "spark-admin:workspaces_write")

MOST_TARGETS = 50
_SILENT: Item = {"callParkNotificationEnabled": False}  # as a line begins
_LOOKUP = "monitoring_targets_lookup"

# The published description wants plain ids, a newer client library sends objects: whichever is refused as malformed
# is followed by the other.
_MALFORMED = (FailureRule(status=400, codes=("25008", "25024"), reason=Reason.NON_RETRYABLE_EXTERNAL),)


def _targets(prefix: str) -> str:
    return f"{prefix}monitoring_targets"


def _with_line(prefix: str, ctx: RowContext) -> Sequence[str]:
    """The users and workspaces among the targets, by which the number index knows them."""
    found = member_items(ctx, _targets(prefix))
    return [owner_key(str(item["id"])) for member, item in found if member.kind in ("user", "workspace")]


def _verdict(prefix: str, owner: str) -> Callable[[RowContext], Failure | None]:
    """No target is the row's own line, and each has a line that can be seen busy."""

    def verdict(ctx: RowContext) -> Failure | None:
        mine = uuid_of(ctx.id_of(owner))
        for member, item in member_items(ctx, _targets(prefix)):
            if uuid_of(str(item["id"])) == mine:
                return Failure(Reason.INVALID_INPUT_SCHEMA, f"{member} would monitor itself; take it out of the list")
            if ctx.found["target_lines"].get(owner_key(str(item["id"]))) == []:
                return Failure(
                    Reason.PRECONDITION_MISSING,
                    f"{member} has no extension and no number yet, so there is no line to monitor; nothing was sent",
                )
        return None

    return verdict


def _elements(ctx: RowContext, prefix: str) -> list[str] | list[Item]:
    found = member_items(ctx, _targets(prefix))
    kinds = {str(item["id"]): "CALL_PARK_EXTENSION" if member.kind == "park" else "MEMBER" for member, item in found}
    if ctx.found.get("monitoring_refused") is None:
        return list(kinds)
    return [{"id": target_id, "type": kind} for target_id, kind in kinds.items()]


def _body(ctx: RowContext, prefix: str) -> Item:
    return without_nulls(
        {
            "enableCallParkNotification": ctx.row.flag(f"{prefix}monitoring_park_notification"),
            "monitoredElements": _elements(ctx, prefix),
        }
    )


def _read_person(ctx: RowContext) -> ApiRequest | None:
    if ctx.row.has("user_monitoring_park_notification"):
        return None
    return GET_PERSON_MONITORING.at(owner_id=ctx.id_of("person"))


def _put_person(ctx: RowContext) -> ApiRequest | None:
    """The switch is mandatory here: a row that does not speak of it sends what is there."""
    now = ctx.found["monitoring"] or {}
    body = {"enableCallParkNotification": bool(now.get("callParkNotificationEnabled"))} | _body(ctx, "user_")
    if now and _as_sent(now, body) == body:
        return None
    return MONITOR_BY_PERSON.at(owner_id=ctx.id_of("person"), json=body)


def _put_workspace(ctx: RowContext) -> ApiRequest:
    """After a refusal the body says of the switch what is there: it may be mandatory here, too."""
    now = ctx.found.get("monitoring_refused")
    held = {} if now is None else {"enableCallParkNotification": bool(now.get("callParkNotificationEnabled"))}
    return MONITOR_BY_WORKSPACE.at(owner_id=ctx.id_of("workspace"), json=held | _body(ctx, "workspace_"))


def _id_of(element: str | Item) -> str:
    return element if isinstance(element, str) else str(element["id"])


def _as_sent(held: Item, sent: Item) -> Item:
    """Read under other keys: each entry is wrapped by its kind, an empty list is left out, ids vary in encoding."""
    known = {uuid_of(_id_of(element)): element for element in sent["monitoredElements"]}
    entries = [
        entry.get("member") or entry.get("callparkextension") or entry for entry in held.get("monitoredElements", ())
    ]
    ids = [str(entry.get("id", "")) for entry in entries]
    return {
        "enableCallParkNotification": held.get("callParkNotificationEnabled"),
        "monitoredElements": [known.get(uuid_of(target_id), target_id) for target_id in ids],
    }


def _target_steps(prefix: str, owner: str) -> tuple[Step, ...]:
    return (
        *member_lookups(_LOOKUP, _targets(prefix)),
        LookupMany(
            name=_LOOKUP,
            index=NUMBERS,
            keys=lambda ctx: _with_line(prefix, ctx),
            save="target_lines",
            confirm=lambda _: True,
        ),
        Check(
            name=_LOOKUP,
            verdict=_verdict(prefix, owner),
            reasons=(
                Reason.INVALID_INPUT_SCHEMA,
                Reason.PRECONDITION_MISSING,
            ),
        ),
    )


def _write(
    step: str, endpoint: Endpoint, request: Callable[[RowContext], ApiRequest | None], read: Endpoint, gone: FailureRule
) -> Write:
    owner = "person" if endpoint is MONITOR_BY_PERSON else "workspace"
    again = Read(
        name=step,
        endpoint=read,
        request=lambda ctx: read.at(owner_id=ctx.id_of(owner)),
        save="monitoring_refused",
    )
    return Write(
        name=step,
        endpoint=endpoint,
        request=request,
        expect=Expect(statuses=(200, 204)),
        repeat=Repeat.SAFE,
        failures=(gone,),
        reads_back=True,
        as_sent=_as_sent,
        second_look=SecondLook(read=again, insist=_MALFORMED),
    )


def _columns(prefix: str, blank: str, *old_names: str) -> tuple[Column, ...]:
    return (
        Column(
            name=_targets(prefix),
            help="Emails, workspace:<name>, virtual_line:<name>, park:<location_key>/5101; replaces all; - clears.",
            kind=Kind.MEMBER,
            required=True,
            many=True,
            most_items=MOST_TARGETS,
            clearable=True,
            feeds="monitoredElements[]",
            old_names=old_names,
            example="luis.vega@example.com|workspace:Sala Goya",
        ),
        Column(
            name=f"{prefix}monitoring_park_notification",
            help=f"Whether a parked call is shown; {blank}",
            kind=Kind.BOOLEAN,
            feeds="enableCallParkNotification",
            example="true",
        ),
    )


_items = pl.col("user_monitoring_targets").str.to_lowercase().str.split("|").list.eval(pl.element().str.strip_chars())

USER_MONITORING = EntityType(
    name="user_monitoring",
    phase=Phase.USERS,
    rank=10,
    title="Sets the lines whose busy state a user sees.",
    prefix="user_",
    columns=(EMAIL, LOCATION_KEY, *_columns("user_", "blank: as it is.", "user_monitoring_target_emails_csv")),
    entity_key=pl.col("email"),
    identity_columns=IDENTITY_COLUMNS,
    rules=(
        Rule(
            "user_monitoring_targets",
            _items.list.contains(pl.col("email").str.to_lowercase()),
            "the user would monitor the user's own line; take it out of the list",
        ),
    ),
    result=("person",),
    touches=touched_user,
    steps=(
        user_lookup(),
        *_target_steps("user_", "person"),
        Read(
            name="user_monitoring_read",
            endpoint=GET_PERSON_MONITORING,
            request=_read_person,
            save="monitoring",
            known=lambda ctx: _SILENT if has_new_line(ctx.found["person"]) else None,
            advisory=True,
        ),
        _write("user_monitoring_update", MONITOR_BY_PERSON, _put_person, GET_PERSON_MONITORING, USER_GONE),
    ),
)

WORKSPACE_MONITORING = EntityType(
    name="workspace_monitoring",
    phase=Phase.USERS,
    rank=11,
    title="Sets the lines whose busy state a workspace's phone shows.",
    prefix="workspace_",
    columns=(*WORKSPACE_COLUMNS, *_columns("workspace_", "blank: not sent.")),
    entity_key=WORKSPACE_KEY,
    named_by=(WORKSPACE_NAMED_BY,),
    rules=(WORKSPACE_NAMED,),
    result=("workspace",),
    touches=touched_workspace,
    example={"workspace_monitoring_targets": "ana.ruiz@example.com"},
    steps=(
        *calling_workspace_steps(),
        *_target_steps("workspace_", "workspace"),
        _write(
            "workspace_monitoring_update",
            MONITOR_BY_WORKSPACE,
            _put_workspace,
            GET_WORKSPACE_MONITORING,
            WORKSPACE_GONE,
        ),
    ),
)

ENTITY_TYPES = (USER_MONITORING, WORKSPACE_MONITORING)
