"""Locations: a site, made a Webex Calling location. Phase 1, before everything else."""

from collections.abc import Iterator
from dataclasses import replace

import polars as pl

from webex_provision.actions.action_helpers import first_filled, shows, without_nulls
from webex_provision.actions.columns import ADDRESS, CALLING_ENABLED, LOCATION_KEY, TIME_ZONE
from webex_provision.actions.declaration import (
    Column,
    EntityType,
    Expect,
    Failure,
    FailureRule,
    Item,
    Kind,
    Learned,
    Lookup,
    OutOfScope,
    Read,
    Repeat,
    RowContext,
    SecondLook,
    Write,
)
from webex_provision.actions.indexes import CALLING_LOCATIONS, LOCATIONS
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

CREATE_LOCATION = Endpoint("POST", "/locations", "spark-admin:locations_write")
GET_LOCATION = Endpoint("GET", "/locations/{location_id}", "spark-admin:locations_read")
UPDATE_LOCATION = Endpoint("PUT", "/locations/{location_id}", "spark-admin:locations_write")
ENABLE_CALLING = Endpoint("POST", "/telephony/config/locations", "spark-admin:telephony_config_write")


def _named_location(ctx: RowContext) -> str | None:
    """None where the type lets a row have no location, and the row has none."""
    return ctx.location_name() if ctx.row.has("location_key") else None


def location_steps() -> tuple[Lookup, Lookup]:
    """How every other type resolves its `location_key`: the location must exist and have calling enabled."""
    return (
        Lookup(
            name="location_lookup",
            index=LOCATIONS,
            key=_named_location,
            save="location",
            confirm=True,
            absent=lambda ctx: Failure(
                Reason.RESOURCE_DEPENDENCY_MISSING,
                f"no location named '{ctx.location_name()}' in the tenant, and no row of this file made it",
            ),
            reasons=(Reason.RESOURCE_DEPENDENCY_MISSING,),
        ),
        Lookup(
            name="location_lookup",
            index=CALLING_LOCATIONS,
            key=_named_location,
            save="calling_location",
            confirm=True,
            absent=lambda ctx: Failure(
                Reason.PRECONDITION_MISSING,
                f"location '{ctx.location_name()}' is not enabled for Webex Calling; enable it by a location row",
            ),
            reasons=(Reason.PRECONDITION_MISSING,),
        ),
    )


def _name(ctx: RowContext) -> str:
    return ctx.row.text("location_name")


def _address(ctx: RowContext) -> Item:
    row = ctx.row
    return without_nulls(
        {
            "address1": row.text("address_line1"),
            "address2": row.get("address_line2"),
            "city": row.text("address_city"),
            "state": row.text("address_state"),
            "postalCode": row.text("address_postal_code"),
            "country": row.text("address_country"),
        }
    )


def _site(ctx: RowContext) -> Item:
    """The body that PUT /locations wants whole: it is a near-full replace, an omitted language is erased."""
    return {
        "name": _name(ctx),
        "timeZone": ctx.row.text("time_zone"),
        "preferredLanguage": ctx.row.text("location_preferred_language"),
        "address": _address(ctx),
    }


def _announcement_language(ctx: RowContext) -> str:
    """Lower case only: `en_US` is refused with 25046."""
    row = ctx.row
    return (row.get("location_announcement_language") or row.text("location_preferred_language")).lower()


_REFUSED = tuple(
    FailureRule(
        status=status,
        reason=Reason.NON_RETRYABLE_EXTERNAL,
        advice="if it is the address: that of a location with PSTN is changed in Control Hub",
    )
    for status in (400, 409)
)


def _create(ctx: RowContext) -> ApiRequest | None:
    if ctx.found["location"] is not None:
        return None
    row = ctx.row
    extras = {
        "announcementLanguage": _announcement_language(ctx),
        "latitude": row.get("location_latitude"),
        "longitude": row.get("location_longitude"),
        "notes": row.get("location_notes"),
    }
    return CREATE_LOCATION.at(json=_site(ctx) | without_nulls(extras))


def _is_so(ctx: RowContext) -> bool:
    """Whether the location is already as the row wants it, as the list shows it or, after a refusal, a read."""
    now: Item = ctx.found.get("location_now") or ctx.found["location"]
    held: Item = now.get("address") or {}
    return shows(now, _site(ctx) | {"address": now.get("address")}) and shows(held, _address(ctx))


def _update(ctx: RowContext) -> ApiRequest | None:
    if "location_create" in ctx.created or _is_so(ctx):
        return None
    return UPDATE_LOCATION.at(location_id=ctx.id_of("location"), json=_site(ctx))


