"""Workspaces: rooms and common-area lines with Webex Calling."""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from webex_provision.actions.action_helpers import first_filled, shows, without_nulls
from webex_provision.actions.calling_license import free_license
from webex_provision.actions.columns import CALLING_ENABLED, EXTENSION, LOCATION_KEY, PHONE_NUMBER
from webex_provision.actions.declaration import (
    Check,
    Claim,
    Column,
    EntityType,
    Expect,
    Failure,
    FailureRule,
    Item,
    Join,
    Kind,
    Learned,
    Lookup,
    LookupMany,
    OutOfScope,
    Repeat,
    RowContext,
    Rule,
    Write,
)
from webex_provision.actions.failures import NO_LICENSE, WORKSPACE_GONE
from webex_provision.actions.indexes import LICENSES, WORKSPACE_DETAILS, WORKSPACES, place_key
from webex_provision.actions.locations import location_steps
from webex_provision.actions.numbers import (
    PRECHECK_REASONS,
    elsewhere,
    held_by,
    holds,
    inventory_lookup,
    learn_numbers,
    line_that_remains,
    number_verdict,
)
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

CREATE_WORKSPACE = Endpoint("POST", "/workspaces", "spark-admin:workspaces_write")
UPDATE_WORKSPACE = Endpoint("PUT", "/workspaces/{workspace_id}", "spark-admin:workspaces_write")

LICENSE_NAMES = {
    "workspace": "Webex Calling - Workspaces",
    "professional": "Webex Calling - Professional",
    "hotdesk_only": "Webex Calling - Hot desk only",
}

WORKSPACE_OWNER = pl.format(
    "workspace:{}/{}", pl.col("location_key").str.to_lowercase(), pl.col("workspace_display_name").str.to_lowercase()
)


def workspace_name(ctx: RowContext) -> str:
    """The display name in the tenant; a row may name the workspace by the external id of its row instead."""
    name = ctx.row.get("workspace_display_name")
    return name or ctx.references.name_of("workspace", ctx.row.text("workspace_external_id"))


def touched_workspace(ctx: RowContext) -> list[str]:
    """One workspace is never written by two rows at a time."""
    return [f"workspace:{ctx.location_name().casefold()}/{workspace_name(ctx).casefold()}"]


def workspace_lookup(step: str = "workspace_lookup", *, must_exist: bool) -> Lookup:
    """Finds the row's workspace by location and display name; names alone are not unique in Webex."""

    def absent(ctx: RowContext) -> Failure:
        return Failure(
            Reason.WORKSPACE_NOT_FOUND,
            f"no workspace '{workspace_name(ctx)}' in {ctx.location_name()}, and no row of this file made it",
        )

    return Lookup(
        name=step,
        index=WORKSPACES,
        key=lambda ctx: (
            place_key(ctx.id_of("location"), workspace_name(ctx))
            if ctx.row.has("workspace_display_name", "workspace_external_id")
            else None
        ),
        save="workspace",
        confirm=True,
        ambiguous=Reason.PRECONDITION_MISSING,
        absent=absent if must_exist else None,
        reasons=(Reason.WORKSPACE_NOT_FOUND,) if must_exist else (),
    )


def line_differs(ctx: RowContext) -> bool:
    """Whether the number index shows another extension or main number on the workspace than the row wants."""
    extension, number = ctx.row.get("extension"), ctx.row.get("phone_number")
    return not holds(held_by(ctx, "workspace"), extension=extension, number=number)


def held_licenses(ctx: RowContext) -> list[str]:
    """Ids of the calling licences that the found workspace holds, as lists show them."""
    calling = (ctx.found["workspace"] or {}).get("calling") or {}
    held: list[str] = (calling.get("webexCalling") or {}).get("licenses") or []
    return held


def _license(ctx: RowContext) -> str | None:
    """The licence that the row asks for and the workspace does not hold yet; None when there is nothing to give."""
    wanted = ctx.row.get("workspace_calling_license")
    items = ctx.found["licenses"].get(LICENSE_NAMES[wanted], []) if wanted else []
    if any(item["id"] in held_licenses(ctx) for item in items):
        return None
    return free_license(items)


