"""Extension assignment: the extension and main number of an existing user or workspace, then its final settings."""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from webex_provision.actions.action_helpers import first_filled, not_both, one_of, path_key
from webex_provision.actions.calling_license import assign_license, select_license
from webex_provision.actions.calling_settings import (
    CALLING_SETTINGS_COLUMNS,
    CALLING_SETTINGS_RULES,
    WITHOUT_CUSTOM_CALLER_ID,
    person_settings,
    workspace_settings,
)
from webex_provision.actions.columns import EMAIL, EXTENSION, IDENTITY_COLUMNS, LOCATION_KEY, PHONE_NUMBER
from webex_provision.actions.declaration import (
    Check,
    Claim,
    Column,
    EntityType,
    RefersTo,
    RowContext,
)
from webex_provision.actions.locations import location_steps
from webex_provision.actions.numbers import PRECHECK_REASONS, inventory_lookup, precheck
from webex_provision.actions.users import (
    USER_OWNER,
    check_main_line,
    put_main_line,
    read_main_line,
    touched_user,
    user_lookup,
)
from webex_provision.actions.workspace_lines import put_workspace_line
from webex_provision.actions.workspaces import WORKSPACE_OWNER, touched_workspace, workspace_lookup
from webex_provision.vocabulary import Phase

_LOOKUP = "assignment_lookup"
_ASSIGN = "assign_extension_or_number"
_SETTINGS = "apply_final_settings"


def _touches(ctx: RowContext) -> Iterator[str]:
    yield from touched_user(ctx) if ctx.row.has("email") else touched_workspace(ctx)


EXTENSION_ASSIGNMENT = EntityType(
    name="extension_assignment",
    phase=Phase.SERVICES,
    rank=1,
    title="Assigns extension and/or main number to an existing user or workspace, then its final settings.",
    prefix="workspace_",
    columns=(
        replace(EMAIL, required=False, help="The user who gets the line; else workspace_display_name."),
        Column(
            name="workspace_display_name",
            help="The workspace that gets the line, by its name in the tenant; else email.",
            largest=128,
            refers_to=(RefersTo("workspace", same_location=True),),
            feeds="lookup key",
            example="Sala Goya",
        ),
        LOCATION_KEY,
        EXTENSION,
        PHONE_NUMBER,
        *CALLING_SETTINGS_COLUMNS,
    ),
    entity_key=path_key("location_key", first_filled("extension", "phone_number")),
    identity_columns=IDENTITY_COLUMNS,
    rules=(
        one_of("email", "workspace_display_name"),
        not_both("email", "workspace_display_name"),
        one_of("extension", "phone_number"),
        *CALLING_SETTINGS_RULES,
    ),
    owner=pl.coalesce(USER_OWNER, WORKSPACE_OWNER),
    claims=(Claim("extension", per_location=True), Claim("phone_number")),
    result=("person", "workspace"),
    touches=_touches,
    example=WITHOUT_CUSTOM_CALLER_ID
    | {
        "email": "eva.costa@example.com",
        "workspace_display_name": "",
        "extension": "2103",
        "phone_number": "+34910002103",
        "calling_settings_voicemail_email": "eva.costa@example.com",
    },
    steps=(
        *location_steps(),
        user_lookup(_LOOKUP),
        workspace_lookup(_LOOKUP, must_exist=True),
        inventory_lookup(_LOOKUP, "person", "workspace"),
        Check(name=_LOOKUP, verdict=precheck("person"), reasons=PRECHECK_REASONS),
        Check(name=_LOOKUP, verdict=precheck("workspace"), reasons=PRECHECK_REASONS),
        *select_license(_LOOKUP),
        check_main_line(_LOOKUP),
        assign_license(_ASSIGN),
        read_main_line(_ASSIGN),
        put_main_line(_ASSIGN, reread=_LOOKUP),
        put_workspace_line(_ASSIGN),
        *person_settings(_SETTINGS, settles_after=_ASSIGN),
        *workspace_settings(_SETTINGS),
    ),
)

ENTITY_TYPES = (EXTENSION_ASSIGNMENT,)
