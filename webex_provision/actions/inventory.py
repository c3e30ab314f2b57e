"""The number inventory of a location: numbers come in, are switched on or off, one is the main number, some go."""

from collections.abc import Iterator, Sequence
from functools import partial

import polars as pl

from webex_provision.actions.action_helpers import (
    chunk_names,
    chunk_of,
    number_key,
    owner_of,
    uuid_of,
    without_nulls,
)
from webex_provision.actions.declaration import (
    Check,
    Claim,
    EntityType,
    Expect,
    Failure,
    FailureRule,
    Item,
    Learned,
    LookupMany,
    Read,
    Repeat,
    RowContext,
    SecondLook,
    Write,
)
from webex_provision.actions.indexes import LIST_NUMBERS, NUMBERS
from webex_provision.actions.inventory_columns import COLUMNS, DIGEST, EXAMPLE_NUMBERS, MOST_NUMBERS, RULES
from webex_provision.actions.locations import location_steps
from webex_provision.actions.pstn import INVENTORY_FAILURES, pstn_steps
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

_WRITE = "spark-admin:telephony_config_write"
_INVENTORY = "/telephony/config/locations/{location_id}/numbers"
ADD_NUMBERS = Endpoint("POST", _INVENTORY, _WRITE)
CHANGE_NUMBERS = Endpoint("PUT", _INVENTORY, _WRITE)
UPDATE_CALLING_LOCATION = Endpoint("PUT", "/telephony/config/locations/{location_id}", _WRITE)

_CHUNK = 100  # no limit is documented for an ADD of direct numbers

CLAIMED_NUMBERS = "numbers of an inventory"  # a number is added, switched or removed by one row of a file
MAIN_NUMBERS = "main numbers of locations"


def here(ctx: RowContext, item: Item) -> bool:
    """Whether an entry of the number index is in the row's location."""
    return uuid_of(str((item.get("location") or {}).get("id", ""))) == uuid_of(ctx.id_of("location"))


def _adds(ctx: RowContext) -> bool:
    return ctx.row.text("number_action") == "ADD"


def _listed(ctx: RowContext) -> list[str]:
    return ctx.row.items("number_phone_numbers")


def _entry(ctx: RowContext, number: str) -> Item | None:
    """What the number index says of a number of the row; None when the organisation does not have it."""
    found: list[Item] = ctx.found["listed" if _adds(ctx) else "held"].get(number_key(number), [])
    return found[0] if found else None


def _keys(ctx: RowContext, *, adds: bool) -> Sequence[str]:
    return [number_key(number) for number in _listed(ctx)] if _adds(ctx) is adds else []


def _verdict(ctx: RowContext) -> Failure | None:
    """Every number of the row is where it may be, and may be switched as the row wants; before any write."""
    for number in _listed(ctx):
        item = _entry(ctx, number)
        if item is None and not _adds(ctx):
            return Failure(Reason.NUMBER_INVENTORY_MISSING, f"{number} is not in the inventory; ADD it first")
        if item is None:
            continue
        if not here(ctx, item):
            where = (item.get("location") or {}).get("name", "another location")
            message = f"{number} is in the inventory of {where}, not of {ctx.location_name()}; move it in Control Hub"
            return Failure(Reason.PRECONDITION_MISSING, message)
        failure = _switchable(ctx, number, item)
        if failure is not None:
            return failure
    return _main_verdict(ctx)


def _switchable(ctx: RowContext, number: str, item: Item) -> Failure | None:
    action = ctx.row.text("number_action")
    if action == "ADD" or item.get("state") == _wanted_state(ctx):
        return None
    if item.get("includedTelephonyTypes") == "MOBILE_NUMBER":
        message = f"{number} is a mobile number: it is active while it is assigned"
        return Failure(Reason.PRECONDITION_MISSING, message)
    if action == "DEACTIVATE" and (owner_of(item) or item.get("mainNumber")):
        return Failure(Reason.PRECONDITION_MISSING, f"{number} is assigned; free it before it is switched off")
    return None