def _enable(ctx: RowContext) -> ApiRequest | None:
    if ctx.row.flag("calling_enabled") is False or ctx.found["calling_location"] is not None:
        return None
    language = {"announcementLanguage": _announcement_language(ctx)}
    return ENABLE_CALLING.at(json={"id": ctx.id_of("location")} | _site(ctx) | language)


def _learn_location(ctx: RowContext, answer: Answer) -> Iterator[Learned]:
    yield Learned(LOCATIONS, {"id": answer.json["id"], "name": _name(ctx)})


def _learn_calling(ctx: RowContext, _: Answer) -> Iterator[Learned]:
    yield Learned(CALLING_LOCATIONS, {"id": ctx.id_of("location"), "name": _name(ctx)})


LOCATION = EntityType(
    name="location",
    phase=Phase.ROUTING,
    rank=1,
    title="Creates or aligns a site and makes it a Webex Calling location.",
    prefix="location_",
    columns=(
        replace(LOCATION_KEY, required=False, help="A short key for this location; other rows may refer to it."),
        Column(
            name="location_name",
            help="Name in the tenant; the lookup key (a renamed location is a new one).",
            required=True,
            largest=80,
            feeds="name",
            example="Madrid HQ",
        ),
        Column(
            name="location_external_id",
            help="Your own id; known in this file only, Webex has no such field.",
            kind=Kind.KEY,
            example="ES-MAD-01",
        ),
        replace(TIME_ZONE, required=True),
        Column(
            name="location_preferred_language",
            help="Language of the location, such as es_ES.",
            kind=Kind.LANGUAGE,
            pattern=r"^[a-z]{2}_[A-Za-z]{2}$",
            required=True,
            feeds="preferredLanguage",
            example="es_ES",
        ),
        Column(
            name="location_announcement_language",
            help="Language of announcements, lower case; blank: the preferred language.",
            kind=Kind.LANGUAGE,
            feeds="announcementLanguage",
            example="es_es",
        ),
        *ADDRESS,
        Column(
            name="location_latitude",
            help="Degrees; on creation only.",
            kind=Kind.DECIMAL,
            smallest=-90,
            largest=90,
            feeds="latitude",
            example="40.4168",
        ),
        Column(
            name="location_longitude",
            help="Degrees; on creation only.",
            kind=Kind.DECIMAL,
            smallest=-180,
            largest=180,
            feeds="longitude",
            example="-3.7038",
        ),
        Column(
            name="location_notes", help="Free text; on creation only.", largest=1000, feeds="notes", example="Site 1"
        ),
        CALLING_ENABLED,
        Column(name="location_caller_id_policy", help="Not served by any API.", example=""),
    ),
    entity_key=first_filled("location_external_id", "location_name"),
    called=("location_external_id", "location_key", "location_name"),
    remote_name="location_name",
    result=("location",),
    touches=lambda ctx: [f"location:{_name(ctx).casefold()}"],
    out_of_scope=(
        OutOfScope(
            "location_caller_id_policy",
            pl.col("location_caller_id_policy").is_not_null(),
            "no API field holds a location's caller ID policy; set it in Control Hub and empty the cell",
        ),
    ),
    steps=(
        Lookup(name="location_lookup", index=LOCATIONS, key=_name, save="location", confirm=True),
        Lookup(name="calling_lookup", index=CALLING_LOCATIONS, key=_name, save="calling_location"),
        Write(
            name="location_create",
            endpoint=CREATE_LOCATION,
            request=_create,
            expect=Expect(statuses=(200, 201), fields=("id",)),
            creates=True,
            save="location",
            recheck="location_lookup",
            refuses_twins=True,
            learns=_learn_location,
        ),
        Write(
            name="location_update",
            endpoint=UPDATE_LOCATION,
            request=_update,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
            failures=_REFUSED,
            # Whether a location that has PSTN takes its address again, even the same one, is not recorded.
            second_look=SecondLook(
                read=Read(
                    name="location_update",
                    endpoint=GET_LOCATION,
                    request=lambda ctx: GET_LOCATION.at(location_id=ctx.id_of("location")),
                    save="location_now",
                ),
                insist=_REFUSED,
            ),
        ),
        Write(
            name="location_enable_calling",
            endpoint=ENABLE_CALLING,
            request=_enable,
            expect=Expect(statuses=(200, 201), fields=("id",)),
            recheck="calling_lookup",
            refuses_twins=True,
            failures=(
                FailureRule(
                    status=403,
                    reason=Reason.LICENSE_OR_FEATURE_MISSING,
                    codes=("BIFROST-B10005",),
                    advice="the organisation has no Webex Calling",
                ),
            ),
            learns=_learn_calling,
        ),
    ),
)

ENTITY_TYPES = (LOCATION,)
