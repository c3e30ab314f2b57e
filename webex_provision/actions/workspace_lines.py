"""What the types about the line of an existing workspace share: how a row names it, and what it must be or hold."""

from collections.abc import Callable

from webex_provision.actions.action_helpers import first_filled, one_of
from webex_provision.actions.columns import LOCATION_KEY
from webex_provision.actions.declaration import (
    Check,
    Column,
    Expect,
    Failure,
    Kind,
    LookupMany,
    NamedBy,
    RefersTo,
    Repeat,
    RowContext,
    Step,
    Write,
)
from webex_provision.actions.failures import WORKSPACE_GONE
from webex_provision.actions.indexes import LICENSES
from webex_provision.actions.locations import location_steps
from webex_provision.actions.numbers import line_that_remains
from webex_provision.actions.workspaces import (
    LICENSE_NAMES,
    REFUSED_LINE,
    UPDATE_WORKSPACE,
    held_licenses,
    learn_workspace,
    line_differs,
    room_as_it_is,
    workspace_lookup,
    workspace_name,
)
from webex_provision.vocabulary import Reason
from webex_provision.wire import ApiRequest

WORKSPACE_COLUMNS = (
    Column(
        name="workspace_display_name",
        help="The workspace, by its name in the tenant; else workspace_external_id.",
        largest=128,
        refers_to=(RefersTo("workspace", same_location=True),),
        feeds="lookup key",
        example="Sala Goya",
    ),
    Column(
        name="workspace_external_id",
        help="The workspace, by the id that its workspace row in this file has; else workspace_display_name.",
        kind=Kind.KEY,
        example="ROOM-001",
    ),
    LOCATION_KEY,
)
WORKSPACE_NAMED = one_of("workspace_display_name", "workspace_external_id")
WORKSPACE_NAMED_BY = NamedBy("workspace_display_name", "workspace_external_id", "workspace")
WORKSPACE_KEY = first_filled("workspace_external_id", "workspace_display_name")

_NOT_CALLING = "has no Webex Calling; a workspace row gives it"


def _must_call(ctx: RowContext) -> Failure | None:
    kind = (ctx.found["workspace"].get("calling") or {}).get("type", "webexCalling")
    if kind == "webexCalling":
        return None
    return Failure(Reason.PRECONDITION_MISSING, f"workspace '{workspace_name(ctx)}' {_NOT_CALLING}")


def calling_workspace_steps() -> tuple[Step, ...]:
    """Finds the row's location and workspace, which must have Webex Calling."""
    return (
        *location_steps(),
        workspace_lookup(must_exist=True),
        Check(name="workspace_lookup", verdict=_must_call, reasons=(Reason.PRECONDITION_MISSING,)),
    )


def _always(_: RowContext) -> bool:
    return True


def professional_steps(
    step: str, what: str, *, when: Callable[[RowContext], bool] = _always
) -> tuple[LookupMany, Check]:
    """Stops a row, before any write, that asks of a workspace what only a Professional licence serves.

    A workspace whose licences no list shows is left to the service to judge.
    """

    def verdict(ctx: RowContext) -> Failure | None:
        items = ctx.found["place_licenses"][LICENSE_NAMES["professional"]]
        held = set(held_licenses(ctx))
        if not when(ctx) or not held or held & {str(item["id"]) for item in items}:
            return None
        missing = f"{what} needs '{LICENSE_NAMES['professional']}', which '{workspace_name(ctx)}' does not hold"
        return Failure(Reason.LICENSE_OR_FEATURE_MISSING, missing)

    lookup = LookupMany(
        name=step, index=LICENSES, keys=lambda _: [LICENSE_NAMES["professional"]], save="place_licenses"
    )
    return lookup, Check(name=step, verdict=verdict, reasons=(Reason.LICENSE_OR_FEATURE_MISSING,))


def _put_line(ctx: RowContext) -> ApiRequest | None:
    if ctx.found.get("workspace") is None or not line_differs(ctx):
        return None
    body = room_as_it_is(ctx) | {
        "displayName": workspace_name(ctx),
        "calling": {"type": "webexCalling", "webexCalling": line_that_remains(ctx, "workspace")},
    }
    return UPDATE_WORKSPACE.at(workspace_id=ctx.id_of("workspace"), json=body)


def put_workspace_line(step: str) -> Write:
    """Changes extension and main number of an existing workspace; nothing to do when the index shows them."""
    return Write(
        name=step,
        endpoint=UPDATE_WORKSPACE,
        request=_put_line,
        expect=Expect(statuses=(200, 204), fields=("id",)),
        repeat=Repeat.SAFE,
        failures=(*REFUSED_LINE, WORKSPACE_GONE),
        learns=learn_workspace,
    )
