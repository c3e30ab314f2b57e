"""Executives and their assistants: the type of each person first, then the pairing, then how assistants are alerted."""

from collections.abc import Iterator

import polars as pl

from webex_provision.actions.action_helpers import owner_key, uuid_of, without_nulls
from webex_provision.actions.columns import EMAIL, IDENTITY_COLUMNS, LOCATION_KEY
from webex_provision.actions.declaration import (
    Apart,
    Check,
    Column,
    EntityType,
    Expect,
    Failure,
    Item,
    Kind,
    Learned,
    LookupMany,
    Read,
    Repeat,
    RowContext,
    Rule,
    Write,
)
from webex_provision.actions.failures import USER_GONE
from webex_provision.actions.indexes import NUMBERS, PEOPLE, has_new_line
from webex_provision.actions.users import user_lookup
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import ApiRequest, Endpoint

_TELEPHONY_WRITE = "spark-admin:telephony_config_write"
_TYPE = "/people/{person_id}/features/executiveAssistant"
_ALERT = "/telephony/config/people/{person_id}/executive/alert"
GET_EXECUTIVE_TYPE = Endpoint("GET", _TYPE, "spark-admin:people_read")
SET_EXECUTIVE_TYPE = Endpoint("PUT", _TYPE, "spark-admin:people_write")
ASSIGN_ASSISTANTS = Endpoint(
    "PUT", "/telephony/config/people/{person_id}/executive/assignedAssistants", _TELEPHONY_WRITE
)
GET_ALERT = Endpoint("GET", _ALERT, "spark-admin:telephony_config_read")
SET_ALERT = Endpoint("PUT", _ALERT, _TELEPHONY_WRITE)

EXECUTIVE, ASSISTANT = "EXECUTIVE", "EXECUTIVE_ASSISTANT"
MOST_ASSISTANTS = 50
_EMAILS = "user_exec_assistant_emails"
# What the service tells and takes; a GET may tell more, and a PUT need not take that.
_ALERT_FIELDS = (
    "alertingMode",
    "nextAssistantNumberOfRings",
    "rolloverEnabled",
    "rolloverAction",
    "rolloverForwardToPhoneNumber",
    "rolloverWaitTimeInSecs",
    "clidNameMode",
    "customCLIDName",
    "customCLIDNameInUnicode",
    "clidPhoneNumberMode",
    "customCLIDPhoneNumber",
)
_ALERT_CELLS = ("user_exec_alerting_mode", "user_exec_next_assistant_rings")


def _touches(ctx: RowContext) -> Iterator[str]:
    """The executive and all assistants: one assistant may stand in several rows."""
    for email in (ctx.row.text("email"), *ctx.row.items(_EMAILS)):
        yield f"user:{email}"


def _assistants(ctx: RowContext) -> list[Item]:
    return [ctx.found["assistants"][email][0] for email in ctx.row.items(_EMAILS)]


def _assistant_ids(ctx: RowContext) -> list[str]:
    return [str(item["id"]) for item in _assistants(ctx)]


def _assistant_lines(ctx: RowContext) -> Failure | None:
    for email, assistant_id in zip(ctx.row.items(_EMAILS), _assistant_ids(ctx), strict=True):
        if not ctx.found["assistant_lines"][owner_key(assistant_id)]:
            return Failure(
                Reason.PRECONDITION_MISSING,
                f"assistant {email} has no calling yet; a user_calling_settings row gives it; nothing was sent",
            )
    return None


# --- types -----------------------------------------------------------------------------------------------------


def _known_type(person: Item) -> Item | None:
    """What this run has made of a person, or nothing yet on a line that it began; None: it must be read."""
    kind = person.get("executiveType") or ("UNASSIGNED" if has_new_line(person) else None)
    return None if kind is None else {"type": kind}


def _assistant(ctx: RowContext) -> Item:
    """The one that a step over all assistants is about just now."""
    return next(item for item in _assistants(ctx) if str(item["id"]) == ctx.item)


