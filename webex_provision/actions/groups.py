"""Groups of users, to which templates and settings are assigned, and who is in them.

The bodies are the plain ones of the API's own examples, not the SCIM bodies of its published schema.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from webex_provision.actions.action_helpers import uuid_of, without_nulls
from webex_provision.actions.declaration import (
    Claim,
    Column,
    EntityType,
    Expect,
    Failure,
    FailureRule,
    Item,
    Kind,
    Learned,
    Lookup,
    LookupMany,
    Read,
    RefersTo,
    Repeat,
    RowContext,
    Rule,
    SecondLook,
    Together,
    Write,
)
from webex_provision.actions.indexes import GROUPS as GROUP_LIST
from webex_provision.actions.indexes import PEOPLE
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

_WRITE = "identity:groups_rw"
CREATE_GROUP = Endpoint("POST", "/groups", _WRITE)
UPDATE_GROUP = Endpoint("PATCH", "/groups/{group_id}", _WRITE)
DELETE_GROUP = Endpoint("DELETE", "/groups/{group_id}", _WRITE)
LIST_MEMBERS = Endpoint("GET", "/groups/{group_id}/members", "identity:groups_read")

MOST_MEMBERS = 500  # in one request, and in one page of members
_OPERATIONS = {"add": "add", "remove": "delete"}

_SYNCHRONISED = (
    FailureRule(
        status=400,
        reason=Reason.NON_RETRYABLE_EXTERNAL,
        advice="if the directory synchronises this group, change it there",
    ),
    FailureRule(
        status=403,
        reason=Reason.PERMISSION_DENIED,
        advice="if the directory synchronises this group, change it there",
    ),
)


def _plain_name(column: str) -> Rule:
    broken = pl.col(column).str.contains(r'["\\]')
    return Rule(column, broken, f'{column} holds " or \\, and no search can ask for it; rename the group')


# --- groups ------------------------------------------------------------------------------------------------------


def _create(ctx: RowContext) -> ApiRequest | None:
    if ctx.found["group"] is not None:
        return None
    row = ctx.row
    body = {"displayName": row.text("group_name"), "description": row.get("group_description")}
    return CREATE_GROUP.at(json=without_nulls(body))


def _describe(ctx: RowContext) -> ApiRequest | None:
    if "group_create" in ctx.created or not ctx.row.has("group_description"):
        return None
    return UPDATE_GROUP.at(group_id=ctx.id_of("group"), json={"description": ctx.row.text("group_description")})


def _learn(ctx: RowContext, answer: Answer) -> Iterator[Learned]:
    yield Learned(GROUP_LIST, {"id": answer.json["id"], "displayName": ctx.row.text("group_name")})


def _delete(ctx: RowContext) -> ApiRequest:
    return DELETE_GROUP.at(group_id=ctx.id_of("group"))


GROUPS = EntityType(
    name="groups",
    phase=Phase.SERVICES,
    rank=2,
    title="Creates a group of users, or changes its description.",
    prefix="group_",
    columns=(
        Column(
            name="group_name",
            help="Name in the tenant, the lookup key; a group is never renamed.",
            required=True,
            largest=256,
            feeds="displayName",
            example="Ventas Madrid",
        ),
        Column(
            name="group_description",
            help="What the group is for.",
            largest=1024,
            feeds="description",
            example="Equipo de ventas",
        ),
        Column(
            name="group_external_id",
            help="Your own key, by which other rows of this file may refer to the group; not sent.",
            kind=Kind.KEY,
            example="G-100",
        ),
    ),
    entity_key=pl.col("group_name"),
    rules=(_plain_name("group_name"),),
    called=("group_external_id",),
    remote_name="group_name",
    result=("group",),
    touches=lambda ctx: [f"group:{ctx.row.text('group_name').casefold()}"],
    steps=(
        Lookup(
            name="group_lookup",
            index=GROUP_LIST,
            key=lambda ctx: ctx.row.text("group_name"),
            save="group",
            confirm=True,
        ),
        Write(
            name="group_create",
            endpoint=CREATE_GROUP,
            request=_create,
            expect=Expect(statuses=(200, 201), fields=("id",)),
            creates=True,
            save="group",
            recheck="group_lookup",
            learns=_learn,
            compensate=_delete,
        ),
        Write(
            name="group_update",
            endpoint=UPDATE_GROUP,
            request=_describe,
            expect=Expect(statuses=(200, 204), fields=("id",)),
            repeat=Repeat.SAFE,
            failures=_SYNCHRONISED,
        ),
    ),
)


# --- group_membership --------------------------------------------------------------------------------------------


def _group_name(ctx: RowContext) -> str:
    return ctx.references.name_of("groups", ctx.row.text("member_group_name"))


def _no_group(ctx: RowContext) -> Failure:
    return Failure(
        Reason.RESOURCE_DEPENDENCY_MISSING,
        f"no group named '{_group_name(ctx)}' in the tenant, and no row of this file made it",
    )


def _no_user(ctx: RowContext, email: str) -> Failure:
    return Failure(Reason.USER_NOT_FOUND, f"no user {email} in the organisation; nothing of the row was sent")


def _action(ctx: RowContext) -> str:
    return ctx.row.get("member_action") or "add"


def _open_changes(ctx: RowContext) -> list[Item]:
    """The people still to be added or removed, as far as the members that were read tell."""
    people = [ctx.found["member_users"][email][0] for email in ctx.row.items("member_emails")]
    read = ctx.found.get("members_now")
    if read is None:
        return people
    members = read.get("members") or []
    present = {uuid_of(str(member["id"])) for member in members}
    if _action(ctx) == "add":
        return [person for person in people if uuid_of(str(person["id"])) not in present]
    # A page that does not show the whole group proves nobody's absence.
    whole = len(members) >= (read.get("memberSize") or 0)
    return [person for person in people if not whole or uuid_of(str(person["id"])) in present]


def _apply(ctx: RowContext) -> ApiRequest | None:
    operation = _OPERATIONS[_action(ctx)]
    changes = [{"id": person["id"], "operation": operation} for person in _open_changes(ctx)]
    if not changes:
        return None
    return UPDATE_GROUP.at(group_id=ctx.id_of("group"), json={"members": changes})


def _merge_members(requests: Sequence[ApiRequest]) -> ApiRequest:
    """Each person once: two rows may say the same of one."""
    changes = {change["id"]: change for request in requests for change in request.json["members"]}
    return replace(requests[0], json={"members": list(changes.values())})


def _read_members(ctx: RowContext) -> ApiRequest:
    """One page, never a small one: paging members by small pages is known to be faulty."""
    return LIST_MEMBERS.at(group_id=ctx.id_of("group"), params={"startIndex": 1, "count": MOST_MEMBERS})


def _fingerprint(cell: str) -> str:
    """An email itself; of several the start of a hash that does not depend on their order."""
    emails = cell.split("|")
    if len(emails) == 1:
        return cell
    return hashlib.sha256("|".join(sorted(emails)).encode()).hexdigest()[:8]


_ACTION = pl.col("member_action").fill_null("add")

GROUP_MEMBERSHIP = EntityType(
    name="group_membership",
    phase=Phase.SERVICES,
    rank=3,
    title="Adds users to a group, or removes them from it.",
    prefix="member_",
    columns=(
        Column(
            name="member_group_name",
            help="The group: a key of its row in this file, else its name in the tenant.",
            required=True,
            largest=256,
            refers_to=(RefersTo("groups"),),
            feeds="groupId",
            example="Ventas Madrid",
        ),
        Column(
            name="member_emails",
            help="The users to add or remove.",
            kind=Kind.EMAIL,
            required=True,
            many=True,
            most_items=MOST_MEMBERS,
            feeds="members[].id",
            example="ana.ruiz@example.com|luis.vega@example.com",
        ),
        Column(
            name="member_action",
            help="What is done with them; blank: add.",
            kind=Kind.CHOICE,
            choices=tuple(_OPERATIONS),
            feeds="members[].operation",
            example="add",
        ),
    ),
    entity_key=pl.concat_str(
        "member_group_name",
        _ACTION,
        pl.col("member_emails").map_elements(_fingerprint, return_dtype=pl.String),
        separator=":",
    ),
    rules=(_plain_name("member_group_name"),),
    # Adding and removing one user of one group exclude each other; saying one of them twice does not.
    owner=_ACTION,
    claims=(Claim("member_emails", within="member_group_name"),),
    result=("group",),
    touches=lambda ctx: [f"group:{_group_name(ctx).casefold()}"],
    steps=(
        Lookup(
            name="group_lookup",
            index=GROUP_LIST,
            key=_group_name,
            save="group",
            confirm=True,
            absent=_no_group,
            reasons=(Reason.RESOURCE_DEPENDENCY_MISSING,),
        ),
        LookupMany(
            name="member_lookup",
            index=PEOPLE,
            keys=lambda ctx: ctx.row.items("member_emails"),
            save="member_users",
            absent=_no_user,
            reasons=(Reason.USER_NOT_FOUND,),
        ),
        Write(
            name="membership_apply",
            endpoint=UPDATE_GROUP,
            request=_apply,
            expect=Expect(statuses=(200, 204), fields=("id",)),
            repeat=Repeat.SAFE,
            failures=_SYNCHRONISED,
            # What adding a present member answers is not recorded: when it is a refusal, only the rest is sent.
            second_look=SecondLook(
                read=Read(name="membership_apply", endpoint=LIST_MEMBERS, request=_read_members, save="members_now"),
                insist=tuple(
                    FailureRule(status=status, reason=Reason.NON_RETRYABLE_EXTERNAL) for status in (400, 404, 409)
                ),
            ),
            together=Together(
                size=lambda ctx: len(ctx.row.items("member_emails")),
                most=MOST_MEMBERS,
                of="members",
                merge=_merge_members,
            ),
        ),
    ),
)

ENTITY_TYPES = (GROUPS, GROUP_MEMBERSHIP)
