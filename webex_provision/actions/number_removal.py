"""Taking a free number out of a location's inventory: last of all, behind a switch, because nothing here undoes it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import polars as pl

from webex_provision.actions.action_helpers import number_key, owner_of, path_key
from webex_provision.actions.columns import LOCATION_KEY
from webex_provision.actions.declaration import (
    Check,
    Claim,
    Column,
    EntityType,
    Expect,
    Failure,
    Item,
    Kind,
    Learned,
    Lookup,
    RowContext,
    Together,
    Write,
)
from webex_provision.actions.indexes import NUMBERS
from webex_provision.actions.inventory import CLAIMED_NUMBERS, MAIN_NUMBERS, here
from webex_provision.actions.locations import location_steps
from webex_provision.actions.pstn import INVENTORY_FAILURES, pstn_steps
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

REMOVE_NUMBERS = Endpoint(
    "DELETE", "/telephony/config/locations/{location_id}/numbers", "spark-admin:telephony_config_write"
)

MOST_A_CALL = 5  # numbers


def _allowed(ctx: RowContext) -> Failure | None:
    if ctx.options.allow_number_removal:
        return None
    return Failure(Reason.OUT_OF_SCOPE, "numbers are removed only with ALLOW_NUMBER_REMOVAL=true; set it, then retry")


def _verdict(ctx: RowContext) -> Failure | None:
    item: Item | None = ctx.found["number"]
    if item is None:
        return None
    number = ctx.row.text("number_to_remove")
    if not here(ctx, item):
        where = (item.get("location") or {}).get("name", "another location")
        return Failure(Reason.PRECONDITION_MISSING, f"{number} is in the inventory of {where}; mend location_key")
    if owner_of(item):
        kind = item["owner"].get("type", "another owner")
        return Failure(Reason.PRECONDITION_MISSING, f"{number} still belongs to a {kind}; free it, then retry")
    if item.get("mainNumber"):
        message = f"{number} is the main number of {ctx.location_name()}; name another one first"
        return Failure(Reason.PRECONDITION_MISSING, message)
    return None


def _remove(ctx: RowContext) -> ApiRequest | None:
    """A number that is not there is what the row wants; asked to remove it, Webex answers 502 (seen live)."""
    item: Item | None = ctx.found["number"]
    if item is None or not here(ctx, item):
        return None
    body = {"phoneNumbers": [ctx.row.text("number_to_remove")]}
    return REMOVE_NUMBERS.at(location_id=ctx.id_of("location"), json=body)


def _merge(requests: Sequence[ApiRequest]) -> ApiRequest:
    numbers = [number for request in requests for number in request.json["phoneNumbers"]]
    return replace(requests[0], json={"phoneNumbers": numbers})


def _learn(ctx: RowContext, _: Answer) -> Iterator[Learned]:
    yield Learned(NUMBERS, ctx.found["number"], gone=True)


NUMBER_REMOVAL = EntityType(
    name="number_removal",
    phase=Phase.SERVICES,
    rank=10,
    title="Takes a free phone number out of a location's inventory; only with ALLOW_NUMBER_REMOVAL=true.",
    prefix="number_",
    columns=(
        LOCATION_KEY,
        Column(
            name="number_to_remove",
            help="The number, E.164; nobody may hold it any longer. One that is not there counts as removed.",
            kind=Kind.PHONE_NUMBER,
            required=True,
            feeds="phoneNumbers",
            example="+34910002999",
        ),
    ),
    entity_key=path_key("location_key", "number_to_remove"),
    owner=pl.format("removal:{}", "number_to_remove"),
    claims=tuple(
        Claim("number_to_remove", pool=pool) for pool in (CLAIMED_NUMBERS, MAIN_NUMBERS, Kind.PHONE_NUMBER.value)
    ),
    result=("location",),
    touches=lambda ctx: [f"inventory:{ctx.location_name().casefold()}"],
    steps=(
        Check(name="removal_allowed", verdict=_allowed, reasons=(Reason.OUT_OF_SCOPE,)),
        *location_steps(),
        *pstn_steps("pstn_lookup"),
        Lookup(
            name="number_lookup",
            index=NUMBERS,
            key=lambda ctx: number_key(ctx.row.text("number_to_remove")),
            save="number",
            confirm=True,
            wants_absence=True,
        ),
        Check(name="number_lookup", verdict=_verdict, reasons=(Reason.PRECONDITION_MISSING,)),
        Write(
            name="number_remove",
            endpoint=REMOVE_NUMBERS,
            request=_remove,
            expect=Expect(statuses=(200, 204)),
            recheck="number_lookup",
            refuses_twins=True,
            failures=INVENTORY_FAILURES,
            learns=_learn,
            together=Together(size=lambda _: 1, most=MOST_A_CALL, of="numbers", merge=_merge),
        ),
    ),
)

ENTITY_TYPES = (NUMBER_REMOVAL,)