def _verdict(ctx: RowContext) -> Failure | None:
    found = ctx.found["workspace"]
    failure = elsewhere(ctx, "workspace") or number_verdict(ctx, owner_id=found and str(found["id"]))
    wanted = ctx.row.get("workspace_calling_license")
    if failure is not None or wanted is None:
        return failure
    items = ctx.found["licenses"][LICENSE_NAMES[wanted]]
    if free_license(items) is None and not any(item["id"] in held_licenses(ctx) for item in items):
        missing = f"no free licence '{LICENSE_NAMES[wanted]}' in the organisation"
        return Failure(Reason.LICENSE_OR_FEATURE_MISSING, missing)
    return None


def room_as_it_is(ctx: RowContext) -> Item:
    """What a PUT must say of a workspace that is there, lest it be cleared; `notSet` is what clearing leaves."""
    found = ctx.found["workspace"] or {}
    return {name: found[name] for name in WORKSPACE_DETAILS if found.get(name) not in (None, "", "notSet")}


def _room(ctx: RowContext) -> Item:
    row = ctx.row
    return room_as_it_is(ctx) | without_nulls(
        {
            "displayName": workspace_name(ctx),
            "type": row.get("workspace_type"),
            "capacity": row.number("workspace_capacity"),
            "notes": row.get("workspace_notes"),
            "hotdeskingStatus": row.get("workspace_hotdesking"),
        }
    )


def _calling(ctx: RowContext) -> Item:
    """The whole block: whether it merges or replaces is not recorded; absent licences are kept."""
    license_id = _license(ctx)
    licenses = {} if license_id is None else {"licenses": [license_id]}
    return {"type": "webexCalling", "webexCalling": line_that_remains(ctx, "workspace") | licenses}


def _create(ctx: RowContext) -> ApiRequest | None:
    if ctx.found["workspace"] is not None:
        return None
    devices = ctx.row.get("workspace_supported_devices") or "phones"
    place = {
        "locationId": ctx.id_of("location"),
        "supportedDevices": devices,
        "calling": _calling(ctx),
    }
    return CREATE_WORKSPACE.at(json=_room(ctx) | place)


def _update(ctx: RowContext) -> ApiRequest | None:
    if "workspace_create" in ctx.created:
        return None
    room = _room(ctx)
    now = (ctx.found["workspace"].get("calling") or {}).get("type")
    if now != "webexCalling" or line_differs(ctx) or _license(ctx) is not None:
        room["calling"] = _calling(ctx)
    elif shows(ctx.found["workspace"], room):
        return None
    return UPDATE_WORKSPACE.at(workspace_id=ctx.id_of("workspace"), json=room)


def learn_workspace(ctx: RowContext, answer: Answer) -> Iterator[Learned]:
    """What the workspace is called, where it is, and what it now holds."""
    told: Item = answer.json or {}
    calling = told.get("calling") or {"type": "webexCalling"}
    item = {
        **(ctx.found.get("workspace") or {}),
        "id": told.get("id") or ctx.id_of("workspace"),
        "displayName": workspace_name(ctx),
        "locationId": ctx.id_of("location"),
        "calling": calling,
        **{name: told[name] for name in ("hotdeskingStatus", *WORKSPACE_DETAILS) if name in told},
    }
    yield Learned(WORKSPACES, item)
    if ctx.row.has("extension", "phone_number"):
        yield from learn_numbers(ctx, "workspace", "PLACE")


REFUSED_LINE = (
    FailureRule(
        status=400,
        text="DIRECTORY_NUMBER_OR_EXTERNAL_NUMBER",
        reason=Reason.PRECONDITION_MISSING,
        advice="a calling workspace needs an extension or a number",
    ),
    FailureRule(
        status=400,
        text="devices",
        reason=Reason.PRECONDITION_MISSING,
        advice="Webex does not change the calling of a workspace that has devices; remove them first",
    ),
    NO_LICENSE,
)