def _learn_type(person: Item, kind: str) -> Iterator[Learned]:
    yield Learned(PEOPLE, person | {"executiveType": kind})


def _type_of(read: Item | None) -> str:
    return str((read or {}).get("type", "UNASSIGNED"))


def _types_verdict(ctx: RowContext) -> Failure | None:
    """Another type would silently take an executive's pool, or an assistant from an executive."""
    roles = [(ctx.found["executive_type"], ctx.row.text("email"), ASSISTANT, "an assistant")]
    for email, assistant_id in zip(ctx.row.items(_EMAILS), _assistant_ids(ctx), strict=True):
        roles.append((ctx.found["assistant_types"][assistant_id], email, EXECUTIVE, "an executive"))
    for read, email, other, role in roles:
        if _type_of(read) == other:
            return Failure(
                Reason.PRECONDITION_MISSING,
                f"{email} is {role} already and would lose that; unassign it in Control Hub, then retry; "
                "nothing was sent",
            )
    return None


def _set_executive(ctx: RowContext) -> ApiRequest | None:
    if _type_of(ctx.found["executive_type"]) == EXECUTIVE:
        return None
    return SET_EXECUTIVE_TYPE.at(person_id=ctx.id_of("person"), json={"type": EXECUTIVE})


def _set_assistant(ctx: RowContext) -> ApiRequest | None:
    if _type_of(ctx.found["assistant_types"][ctx.item]) == ASSISTANT:
        return None
    return SET_EXECUTIVE_TYPE.at(person_id=ctx.item, json={"type": ASSISTANT})


# --- pairing and alerting --------------------------------------------------------------------------------------


def _assign(ctx: RowContext) -> ApiRequest:
    """The whole list; null takes all assistants away."""
    return ASSIGN_ASSISTANTS.at(person_id=ctx.id_of("person"), json={"assistantIds": _assistant_ids(ctx) or None})


def _assigned_as_sent(held: Item, sent: Item) -> Item:
    known = {uuid_of(assistant_id): assistant_id for assistant_id in sent["assistantIds"] or ()}
    ids = [str(item["id"]) for item in held.get("assistants") or ()]
    return {"assistantIds": [known.get(uuid_of(assistant_id), assistant_id) for assistant_id in ids] or None}


def _read_alert(ctx: RowContext) -> ApiRequest | None:
    return GET_ALERT.at(person_id=ctx.id_of("person")) if ctx.row.has(*_ALERT_CELLS) else None


def _set_alert(ctx: RowContext) -> ApiRequest | None:
    """What is there with the row's cells over it: whether the service merges is not recorded."""
    if not ctx.row.has(*_ALERT_CELLS):
        return None
    now = ctx.found["executive_alert"] or {}
    held = {name: now.get(name) for name in _ALERT_FIELDS}
    wanted = without_nulls(
        {
            "alertingMode": ctx.row.get("user_exec_alerting_mode"),
            "nextAssistantNumberOfRings": ctx.row.number("user_exec_next_assistant_rings"),
        }
    )
    return SET_ALERT.at(person_id=ctx.id_of("person"), json=without_nulls(held) | wanted)


