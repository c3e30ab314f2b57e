"""The number inventory of a location: numbers come in, are switched on or off, one is the main number, some go."""

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial

import polars as pl

from webex_provision.actions.action_helpers import (
    chunk_names,
    chunk_of,
    needs,
    number_key,
    only_with,
    owner_of,
    uuid_of,
    without_nulls,
)
from webex_provision.actions.columns import LOCATION_KEY
from webex_provision.actions.declaration import (
    Check,
    Claim,
    Column,
    EntityType,
    Expect,
    Failure,
    FailureRule,
    Item,
    Kind,
    Learned,
    LookupMany,
    Read,
    Repeat,
    RowContext,
    Rule,
    SecondLook,
    Write,
)
from webex_provision.actions.indexes import LIST_NUMBERS, NUMBERS
from webex_provision.actions.locations import location_steps
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

_WRITE = "spark-admin:telephony_config_write"
_INVENTORY = "/telephony/config/locations/{location_id}/numbers"
ADD_NUMBERS = Endpoint("POST", _INVENTORY, _WRITE)
CHANGE_NUMBERS = Endpoint("PUT", _INVENTORY, _WRITE)
UPDATE_CALLING_LOCATION = Endpoint("PUT", "/telephony/config/locations/{location_id}", _WRITE)
READ_PSTN = Endpoint("GET", "/telephony/pstn/locations/{location_id}/connection", "spark-admin:telephony_pstn_read")

MOST_NUMBERS = 500  # a row; what Webex takes in one DEACTIVATE
MOST_MOBILE = 20  # in one request
_CHUNK = 100  # no limit is documented for an ADD of direct numbers

# Their numbers belong to the provider: Webex warns that a change may damage its data.
PROVIDER_MANAGED = frozenset({"INTEGRATED_CCP", "CISCO_PSTN"})

# The example row adds the numbers of all other examples, so that these together are a whole site.
_EXAMPLE_NUMBERS = (
    "+34910002100",
    "+34910002101",
    "+34910002102",
    "+34910002103",
    "+34910002301",
    "+34910002800",
    "+34910002801",
    "+34910002900",
    "+34910002901",
    "+34910002902",
    "+34910002903",
    "+34910002905",
    "+34910002950",
    "+34910002951",
)

CLAIMED_NUMBERS = "numbers of an inventory"  # a number is added, switched or removed by one row of a file
MAIN_NUMBERS = "main numbers of locations"

NO_PSTN = FailureRule(
    status=404,
    reason=Reason.PRECONDITION_MISSING,
    advice="the location has no PSTN connection yet; set it by a location_call_profiles row",
)
INVENTORY_FAILURES = (
    NO_PSTN,
    FailureRule(
        codes=("ERR.V.TRM.TMN60004",), reason=Reason.OUT_OF_SCOPE, advice="the PSTN provider manages these numbers"
    ),
)


def pstn_steps(step: str) -> tuple[Read, Check]:
    """How the location reaches the public network; a provider that manages its numbers itself stops the row."""
    return (
        Read(
            name=step,
            endpoint=READ_PSTN,
            request=lambda ctx: READ_PSTN.at(location_id=ctx.id_of("location")),
            save="pstn",
            expect=Expect(statuses=(200,), fields=("pstnConnectionType",)),
            failures=(NO_PSTN,),
            once=True,
        ),
        Check(name=step, verdict=_provider, reasons=(Reason.OUT_OF_SCOPE,)),
    )


def _provider(ctx: RowContext) -> Failure | None:
    kind = ctx.found["pstn"]["pstnConnectionType"]
    if kind not in PROVIDER_MANAGED:
        return None
    where = ctx.location_name()
    return Failure(Reason.OUT_OF_SCOPE, f"the numbers of {where} are managed with its PSTN ({kind}) in Control Hub")


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
    expect=Expect(statuses=(200, 201)),
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


def _digests(cells: pl.Series) -> pl.Series:
    """A short name of each list of numbers, whatever their order."""
    digests = [
        None if cell is None else hashlib.sha256("|".join(sorted(cell.split("|"))).encode()).hexdigest()[:12]
        for cell in cells
    ]
    return pl.Series(cells.name, digests, pl.String)


_DIGEST = pl.col("number_phone_numbers").map_batches(_digests, return_dtype=pl.String)

LOCATION_NUMBER_STATE = EntityType(
    name="location_number_state",
    phase=Phase.ROUTING,
    rank=7,
    title="Puts phone numbers into a location's inventory, switches them on or off, and names its main number.",
    prefix="number_",
    columns=(
        LOCATION_KEY,
        Column(
            name="number_action",
            help="What happens to the numbers.",
            kind=Kind.CHOICE,
            choices=("ADD", "ACTIVATE", "DEACTIVATE"),
            required=True,
            feeds="action",
            example="ADD",
        ),
        Column(
            name="number_phone_numbers",
            help="The numbers, E.164; each stands in one row of the file.",
            kind=Kind.PHONE_NUMBER,
            many=True,
            most_items=MOST_NUMBERS,
            required=True,
            feeds="phoneNumbers",
            example="+34910002100|+34910002101",
        ),
        Column(
            name="number_type",
            help="Kind of the added numbers; blank: Webex decides. MOBILE takes at most 20 a row.",
            kind=Kind.CHOICE,
            choices=("DID", "TOLLFREE", "MOBILE"),
            feeds="numberType",
            example="DID",
        ),
        Column(
            name="number_usage_type",
            help="Whether the added numbers serve high-volume services.",
            kind=Kind.CHOICE,
            choices=("NONE", "SERVICE"),
            feeds="numberUsageType",
            example="NONE",
        ),
        Column(
            name="number_initial_state",
            help="State of the added numbers; blank: ACTIVE. Numbers that are there keep theirs.",
            kind=Kind.CHOICE,
            choices=("ACTIVE", "INACTIVE"),
            feeds="state",
            example="ACTIVE",
        ),
        Column(
            name="number_main_phone_number",
            help="Main number of the location, E.164, in its inventory.",
            kind=Kind.PHONE_NUMBER,
            feeds="callingLineId.phoneNumber",
            example="+34910002100",
        ),
        Column(
            name="number_main_caller_id_name",
            help="Name shown with the main number.",
            largest=30,
            feeds="callingLineId.name",
            example="Madrid HQ",
        ),
    ),
    entity_key=pl.concat_str("location_key", "number_action", _DIGEST, separator=":"),
    rules=(
        needs("number_main_phone_number", "number_main_caller_id_name"),
        only_with("number_type", "number_action", equal="ADD"),
        only_with("number_usage_type", "number_action", equal="ADD"),
        only_with("number_initial_state", "number_action", equal="ADD"),
        Rule(
            "number_phone_numbers",
            (pl.col("number_type") == "MOBILE")
            & (pl.col("number_phone_numbers").str.count_matches(r"\|") >= MOST_MOBILE),
            f"number_type=MOBILE takes at most {MOST_MOBILE} numbers a row; split the row",
        ),
    ),
    owner=pl.format("numbers:{}:{}:{}", pl.col("location_key").str.to_lowercase(), "number_action", _DIGEST),
    claims=(
        Claim("number_phone_numbers", pool=CLAIMED_NUMBERS),
        Claim("number_main_phone_number", pool=MAIN_NUMBERS, held_by="location_key"),
    ),
    result=("location",),
    touches=lambda ctx: [f"inventory:{ctx.location_name().casefold()}"],
    example={"number_phone_numbers": "|".join(_EXAMPLE_NUMBERS)},
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