def _main_verdict(ctx: RowContext) -> Failure | None:
    number = ctx.row.get("number_main_phone_number")
    if number is None or number in _listed(ctx):
        return None
    items: list[Item] = ctx.found["main"].get(number_key(number), [])
    if items and here(ctx, items[0]):
        return None
    message = f"the main number {number} is not in the inventory of {ctx.location_name()}; ADD it first"
    return Failure(Reason.NUMBER_INVENTORY_MISSING, message)


def _turns(ctx: RowContext, *, adds: bool) -> list[str]:
    return chunk_names(_listed(ctx), _CHUNK) if _adds(ctx) is adds else []


def _part(ctx: RowContext) -> Sequence[str]:
    """The numbers of one request."""
    return chunk_of(_listed(ctx), _CHUNK, ctx.item)


def _add(ctx: RowContext) -> ApiRequest | None:
    """Those that are missing only: an ADD with a number that is there is refused whole (409, seen live)."""
    missing = [number for number in _part(ctx) if _entry(ctx, number) is None]
    if not missing:
        return None
    row = ctx.row
    body = {
        "phoneNumbers": missing,
        "numberType": row.get("number_type"),
        "numberUsageType": row.get("number_usage_type"),
        # Sources differ on what Webex takes when it is not said.
        "state": row.get("number_initial_state") or "ACTIVE",
    }
    return ADD_NUMBERS.at(location_id=ctx.id_of("location"), json=without_nulls(body))


def _added(ctx: RowContext) -> bool:
    """Whether a refused ADD has brought some of its numbers in all the same."""
    before = ctx.found["listed_before"]
    part = [number for number in _part(ctx) if not before.get(number_key(number))]
    return any(_entry(ctx, number) is not None for number in part)


def _wanted_state(ctx: RowContext) -> str:
    return "INACTIVE" if ctx.row.text("number_action") == "DEACTIVATE" else "ACTIVE"


def _others(ctx: RowContext) -> list[str]:
    """The numbers of one request that are in the other state."""
    return [number for number in _part(ctx) if (_entry(ctx, number) or {}).get("state") != _wanted_state(ctx)]


def _switch(ctx: RowContext) -> ApiRequest | None:
    numbers = _others(ctx)
    if not numbers:
        return None
    body = {"phoneNumbers": numbers, "action": ctx.row.text("number_action")}
    return CHANGE_NUMBERS.at(location_id=ctx.id_of("location"), json=body)


def _other_main(ctx: RowContext) -> list[str]:
    """The main number, where it is none of the row's own numbers, which are looked up anyhow."""
    number = ctx.row.get("number_main_phone_number")
    return [] if number is None or number in _listed(ctx) else [number_key(number)]


def _main(ctx: RowContext) -> ApiRequest | None:
    """The name goes only together with the number."""
    number, name = ctx.row.get("number_main_phone_number"), ctx.row.get("number_main_caller_id_name")
    if number is None:
        return None
    held: list[Item] = ctx.found["main"].get(number_key(number), [])
    if number in _listed(ctx):
        item = _entry(ctx, number)
        held = [] if item is None else [item]
    if name is None and held and held[0].get("mainNumber"):
        return None
    line = without_nulls({"phoneNumber": number, "name": name})
    return UPDATE_CALLING_LOCATION.at(location_id=ctx.id_of("location"), json={"callingLineId": line})


def _learn_added(ctx: RowContext, _: Answer) -> Iterator[Learned]:
    place = {"id": ctx.id_of("location"), "name": ctx.location_name()}
    state = ctx.row.get("number_initial_state") or "ACTIVE"
    for number in _part(ctx):
        if _entry(ctx, number) is None:
            yield Learned(NUMBERS, {"phoneNumber": number, "state": state, "location": place})


