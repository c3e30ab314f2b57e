"""Users that the directory has synchronised: calling licence, numbers, line settings. Never identity.

No builder here can create, rename or delete a person. The one PUT /people echoes the displayName that was read
immediately before and carries an extension and/or a work number, nothing else.
"""

import polars as pl

from webex_provision.actions.action_helpers import without_nulls
from webex_provision.actions.alternates import (
    ALTERNATE_CLAIMS,
    ALTERNATE_RULES,
    alternate_columns,
    alternate_steps,
)
from webex_provision.actions.calling_license import (
    ALL_LICENSE_NAMES,
    assign_license,
    has_calling,
    select_license,
    upgrades,
)
from webex_provision.actions.calling_settings import (
    CALLING_SETTINGS_COLUMNS,
    CALLING_SETTINGS_RULES,
    WITHOUT_CUSTOM_CALLER_ID,
    person_settings,
)
from webex_provision.actions.columns import (
    CALLING_ENABLED,
    EMAIL,
    EXTENSION,
    IDENTITY_COLUMNS,
    LOCATION_KEY,
    PHONE_NUMBER,
)
from webex_provision.actions.declaration import (
    Check,
    Claim,
    Column,
    EntityType,
    Expect,
    Failure,
    Item,
    Join,
    Kind,
    Lookup,
    LookupMany,
    OutOfScope,
    Read,
    Repeat,
    RowContext,
    SecondLook,
    Write,
)
from webex_provision.actions.failures import USER_GONE
from webex_provision.actions.indexes import LICENSES, PEOPLE
from webex_provision.actions.locations import location_steps
from webex_provision.actions.numbers import PRECHECK_REASONS, held_by, holds, inventory_lookup, learn_numbers, precheck
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

GET_PERSON = Endpoint("GET", "/people/{person_id}", "spark-admin:people_read")
UPDATE_PERSON_NUMBER = Endpoint("PUT", "/people/{person_id}", "spark-admin:people_write")
GET_PERSON_NUMBERS = Endpoint("GET", "/people/{owner_id}/features/numbers", "spark-admin:people_read")
UPDATE_PERSON_NUMBERS = Endpoint(
    "PUT", "/telephony/config/people/{owner_id}/numbers", "spark-admin:telephony_config_write"
)

USER_OWNER = pl.format("user:{}", pl.col("email"))


def touched_user(ctx: RowContext) -> list[str]:
    """One user is never written by two rows at a time."""
    return [f"user:{ctx.row.text('email')}"]


def user_lookup(step: str = "user_lookup") -> Lookup:
    """Finds the row's user by email; rows without one skip it."""
    return Lookup(
        name=step,
        index=PEOPLE,
        key=lambda ctx: ctx.row.get("email"),
        save="person",
        confirm=True,
        absent=lambda ctx: Failure(
            Reason.USER_NOT_FOUND,
            f"no user {ctx.row.text('email')} in the organisation; users come from the directory, never from here",
        ),
        reasons=(Reason.USER_NOT_FOUND,),
    )


# --- extension and main number of a user who already calls -----------------------------------------------------


def _main_line_differs(ctx: RowContext) -> bool:
    if ctx.found.get("person") is None:
        return False
    if ctx.found.get("license") is not None and not upgrades(ctx):
        return False  # the licence brings the line
    extension, number = ctx.row.get("extension"), ctx.row.get("phone_number")
    return not holds(held_by(ctx, "person"), extension=extension, number=number)


def _people_put_verdict(ctx: RowContext) -> Failure | None:
    if ctx.options.allow_people_put or not _main_line_differs(ctx):
        return None
    return Failure(
        Reason.OUT_OF_SCOPE,
        "the user already calls, and only PUT /people changes extension or main number; "
        "ALLOW_PEOPLE_PUT=false forbids it",
    )


def _read_person(ctx: RowContext) -> ApiRequest | None:
    if not _main_line_differs(ctx):
        return None
    return GET_PERSON.at(person_id=ctx.id_of("person"), params={"callingData": "true"})


def _put_person(ctx: RowContext) -> ApiRequest | None:
    if not _main_line_differs(ctx):
        return None
    number = ctx.row.get("phone_number")
    body = {
        "displayName": ctx.found["person_now"]["displayName"],
        "extension": ctx.row.get("extension"),
        "phoneNumbers": [{"type": "work", "value": number}] if number else None,
    }
    return UPDATE_PERSON_NUMBER.at(
        person_id=ctx.id_of("person"), params={"callingData": "true"}, json=without_nulls(body)
    )


def _person_answered(_: RowContext, answer: Answer) -> Failure | None:
    """A 204 carries no body; a 200 counts only with the person in it."""
    if answer.status == 204 or (isinstance(answer.json, dict) and answer.json.get("id")):
        return None
    return Failure(Reason.INVALID_RESPONSE_SCHEMA, "Webex answered 200, without id", answer.status, answer.tracking_id)


def _line_of(person: Item) -> tuple[object, ...]:
    numbers = sorted(str(entry.get("value")) for entry in person.get("phoneNumbers") or [])
    return (person.get("extension"), numbers)


def check_main_line(step: str) -> Check:
    """Stops a row, before any write, that would need the PUT /people which a setting forbids."""
    return Check(name=step, verdict=_people_put_verdict, reasons=(Reason.OUT_OF_SCOPE,))


