"""Internal dialling of a location: where extensions that Webex does not know are sent, such as those of a PBX."""

import polars as pl

from webex_provision.actions.action_helpers import needs, only_with
from webex_provision.actions.columns import LOCATION_KEY
from webex_provision.actions.declaration import Column, EntityType, Expect, Item, Kind, Repeat, RowContext, Write
from webex_provision.actions.failures import LOCATION_GONE
from webex_provision.actions.locations import location_steps
from webex_provision.actions.route_targets import target_columns, target_lookup, target_of
from webex_provision.vocabulary import Phase
from webex_provision.wire import ApiRequest, Endpoint

UPDATE_INTERNAL_DIALING = Endpoint(
    "PUT", "/telephony/config/locations/{location_id}/internalDialing", "spark-admin:telephony_config_write"
)
_PREFIX = "internal_dialing_"
_ENABLED, _TYPE, _KEY = f"{_PREFIX}enabled", f"{_PREFIX}target_type", f"{_PREFIX}target_key"


def _update(ctx: RowContext) -> ApiRequest:
    """On: with its target, or Webex answers 27344. Off: the switch alone."""
    body: Item = {"enableUnknownExtensionRoutePolicy": bool(ctx.row.flag(_ENABLED))}
    if ctx.row.flag(_ENABLED):
        target = target_of(ctx)
        body["unknownExtensionRouteIdentity"] = {"id": target["id"], "type": target["type"]}
    return UPDATE_INTERNAL_DIALING.at(location_id=ctx.id_of("location"), json=body)


INTERNAL_DIALING = EntityType(
    name="internal_dialing",
    phase=Phase.ROUTING,
    rank=4,
    title="Sends the unknown extensions of a location to a trunk or route group, or switches that off.",
    prefix=_PREFIX,
    columns=(
        LOCATION_KEY,
        Column(
            name=_ENABLED,
            help="Whether unknown extensions of 2 to 6 digits leave by the target.",
            kind=Kind.BOOLEAN,
            required=True,
            feeds="enableUnknownExtensionRoutePolicy",
            example="true",
        ),
        *target_columns(
            _PREFIX,
            required=False,
            feeds=("unknownExtensionRouteIdentity.type", "unknownExtensionRouteIdentity.id"),
        ),
    ),
    entity_key=pl.col("location_key"),
    result=("location",),
    touches=lambda ctx: [f"internal_dialing:{ctx.location_name().casefold()}"],
    rules=(
        needs(_TYPE, _ENABLED, equal="true"),
        needs(_KEY, _ENABLED, equal="true"),
        only_with(_TYPE, _ENABLED, equal="true"),
        only_with(_KEY, _ENABLED, equal="true"),
    ),
    steps=(
        *location_steps(),
        target_lookup(_PREFIX),
        Write(
            name="internal_dialing_update",
            endpoint=UPDATE_INTERNAL_DIALING,
            request=_update,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            failures=(LOCATION_GONE,),
            reads_back=True,
        ),
    ),
)

ENTITY_TYPES = (INTERNAL_DIALING,)