def _learn_switched(ctx: RowContext, _: Answer) -> Iterator[Learned]:
    for number in _others(ctx):
        yield Learned(NUMBERS, {**(_entry(ctx, number) or {}), "state": _wanted_state(ctx)})


_ADD = Write(
    name="numbers_add",
    endpoint=ADD_NUMBERS,
    request=_add,
    expect=Expect(statuses=(200, 201, 204)),
    recheck="number_lookup",
    refuses_twins=True,
    failures=INVENTORY_FAILURES,
    learns=_learn_added,
    second_look=SecondLook(
        read=Read(
            name="numbers_add",
            endpoint=LIST_NUMBERS,
            request=lambda ctx: LIST_NUMBERS.at(params={"locationId": ctx.id_of("location"), "max": 1}),
            save="inventory",
        ),
        # Some were there already: the look-up, repeated by now, tells which; the rest is sent once more.
        insist=(
            FailureRule(status=409, reason=Reason.NON_RETRYABLE_EXTERNAL),
            FailureRule(codes=("25223", "8363"), reason=Reason.NON_RETRYABLE_EXTERNAL),
        ),
        changed=_added,
    ),
    over=partial(_turns, adds=True),
    most_items=MOST_NUMBERS // _CHUNK,
)

_SWITCH = Write(
    name="numbers_state_update",
    endpoint=CHANGE_NUMBERS,
    request=_switch,
    expect=Expect(statuses=(200, 204)),
    repeat=Repeat.SAFE,
    failures=(
        *INVENTORY_FAILURES,
        FailureRule(
            status=400, codes=("25042",), reason=Reason.PRECONDITION_MISSING, advice="an assigned number stays on"
        ),
    ),
    learns=_learn_switched,
    over=partial(_turns, adds=False),
    most_items=MOST_NUMBERS // _CHUNK,
)


LOCATION_NUMBER_STATE = EntityType(
    name="location_number_state",
    phase=Phase.ROUTING,
    rank=7,
    title="Puts phone numbers into a location's inventory, switches them on or off, and names its main number.",
    prefix="number_",
    columns=COLUMNS,
    entity_key=pl.concat_str("location_key", "number_action", DIGEST, separator=":"),
    rules=RULES,
    owner=pl.format("numbers:{}:{}:{}", pl.col("location_key").str.to_lowercase(), "number_action", DIGEST),
    claims=(
        Claim("number_phone_numbers", pool=CLAIMED_NUMBERS),
        Claim("number_main_phone_number", pool=MAIN_NUMBERS, held_by="location_key"),
    ),
    result=("location",),
    touches=lambda ctx: [f"inventory:{ctx.location_name().casefold()}"],
    example={"number_phone_numbers": "|".join(EXAMPLE_NUMBERS)},
    steps=(
        *location_steps(),
        *pstn_steps("pstn_type_lookup"),
        LookupMany(name="number_lookup", index=NUMBERS, keys=partial(_keys, adds=True), save="listed"),
        LookupMany(name="number_lookup", index=NUMBERS, keys=partial(_keys, adds=True), save="listed_before"),
        LookupMany(
            name="number_lookup",
            index=NUMBERS,
            keys=partial(_keys, adds=False),
            save="held",
            confirm=lambda _: True,
        ),
        LookupMany(
            name="number_lookup",
            index=NUMBERS,
            keys=_other_main,
            save="main",
            confirm=lambda _: True,
        ),
        Check(
            name="number_lookup",
            verdict=_verdict,
            reasons=(
                Reason.NUMBER_INVENTORY_MISSING,
                Reason.PRECONDITION_MISSING,
            ),
        ),
        _ADD,
        _SWITCH,
        Write(
            name="main_number_update",
            endpoint=UPDATE_CALLING_LOCATION,
            request=_main,
            expect=Expect(statuses=(200, 204)),
            repeat=Repeat.SAFE,
        ),
    ),
)

ENTITY_TYPES = (LOCATION_NUMBER_STATE,)