WORKSPACE = EntityType(
    name="workspace",
    phase=Phase.USERS,
    rank=3,
    title="Creates or updates a room or common-area line with Webex Calling.",
    prefix="workspace_",
    columns=(
        Column(
            name="workspace_display_name",
            help="Name in the tenant; with the location it is the lookup key.",
            required=True,
            largest=128,
            feeds="displayName",
            example="Sala Goya",
        ),
        Column(
            name="workspace_external_id",
            help="Your own id; known in this file only, Webex has no such field.",
            kind=Kind.KEY,
            example="ROOM-001",
        ),
        LOCATION_KEY,
        replace(CALLING_ENABLED, help="Always true here: blank or true."),
        EXTENSION,
        PHONE_NUMBER,
        Column(
            name="workspace_calling_license",
            help="Licence; blank: Webex chooses. hotdesk_only takes no extension and no number.",
            kind=Kind.CHOICE,
            choices=tuple(LICENSE_NAMES),
            feeds="calling.webexCalling.licenses",
            example="workspace",
        ),
        Column(
            name="workspace_supported_devices",
            help="On creation only; blank: phones.",
            kind=Kind.CHOICE,
            choices=("phones", "collaborationDevices"),
            feeds="supportedDevices",
            example="phones",
        ),
        Column(
            name="workspace_type",
            help="What kind of room it is.",
            kind=Kind.CHOICE,
            choices=("notSet", "focus", "huddle", "meetingRoom", "open", "desk", "other"),
            feeds="type",
            example="meetingRoom",
        ),
        Column(
            name="workspace_capacity",
            help="How many people fit in.",
            kind=Kind.INTEGER,
            smallest=1,
            largest=100_000,
            feeds="capacity",
            example="8",
        ),
        Column(name="workspace_notes", help="Free text.", largest=1000, feeds="notes", example="Planta 2"),
        Column(
            name="workspace_hotdesking",
            help="Hot desking.",
            kind=Kind.CHOICE,
            choices=("on", "off"),
            feeds="hotdeskingStatus",
            example="off",
        ),
    ),
    entity_key=first_filled("workspace_external_id", "workspace_display_name"),
    called=("workspace_external_id", "workspace_display_name"),
    remote_name="workspace_display_name",
    result=("workspace",),
    owner=WORKSPACE_OWNER,
    claims=(Claim("extension", per_location=True), Claim("phone_number")),
    joins=(Join(columns=("extension", "phone_number"), from_types=("workspace_numbers", "extension_assignment")),),
    touches=touched_workspace,
    rules=(
        Rule(
            "extension",
            pl.col("workspace_calling_license").ne_missing("hotdesk_only")
            & pl.all_horizontal(pl.col("extension", "phone_number").is_null()),
            "a calling workspace needs an extension or a phone_number; fill one, or add a row that assigns it",
        ),
        Rule(
            "extension",
            (pl.col("workspace_calling_license") == "hotdesk_only")
            & pl.any_horizontal(pl.col("extension", "phone_number").is_not_null()),
            "hotdesk_only takes no extension and no phone_number; empty them",
        ),
    ),
    out_of_scope=(
        OutOfScope(
            "calling_enabled",
            pl.col("calling_enabled") == "false",
            "a workspace without Webex Calling is not made here; do it in Control Hub",
        ),
    ),
    example={"extension": "2301", "phone_number": "+34910002301", "workspace_calling_license": "professional"},
    steps=(
        *location_steps(),
        workspace_lookup(must_exist=False),
        LookupMany(
            name="calling_license_select",
            index=LICENSES,
            keys=lambda ctx: [
                LICENSE_NAMES[wanted] for wanted in [ctx.row.get("workspace_calling_license")] if wanted is not None
            ],
            save="licenses",
            absent=lambda _, name: Failure(
                Reason.LICENSE_OR_FEATURE_MISSING, f"the organisation has no licence '{name}'"
            ),
            reasons=(Reason.LICENSE_OR_FEATURE_MISSING,),
        ),
        inventory_lookup("numbers_precheck", "workspace"),
        Check(
            name="numbers_precheck", verdict=_verdict, reasons=(*PRECHECK_REASONS, Reason.LICENSE_OR_FEATURE_MISSING)
        ),
        Write(
            name="workspace_create",
            endpoint=CREATE_WORKSPACE,
            request=_create,
            expect=Expect(statuses=(200, 201), fields=("id",)),
            creates=True,
            save="workspace",
            recheck="workspace_lookup",
            refuses_twins=False,  # no uniqueness of names is documented: a second POST may make a twin
            failures=REFUSED_LINE,
            learns=learn_workspace,
        ),
        Write(
            name="workspace_update",
            endpoint=UPDATE_WORKSPACE,
            request=_update,
            expect=Expect(statuses=(200, 204), fields=("id",)),
            repeat=Repeat.SAFE,
            failures=(*REFUSED_LINE, WORKSPACE_GONE),
            learns=learn_workspace,
        ),
    ),
)

ENTITY_TYPES = (WORKSPACE,)
