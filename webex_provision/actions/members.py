"""Members of a group (agents, monitored lines): every reference resolved before a list that replaces is sent."""

from collections.abc import Sequence

import polars as pl

from webex_provision.actions.declaration import Failure, Index, Item, LookupMany, RowContext, Rule
from webex_provision.actions.indexes import (
    LOCATIONS,
    PARK_EXTENSIONS,
    PEOPLE,
    VIRTUAL_LINES,
    WORKSPACES,
    name_key,
    place_key,
)
from webex_provision.actions.row import Member
from webex_provision.vocabulary import Reason


def _keys(column: str, kind: str, ctx: RowContext) -> Sequence[str]:
    return [_key(ctx, member) for member in ctx.row.members(column) if member.kind == kind]


def _key(ctx: RowContext, member: Member) -> str:
    """A user by email; anything else by name, in its location when the reference names one.

    A workspace may be referred to by the external id of its row in this file.
    """
    if member.kind == "user":
        return member.name
    if member.kind == "park":
        place, extension = member.name.rsplit("/", 1)
        return place_key(_location_id(ctx, place), extension)
    name = ctx.references.name_of(member.kind, member.name)
    if member.location_key is None:
        return name_key(name)
    return place_key(_location_id(ctx, member.location_key), name)


def _location_id(ctx: RowContext, key: str) -> str:
    return str(ctx.found["member_locations"][ctx.references.name_of("location", key)][0]["id"])


def _locations(column: str, ctx: RowContext) -> Sequence[str]:
    members = ctx.row.members(column)
    keys = [member.location_key for member in members if member.location_key is not None]
    keys += [member.name.rsplit("/", 1)[0] for member in members if member.kind == "park"]
    return [ctx.references.name_of("location", key) for key in keys]


def _missing(ctx: RowContext, what: str, key: str, reason: Reason) -> Failure:
    return Failure(
        reason,
        f"member {what} '{key.removeprefix('name:').rsplit('/', 1)[-1]}' is not in the organisation; "
        f"nothing was sent, because {ctx.row.entity_key} would lose members",
    )


# Kind of a reference, where such members are listed, what messages call one, why a row without it stops.
_KINDS = (
    ("user", PEOPLE, "user", Reason.USER_NOT_FOUND),
    ("workspace", WORKSPACES, "workspace", Reason.WORKSPACE_NOT_FOUND),
    ("virtual_line", VIRTUAL_LINES, "virtual line", Reason.RESOURCE_DEPENDENCY_MISSING),
    ("park", PARK_EXTENSIONS, "park extension", Reason.RESOURCE_DEPENDENCY_MISSING),
)


def _lookup(step: str, column: str, kind: str, index: Index, what: str, reason: Reason) -> LookupMany:
    return LookupMany(
        name=step,
        index=index,
        keys=lambda ctx: _keys(column, kind, ctx),
        save=f"member_{kind}s",
        absent=lambda ctx, key: _missing(ctx, what, key, reason),
        reasons=(reason,),
    )


def member_lookups(step: str, column: str) -> tuple[LookupMany, ...]:
    """Finds every member of a list column: one that is missing or ambiguous stops the row before any write."""
    places = LookupMany(
        name=step,
        index=LOCATIONS,
        keys=lambda ctx: _locations(column, ctx),
        save="member_locations",
        absent=lambda ctx, key: _missing(ctx, "location", key, Reason.RESOURCE_DEPENDENCY_MISSING),
        reasons=(Reason.RESOURCE_DEPENDENCY_MISSING,),
    )
    return places, *(_lookup(step, column, *kind) for kind in _KINDS)


def no_parks(column: str) -> Rule:
    """For lists of those who can be called: a park extension is nobody."""
    return Rule(
        column, pl.col(column).str.contains(r"(^|\|)\s*park:"), "a park extension can't be a member; take it out"
    )


def member_items(ctx: RowContext, column: str) -> list[tuple[Member, Item]]:
    """The members of a list column with what was found of each, in the order of the cell."""
    return [(member, ctx.found[f"member_{member.kind}s"][_key(ctx, member)][0]) for member in ctx.row.members(column)]
