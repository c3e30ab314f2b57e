"""Call forwarding of a line, of a user or a workspace: always, when busy, when nobody answers; business continuity."""

import polars as pl

from webex_provision.actions.action_helpers import needs, without_nulls
from webex_provision.actions.columns import EMAIL, IDENTITY_COLUMNS, LOCATION_KEY
from webex_provision.actions.declaration import (
    Column,
    EntityType,
    Expect,
    FailureRule,
    Item,
    Kind,
    Read,
    Repeat,
    RowContext,
    Rule,
    SecondLook,
    Write,
)
from webex_provision.actions.failures import USER_GONE, WORKSPACE_GONE
from webex_provision.actions.row import Row
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

GET_PERSON_FORWARDING = Endpoint("GET", "/people/{owner_id}/features/callForwarding", "spark-admin:people_read")
FORWARD_PERSON = Endpoint("PUT", "/people/{owner_id}/features/callForwarding", "spark-admin:people_write")
FORWARD_WORKSPACE = Endpoint("PUT", "/workspaces/{owner_id}/features/callForwarding", "spark-admin:workspaces_write")

MODES = ("always", "busy", "no_answer")
_DEFAULT_RINGS = 3
# Mandatory for a workspace; sources differ for a user.
_INCOMPLETE = (FailureRule(status=400, codes=("25008",), reason=Reason.NON_RETRYABLE_EXTERNAL),)
_OFF: Item = {"enabled": False, "destinationVoicemailEnabled": False}


def _destination(row: Row, prefix: str, mode: str) -> str | None:
    """Where calls go in a mode: its own column, or the main destination when the row's mode is this one."""
    if not row.flag(f"{prefix}forwarding_enabled"):
        return None
    if (row.get(f"{prefix}forwarding_mode") or "always") == mode:
        return row.get(f"{prefix}forwarding_destination")
    return row.get(f"{prefix}forwarding_{mode}_destination")


def _block(row: Row, prefix: str, mode: str, **more: object) -> Item:
    """One mode, whole: an omitted boolean inside a block that is sent may fall back to false."""
    destination = _destination(row, prefix, mode)
    if destination is None:
        return {**_OFF, **more}
    to_voicemail = bool(row.flag(f"{prefix}forwarding_to_voicemail"))
    return {"enabled": True, "destination": destination, "destinationVoicemailEnabled": to_voicemail, **more}


def _continuity(row: Row, prefix: str) -> Item | None:
    column = f"{prefix}business_continuity_destination"
    if not row.has(column):
        return None
    if row.cleared(column):
        return _OFF
    return {"enabled": True, "destination": row.text(column), "destinationVoicemailEnabled": False}


def _body(row: Row, prefix: str) -> Item:
    """All three modes are always sent: the service merges, so a mode that is left out would stay as it was."""
    rings = row.number(f"{prefix}forwarding_rings") or _DEFAULT_RINGS
    reminder = bool(row.flag(f"{prefix}forwarding_ring_reminder"))
    forwarding = {
        "always": _block(row, prefix, "always", ringReminderEnabled=reminder),
        "busy": _block(row, prefix, "busy"),
        "noAnswer": _block(row, prefix, "no_answer", numberOfRings=rings),
    }
    return without_nulls({"callForwarding": forwarding, "businessContinuity": _continuity(row, prefix)})


def _forward_person(ctx: RowContext) -> ApiRequest:
    """Where a body without business continuity is refused as incomplete, what the user has of it is sent along."""
    now = ctx.found.get("forwarding_now")
    held = {} if now is None else {"businessContinuity": _OFF | (now.get("businessContinuity") or {})}
    return FORWARD_PERSON.at(owner_id=ctx.id_of("person"), json=held | _body(ctx.row, "user_"))


def _forward_workspace(ctx: RowContext) -> ApiRequest:
    """Of a workspace both parts are mandatory: a row that does not speak of business continuity switches it off."""
    body = {"businessContinuity": _OFF} | _body(ctx.row, "workspace_")
    return FORWARD_WORKSPACE.at(owner_id=ctx.id_of("workspace"), json=body)


