"""Alternate numbers of a line, of a user or a workspace: a delta, computed against what the owner holds."""

from collections.abc import Iterator

import polars as pl

from webex_provision.actions.action_helpers import one_of, plain_number, without_nulls
from webex_provision.actions.columns import PHONE_NUMBERS_SECONDARY
from webex_provision.actions.declaration import (
    Claim,
    Column,
    Expect,
    FailureRule,
    Item,
    Kind,
    Learned,
    Read,
    RowContext,
    Rule,
    Write,
)
from webex_provision.actions.indexes import NUMBERS, held_entry
from webex_provision.actions.numbers import held_by
from webex_provision.wire import Answer, ApiRequest, Endpoint

RING_PATTERNS = ("NORMAL", "LONG_LONG", "SHORT_SHORT_LONG", "SHORT_LONG_SHORT")

ALTERNATE_CLAIMS = (
    Claim("extension", per_location=True),
    Claim("phone_number"),
    Claim("phone_numbers_secondary"),
)

ALTERNATE_RULES = (
    one_of("extension", "phone_number", "phone_numbers_secondary"),
    Rule(
        "phone_numbers_secondary",
        pl.col("phone_numbers_secondary").str.split("|").list.contains(pl.col("phone_number")),
        "the main number stands among the alternates too; list it once",
    ),
)


def alternate_columns(prefix: str) -> tuple[Column, ...]:
    """The list of alternates, and how it is applied."""
    return (
        PHONE_NUMBERS_SECONDARY,
        Column(
            name=f"{prefix}numbers_replace",
            help="true: alternates that the row does not list are taken away.",
            kind=Kind.BOOLEAN,
            feeds="phoneNumbers[].action",
            example="false",
        ),
        Column(
            name=f"{prefix}ring_pattern_secondary",
            help="Ring pattern of alternates that are added.",
            kind=Kind.CHOICE,
            choices=RING_PATTERNS,
            feeds="phoneNumbers[].ringPattern",
            example="LONG_LONG",
        ),
        Column(
            name=f"{prefix}distinctive_ring_enabled",
            help="Whether ring patterns are used.",
            kind=Kind.BOOLEAN,
            feeds="distinctiveRingEnabled",
            example="true",
        ),
    )


def asks_alternates(ctx: RowContext, prefix: str) -> bool:
    """Whether the row speaks of alternates or of how they ring."""
    return ctx.row.has("phone_numbers_secondary", f"{prefix}distinctive_ring_enabled")


def _alternates_now(ctx: RowContext) -> dict[str, Item]:
    entries = ctx.found["numbers_now"]["phoneNumbers"]
    return {
        plain_number(str(entry.get("directNumber") or entry.get("external"))): entry
        for entry in entries
        if not entry.get("primary") and (entry.get("directNumber") or entry.get("external"))
    }


def _known_alternates(ctx: RowContext, prefix: str, owner: str) -> Item | None:
    """What the number index shows on the owner: enough for an ADD, which Webex refuses where it shows too little.

    A number to take away, or a flag to compare, must be read.
    """
    if ctx.row.flag(f"{prefix}numbers_replace") or ctx.row.has(f"{prefix}distinctive_ring_enabled"):
        return None
    held = [item for item in held_by(ctx, owner) if item.get("phoneNumberType") == "ALTERNATE"]
    return {"phoneNumbers": [{"primary": False, "directNumber": item["phoneNumber"]} for item in held]}


def _changes(ctx: RowContext, prefix: str) -> Item | None:
    """A delta: a repeated ADD of a number that the owner holds must not be sent."""
    if ctx.found.get("numbers_now") is None:
        return None
    row, now = ctx.row, _alternates_now(ctx)
    wanted = row.items("phone_numbers_secondary")
    pattern = row.get(f"{prefix}ring_pattern_secondary")
    changes = [
        without_nulls({"primary": False, "action": "ADD", "directNumber": number, "ringPattern": pattern})
        for number in wanted
        if number not in now
    ]
    if row.flag(f"{prefix}numbers_replace"):
        gone = [number for number in now if number not in wanted]
        changes += [{"primary": False, "action": "DELETE", "directNumber": number} for number in gone]
    ring = row.flag(f"{prefix}distinctive_ring_enabled")
    ring_differs = ring is not None and ring != ctx.found["numbers_now"].get("distinctiveRingEnabled")
    if not changes and not ring_differs:
        return None
    return without_nulls({"phoneNumbers": changes, "distinctiveRingEnabled": ring})


def _learn(ctx: RowContext, prefix: str, owner: str, owner_type: str) -> Iterator[Learned]:
    wanted = ctx.row.items("phone_numbers_secondary")
    replaces = ctx.row.flag(f"{prefix}numbers_replace")
    gone = {number for number in _alternates_now(ctx) if replaces and number not in wanted}
    for number in [*wanted, *gone]:
        entry = held_entry(
            location_id=ctx.id_of("location"),
            owner_id=ctx.id_of(owner),
            owner_type=owner_type,
            extension=None,
            number=number,
        )
        holder = None if number in gone else entry["owner"]
        yield Learned(NUMBERS, {**entry, "owner": holder, "phoneNumberType": "ALTERNATE"})


def alternate_steps(
    reading: str, writing: str, read: Endpoint, write: Endpoint, gone: FailureRule, *, owner: str = "person"
) -> tuple[Read, Write]:
    """Reads what the owner (`person` or `workspace`) holds and sends the difference, if there is one."""
    prefix, owner_type = ("user_", "PEOPLE") if owner == "person" else ("workspace_", "PLACE")

    def look(ctx: RowContext) -> ApiRequest | None:
        if not asks_alternates(ctx, prefix):
            return None
        return read.at(owner_id=ctx.id_of(owner), params={"preferE164Format": "true"} if owner == "person" else None)

    def change(ctx: RowContext) -> ApiRequest | None:
        body = _changes(ctx, prefix)
        return None if body is None else write.at(owner_id=ctx.id_of(owner), json=body)

    def learn(ctx: RowContext, _: Answer) -> Iterator[Learned]:
        return _learn(ctx, prefix, owner, owner_type)

    return (
        Read(
            name=reading,
            endpoint=read,
            request=look,
            save="numbers_now",
            expect=Expect(statuses=(200,), fields=("phoneNumbers",)),
            failures=(gone,),
            known=lambda ctx: _known_alternates(ctx, prefix, owner),
        ),
        Write(
            name=writing,
            endpoint=write,
            request=change,
            expect=Expect(statuses=(200, 204)),
            recheck=reading,
            refuses_twins=True,
            failures=(gone,),
            learns=learn,
        ),
    )
