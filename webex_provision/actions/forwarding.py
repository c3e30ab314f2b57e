"""Call forwarding of a user's line: always, when busy, when nobody answers; and business continuity."""

import polars as pl

from webex_provision.actions.action_helpers import needs, without_nulls
from webex_provision.actions.columns import EMAIL, IDENTITY_COLUMNS, LOCATION_KEY
from webex_provision.actions.declaration import (
    Column,
    EntityType,
    Expect,
    Item,
    Kind,
    Repeat,
    RowContext,
    Rule,
    Write,
)
from webex_provision.actions.failures import USER_GONE
from webex_provision.actions.row import Row
from webex_provision.actions.users import touched_user, user_lookup
from webex_provision.vocabulary import Phase
from webex_provision.wire import ApiRequest, Endpoint

FORWARD_PERSON = Endpoint("PUT", "/people/{person_id}/features/callForwarding", "spark-admin:people_write")

MODES = ("always", "busy", "no_answer")
_DEFAULT_RINGS = 3


def _destination(row: Row, mode: str) -> str | None:
    """Where calls go in a mode: its own column, or the main destination when the row's mode is this one."""
    if not row.flag("user_forwarding_enabled"):
        return None
    if (row.get("user_forwarding_mode") or "always") == mode:
        return row.get("user_forwarding_destination")
    return row.get(f"user_forwarding_{mode}_destination")


def _block(row: Row, mode: str, **more: object) -> Item:
    """One mode, whole: an omitted boolean inside a block that is sent may fall back to false."""
    destination = _destination(row, mode)
    if destination is None:
        return {"enabled": False, "destinationVoicemailEnabled": False, **more}
    to_voicemail = bool(row.flag("user_forwarding_to_voicemail"))
    return {"enabled": True, "destination": destination, "destinationVoicemailEnabled": to_voicemail, **more}


def _continuity(row: Row) -> Item | None:
    if not row.has("user_business_continuity_destination"):
        return None
    if row.cleared("user_business_continuity_destination"):
        return {"enabled": False, "destinationVoicemailEnabled": False}
    destination = row.text("user_business_continuity_destination")
    return {"enabled": True, "destination": destination, "destinationVoicemailEnabled": False}


def _configure(ctx: RowContext) -> ApiRequest:
    """All three modes are always sent: the service merges, so a mode that is left out would stay as it was."""
    row = ctx.row
    rings = row.number("user_forwarding_rings") or _DEFAULT_RINGS
    forwarding = {
        "always": _block(row, "always", ringReminderEnabled=bool(row.flag("user_forwarding_ring_reminder"))),
        "busy": _block(row, "busy"),
        "noAnswer": _block(row, "no_answer", numberOfRings=rings),
    }
    body = without_nulls({"callForwarding": forwarding, "businessContinuity": _continuity(row)})
    return FORWARD_PERSON.at(person_id=ctx.id_of("person"), json=body)


def _destination_column(name: str, help_text: str, *, clearable: bool = False) -> Column:
    return Column(
        name=name, help=help_text, kind=Kind.DIALABLE, clearable=clearable, feeds="destination", example="2100"
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
        Column(
            name="user_forwarding_enabled",
            help="false switches all three modes off.",
            kind=Kind.BOOLEAN,
            required=True,
            feeds="callForwarding.<mode>.enabled",
            example="true",
        ),
        Column(
            name="user_forwarding_mode",
            help="When calls go to user_forwarding_destination; blank: always.",
            kind=Kind.CHOICE,
            choices=MODES,
            feeds="callForwarding.<mode>",
            example="no_answer",
        ),
        _destination_column("user_forwarding_destination", "Where calls go in user_forwarding_mode."),
        Column(
            name="user_forwarding_to_voicemail",
            help="Into the voicemail of an internal destination.",
            kind=Kind.BOOLEAN,
            feeds="destinationVoicemailEnabled",
            example="false",
        ),
        Column(
            name="user_forwarding_rings",
            help="Rings before no_answer forwards; blank: 3.",
            kind=Kind.INTEGER,
            smallest=2,
            largest=20,
            feeds="noAnswer.numberOfRings",
            example="4",
        ),
        Column(
            name="user_forwarding_ring_reminder",
            help="A short ring at the user's phone when always forwards.",
            kind=Kind.BOOLEAN,
            feeds="always.ringReminderEnabled",
            example="false",
        ),
        _destination_column("user_forwarding_busy_destination", "Where calls go when busy, besides the mode above."),
        _destination_column(
            "user_forwarding_no_answer_destination", "Where unanswered calls go, besides the mode above."
        ),
        _destination_column(
            "user_business_continuity_destination",
            "Where calls go when no device of the user can be reached; - switches it off.",
            clearable=True,
        ),
    ),
    entity_key=pl.col("email"),
    identity_columns=IDENTITY_COLUMNS,
    rules=(
        needs("user_forwarding_destination", "user_forwarding_enabled", equal="true"),
        Rule(
            "user_forwarding_destination",
            (pl.col("user_forwarding_enabled") == "false") & pl.col("user_forwarding_destination").is_not_null(),
            "user_forwarding_destination goes only with user_forwarding_enabled=true; empty it or switch it on",
        ),
    ),
    result=("person",),
    touches=touched_user,
    steps=(
        user_lookup(),
        Write(
            name="user_forwarding_configure",
            endpoint=FORWARD_PERSON,
            request=_configure,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            failures=(USER_GONE,),
            reads_back=True,
        ),
    ),
)

ENTITY_TYPES = (USER_FORWARDING,)