def read_main_line(step: str) -> Read:
    """Reads the person whose extension or main number differs from the row's, immediately before the change."""
    return Read(
        name=step,
        endpoint=GET_PERSON,
        request=_read_person,
        save="person_now",
        expect=Expect(statuses=(200,), fields=("id", "displayName")),
        failures=(USER_GONE,),
    )


def put_main_line(step: str, *, reread: str) -> Write:
    """Changes extension or main number by the one PUT /people that exists.

    A refused PUT may have changed part of the record, so the person is read again before the refusal is reported.
    """
    again = Read(
        name=reread,
        endpoint=GET_PERSON,
        request=lambda ctx: GET_PERSON.at(person_id=ctx.id_of("person"), params={"callingData": "true"}),
        save="person_after",
    )
    return Write(
        name=step,
        endpoint=UPDATE_PERSON_NUMBER,
        request=_put_person,
        expect=Expect(statuses=(200, 204), proof=_person_answered, reasons=(Reason.INVALID_RESPONSE_SCHEMA,)),
        repeat=Repeat.SAFE,
        failures=(USER_GONE,),
        learns=lambda ctx, _: learn_numbers(ctx, "person", "PEOPLE"),
        second_look=SecondLook(
            read=again,
            changed=lambda ctx: _line_of(ctx.found["person_now"]) != _line_of(ctx.found["person_after"]),
        ),
    )


def _must_call_already(ctx: RowContext) -> Failure | None:
    if has_calling(ctx):
        return None
    return Failure(
        Reason.PRECONDITION_MISSING,
        f"{ctx.row.text('email')} has no calling licence yet; a user_calling_settings row gives one",
    )


# --- the types -------------------------------------------------------------------------------------------------

USER_CALLING_SETTINGS = EntityType(
    name="user_calling_settings",
    aliases=("user",),
    phase=Phase.USERS,
    rank=1,
    title="Gives an existing (directory) user Webex Calling in a location, and sets the line's basic settings.",
    prefix="user_",
    columns=(
        EMAIL,
        LOCATION_KEY,
        CALLING_ENABLED,
        Column(
            name="user_calling_license",
            help="Licence level; blank: professional for a user without one, else what the user has.",
            kind=Kind.CHOICE,
            choices=("professional", "standard"),
            feeds="licenses[].id",
            example="professional",
        ),
        EXTENSION,
        PHONE_NUMBER,
        *CALLING_SETTINGS_COLUMNS,
    ),
    entity_key=pl.col("email"),
    identity_columns=IDENTITY_COLUMNS,
    rules=CALLING_SETTINGS_RULES,
    owner=USER_OWNER,
    claims=(Claim("extension", per_location=True), Claim("phone_number")),
    joins=(Join(columns=("extension", "phone_number"), from_types=("user_numbers", "extension_assignment")),),
    result=("person",),
    touches=touched_user,
    out_of_scope=(
        OutOfScope(
            "calling_enabled",
            pl.col("calling_enabled") == "false",
            "removing a calling licence deletes number, voicemail and devices without undo; do it in Control Hub",
        ),
    ),
    example=WITHOUT_CUSTOM_CALLER_ID,
    alias_examples={
        "user": {
            "email": "luis.vega@example.com",
            "extension": "2102",
            "phone_number": "+34910002102",
            "calling_settings_voicemail_email": "luis.vega@example.com",
        }
    },
    steps=(
        user_lookup(),
        *location_steps(),
        inventory_lookup("numbers_precheck", "person"),
        Check(name="numbers_precheck", verdict=precheck("person"), reasons=PRECHECK_REASONS),
        *select_license("calling_license_select"),
        check_main_line("calling_license_select"),
        assign_license("user_enable_calling"),
        read_main_line("user_read"),
        put_main_line("user_primary_number_update", reread="user_read"),
        *person_settings(),
    ),
)

USER_NUMBERS = EntityType(
    name="user_numbers",
    phase=Phase.USERS,
    rank=2,
    title="Sets an existing calling user's extension, main number and alternate numbers.",
    prefix="user_",
    columns=(
        EMAIL,
        LOCATION_KEY,
        EXTENSION,
        PHONE_NUMBER,
        *alternate_columns("user_"),
    ),
    entity_key=pl.col("email"),
    identity_columns=IDENTITY_COLUMNS,
    rules=ALTERNATE_RULES,
    owner=USER_OWNER,
    claims=ALTERNATE_CLAIMS,
    result=("person",),
    touches=touched_user,
    steps=(
        user_lookup(),
        LookupMany(name="user_lookup", index=LICENSES, keys=lambda _: ALL_LICENSE_NAMES, save="licenses"),
        Check(name="user_lookup", verdict=_must_call_already, reasons=(Reason.PRECONDITION_MISSING,)),
        *location_steps(),
        inventory_lookup("numbers_precheck", "person"),
        Check(name="numbers_precheck", verdict=precheck("person"), reasons=PRECHECK_REASONS),
        check_main_line("numbers_precheck"),
        read_main_line("user_read"),
        put_main_line("user_primary_number_update", reread="user_read"),
        *alternate_steps(
            "user_numbers_read", "user_secondary_numbers_update", GET_PERSON_NUMBERS, UPDATE_PERSON_NUMBERS, USER_GONE
        ),
    ),
)

ENTITY_TYPES = (USER_CALLING_SETTINGS, USER_NUMBERS)