USER_EXEC_ASSISTANT = EntityType(
    name="user_exec_assistant",
    phase=Phase.USERS,
    rank=9,
    title="Makes a user an executive and pairs them with their assistants.",
    prefix="user_",
    columns=(
        EMAIL,
        LOCATION_KEY,
        Column(
            name=_EMAILS,
            help="Emails of all assistants of this executive; replaces the list; - takes all away.",
            kind=Kind.EMAIL,
            required=True,
            many=True,
            most_items=MOST_ASSISTANTS,
            clearable=True,
            feeds="assistantIds[]",
            example="luis.vega@example.com",
        ),
        Column(
            name="user_exec_alerting_mode",
            help="Whether assistants ring one after the other or all at once; blank: as it is.",
            kind=Kind.CHOICE,
            choices=("SEQUENTIAL", "SIMULTANEOUS"),
            feeds="alertingMode",
            example="SEQUENTIAL",
        ),
        Column(
            name="user_exec_next_assistant_rings",
            help="Rings before the next assistant is tried; blank: as it is.",
            kind=Kind.INTEGER,
            smallest=2,
            largest=20,
            feeds="nextAssistantNumberOfRings",
            example="3",
        ),
    ),
    entity_key=pl.col("email"),
    identity_columns=IDENTITY_COLUMNS,
    rules=(
        Rule(
            _EMAILS,
            pl.col(_EMAILS).str.split("|").list.contains(pl.col("email")),
            "nobody is the own assistant; take the executive out of the list",
        ),
    ),
    apart=(Apart("email", _EMAILS, "nobody is executive and assistant at once; keep one"),),
    result=("person",),
    touches=_touches,
    steps=(
        user_lookup(),
        LookupMany(
            name="assistant_lookups",
            index=PEOPLE,
            keys=lambda ctx: ctx.row.items(_EMAILS),
            save="assistants",
            absent=lambda _, email: Failure(
                Reason.USER_NOT_FOUND, f"assistant {email} is not in the organisation; nothing was sent"
            ),
            reasons=(Reason.USER_NOT_FOUND,),
        ),
        LookupMany(
            name="assistant_lookups",
            index=NUMBERS,
            keys=lambda ctx: [owner_key(assistant_id) for assistant_id in _assistant_ids(ctx)],
            save="assistant_lines",
            confirm=lambda _: True,
        ),
        Check(name="assistant_lookups", verdict=_assistant_lines, reasons=(Reason.PRECONDITION_MISSING,)),
        Read(
            name="executive_types_read",
            endpoint=GET_EXECUTIVE_TYPE,
            request=lambda ctx: GET_EXECUTIVE_TYPE.at(person_id=ctx.id_of("person")),
            save="executive_type",
            failures=(USER_GONE,),
            known=lambda ctx: _known_type(ctx.found["person"]),
        ),
        Read(
            name="executive_types_read",
            endpoint=GET_EXECUTIVE_TYPE,
            request=lambda ctx: GET_EXECUTIVE_TYPE.at(person_id=ctx.item),
            save="assistant_types",
            failures=(USER_GONE,),
            known=lambda ctx: _known_type(_assistant(ctx)),
            over=_assistant_ids,
            most_items=MOST_ASSISTANTS,
        ),
        Check(name="executive_types_read", verdict=_types_verdict, reasons=(Reason.PRECONDITION_MISSING,)),
        Write(
            name="executive_type_update",
            endpoint=SET_EXECUTIVE_TYPE,
            request=_set_executive,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            failures=(USER_GONE,),
            learns=lambda ctx, _: _learn_type(ctx.found["person"], EXECUTIVE),
            reads_back=True,
        ),
        Write(
            name="assistant_type_update",
            endpoint=SET_EXECUTIVE_TYPE,
            request=_set_assistant,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            failures=(USER_GONE,),
            learns=lambda ctx, _: _learn_type(_assistant(ctx), ASSISTANT),
            reads_back=True,
            over=_assistant_ids,
            most_items=MOST_ASSISTANTS,
        ),
        Write(
            name="exec_assistants_update",
            endpoint=ASSIGN_ASSISTANTS,
            request=_assign,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            failures=(USER_GONE,),
            reads_back=True,
            as_sent=_assigned_as_sent,
        ),
        Read(
            name="executive_alert_update",
            endpoint=GET_ALERT,
            request=_read_alert,
            save="executive_alert",
            advisory=True,
        ),
        Write(
            name="executive_alert_update",
            endpoint=SET_ALERT,
            request=_set_alert,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            failures=(USER_GONE,),
            reads_back=True,
        ),
    ),
)

ENTITY_TYPES = (USER_EXEC_ASSISTANT,)