def _columns(prefix: str, whose: str, continuity: str) -> tuple[Column, ...]:
    def dialable(name: str, help_text: str, *, clearable: bool = False) -> Column:
        return Column(
            name=prefix + name,
            help=help_text,
            kind=Kind.DIALABLE,
            clearable=clearable,
            feeds="destination",
            example="2950",
        )

    return (
        Column(
            name=f"{prefix}forwarding_enabled",
            help="false switches all three modes off.",
            kind=Kind.BOOLEAN,
            required=True,
            feeds="callForwarding.<mode>.enabled",
            example="true",
        ),
        Column(
            name=f"{prefix}forwarding_mode",
            help=f"When calls go to {prefix}forwarding_destination; blank: always.",
            kind=Kind.CHOICE,
            choices=MODES,
            feeds="callForwarding.<mode>",
            example="no_answer",
        ),
        dialable("forwarding_destination", f"Where calls go in {prefix}forwarding_mode."),
        Column(
            name=f"{prefix}forwarding_to_voicemail",
            help="Into the voicemail of an internal destination.",
            kind=Kind.BOOLEAN,
            feeds="destinationVoicemailEnabled",
            example="false",
        ),
        Column(
            name=f"{prefix}forwarding_rings",
            help="Rings before no_answer forwards; blank: 3.",
            kind=Kind.INTEGER,
            smallest=2,
            largest=20,
            feeds="noAnswer.numberOfRings",
            example="4",
        ),
        Column(
            name=f"{prefix}forwarding_ring_reminder",
            help=f"A short ring at the {whose} phone when always forwards.",
            kind=Kind.BOOLEAN,
            feeds="always.ringReminderEnabled",
            example="false",
        ),
        dialable("forwarding_busy_destination", "Where calls go when busy, besides the mode above."),
        dialable("forwarding_no_answer_destination", "Where unanswered calls go, besides the mode above."),
        dialable("business_continuity_destination", continuity, clearable=True),
    )


def _rules(prefix: str) -> tuple[Rule, ...]:
    enabled, destination = f"{prefix}forwarding_enabled", f"{prefix}forwarding_destination"
    return (
        needs(destination, enabled, equal="true"),
        Rule(
            destination,
            (pl.col(enabled) == "false") & pl.col(destination).is_not_null(),
            f"{destination} goes only with {enabled}=true; empty it or switch it on",
        ),
    )


def _write(step: str, endpoint: Endpoint, gone: FailureRule) -> Write:
    again = Read(
        name=step,
        endpoint=GET_PERSON_FORWARDING,
        request=lambda ctx: GET_PERSON_FORWARDING.at(owner_id=ctx.id_of("person")),
        save="forwarding_now",
    )
    return Write(
        name=step,
        endpoint=endpoint,
        request=_forward_person if endpoint is FORWARD_PERSON else _forward_workspace,
        expect=Expect(statuses=(200, 204)),
        repeat=Repeat.SAFE,
        failures=(gone,),
        reads_back=True,
        second_look=SecondLook(read=again, insist=_INCOMPLETE) if endpoint is FORWARD_PERSON else None,
    )


USER_FORWARDING = EntityType(
    name="user_forwarding",
    phase=Phase.USERS,
    rank=5,
    title="Sets a user's call forwarding (always, busy, no answer) and business continuity.",
    prefix="user_",
    columns=(
        EMAIL,
        LOCATION_KEY,
        *_columns(
            "user_",
            "user's",
            "Where calls go when no device of the user can be reached; - switches it off.",
        ),
    ),
    entity_key=pl.col("email"),
    identity_columns=IDENTITY_COLUMNS,
    rules=_rules("user_"),
    result=("person",),
    touches=touched_user,
    steps=(user_lookup(), _write("user_forwarding_configure", FORWARD_PERSON, USER_GONE)),
)

WORKSPACE_FORWARDING = EntityType(
    name="workspace_forwarding",
    phase=Phase.USERS,
    rank=6,
    title="Sets a workspace's call forwarding (always, busy, no answer) and business continuity.",
    prefix="workspace_",
    columns=(
        *WORKSPACE_COLUMNS,
        *_columns(
            "workspace_",
            "workspace's",
            "Where calls go when no device of the workspace can be reached; blank or -: switched off.",
        ),
    ),
    entity_key=WORKSPACE_KEY,
    named_by=(WORKSPACE_NAMED_BY,),
    rules=(WORKSPACE_NAMED, *_rules("workspace_")),
    result=("workspace",),
    touches=touched_workspace,
    steps=(
        *calling_workspace_steps(),
        _write("workspace_forwarding_configure", FORWARD_WORKSPACE, WORKSPACE_GONE),
    ),
)

ENTITY_TYPES = (USER_FORWARDING, WORKSPACE_FORWARDING)
