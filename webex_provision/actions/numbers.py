"""Numbers and extensions: who holds them, who may take them. What the number index shows, judged before any write."""

from collections.abc import Callable, Iterator, Sequence

from webex_provision.actions.action_helpers import (
    extension_key,
    number_key,
    owner_key,
    owner_of,
    plain_number,
    uuid_of,
    without_nulls,
)
from webex_provision.actions.declaration import Failure, Item, Learned, LookupMany, RowContext
from webex_provision.actions.indexes import NUMBERS, held_entry
from webex_provision.vocabulary import Reason

NUMBER_REASONS = (Reason.NON_RETRYABLE_EXTERNAL, Reason.NUMBER_INVENTORY_MISSING)  # those of number_verdict
PRECHECK_REASONS = (Reason.PRECONDITION_MISSING, *NUMBER_REASONS)  # those of precheck, or of elsewhere and the above


def own_numbers(ctx: RowContext) -> list[str]:
    """The row's main number and its alternates."""
    main = ctx.row.get("phone_number")
    return ([main] if main else []) + ctx.row.items("phone_numbers_secondary")


def inventory_lookup(step: str, *owners: str, more: str = "") -> LookupMany:
    """What the number index says of the row's numbers and extension, and of all that the found owners hold.

    `more` names one further column with numbers.
    """

    def keys(ctx: RowContext) -> Sequence[str]:
        numbers = [*own_numbers(ctx), *(ctx.row.items(more) if more else ())]
        wanted = [number_key(number) for number in numbers]
        if ctx.row.has("extension"):
            wanted.append(extension_key(ctx.id_of("location"), ctx.row.text("extension")))
        wanted += [owner_key(ctx.id_of(owner)) for owner in owners if ctx.found.get(owner) is not None]
        return wanted

    return LookupMany(
        name=step,
        index=NUMBERS,
        keys=keys,
        save="inventory",
        confirm=lambda key: key.startswith("number:"),
    )


def held_by(ctx: RowContext, owner: str) -> list[Item]:
    """The entries of the number index that belong to the found owner."""
    if ctx.found.get(owner) is None:
        return []
    entries: list[Item] = ctx.found["inventory"].get(owner_key(ctx.id_of(owner)), [])
    return entries


def elsewhere(ctx: RowContext, owner: str) -> Failure | None:
    """An owner that already calls in another location can't be moved: the location is write-once."""
    for item in held_by(ctx, owner):
        place = item.get("location") or {}
        if place.get("id") and uuid_of(str(place["id"])) != uuid_of(ctx.id_of("location")):
            return Failure(
                Reason.PRECONDITION_MISSING,
                f"already calls in {place.get('name', place['id'])}; moving to {ctx.location_name()} "
                "is a job of Control Hub, or mend location_key",
            )
    return None


def holds(items: Sequence[Item], *, extension: str | None, number: str | None) -> bool:
    """Whether an owner's entries of the number index already show this extension and this main number."""
    main = [item for item in items if item.get("phoneNumberType") != "ALTERNATE"]
    extensions = {str(item.get("extension")) for item in main}
    numbers = {plain_number(item["phoneNumber"]) for item in main if item.get("phoneNumber")}
    return (extension is None or extension in extensions) and (number is None or number in numbers)


def number_verdict(ctx: RowContext, *, owner_id: str | None, more_numbers: Sequence[str] = ()) -> Failure | None:
    """Whether the row may take its numbers and its extension in its location, by `found["inventory"]`.

    Every number must be in the location's inventory and free (or the owner's already); the extension must have no
    other owner there. `owner_id` is None for an entity that does not exist yet.
    """
    inventory: dict[str, list[Item]] = ctx.found["inventory"]
    extension = ctx.row.get("extension")
    location_id = ctx.id_of("location")
    me = uuid_of(owner_id) if owner_id else None
    for number in [*own_numbers(ctx), *more_numbers]:
        failure = _one_number(ctx, inventory.get(number_key(number), []), number, location_id, me)
        if failure is not None:
            return failure
    if extension is None:
        return None
    for item in inventory.get(extension_key(location_id, extension), []):
        if owner_of(item) and owner_of(item) != me:
            return Failure(
                Reason.NON_RETRYABLE_EXTERNAL,
                f"extension {extension} belongs to {_owner_name(item)} in {ctx.location_name()}; "
                "choose another extension or free this one",
            )
    return None


def _one_number(
    ctx: RowContext, items: Sequence[Item], number: str, location_id: str, me: str | None
) -> Failure | None:
    missing = Reason.NUMBER_INVENTORY_MISSING
    if not items:
        return Failure(missing, f"{number} is not in the organisation's inventory; add it to {ctx.location_name()}")
    item = items[0]
    place = item.get("location") or {}
    if place.get("id") and uuid_of(str(place["id"])) != uuid_of(location_id):
        where = place.get("name", place["id"])
        return Failure(missing, f"{number} is in the inventory of {where}, not of {ctx.location_name()}")
    if owner_of(item) and owner_of(item) != me:
        return Failure(missing, f"{number} belongs to {_owner_name(item)}; free it or choose another number")
    if item.get("isReservedNumber") or item.get("isServiceNumber"):
        return Failure(missing, f"{number} is a reserved or service number and can't be assigned")
    return None


def _owner_name(item: Item) -> str:
    owner = item.get("owner") or {}
    name = " ".join(str(owner[part]) for part in ("firstName", "lastName", "displayName") if owner.get(part))
    return f"{owner.get('type', 'another owner')} {name}".strip()


def precheck(owner: str) -> Callable[[RowContext], Failure | None]:
    """The verdict over location and inventory for a row about `owner`, who exists; skipped when it is not found."""

    def verdict(ctx: RowContext) -> Failure | None:
        if ctx.found.get(owner) is None:
            return None
        return elsewhere(ctx, owner) or number_verdict(ctx, owner_id=ctx.id_of(owner))

    return verdict


def line_that_remains(ctx: RowContext, owner: str) -> Item:
    """Location, extension AND number that the owner is to have: what the row leaves open stays as it is."""
    extension, number = ctx.row.get("extension"), ctx.row.get("phone_number")
    for item in held_by(ctx, owner):
        if item.get("phoneNumberType") != "ALTERNATE":
            extension = extension or item.get("extension")
            number = number or item.get("phoneNumber")
    return without_nulls({"locationId": ctx.id_of("location"), "extension": extension, "phoneNumber": number})


def learn_numbers(ctx: RowContext, owner: str, owner_type: str) -> Iterator[Learned]:
    """After an assignment: the old entries of the owner's main line go, the new one comes."""
    extension, number = ctx.row.get("extension"), ctx.row.get("phone_number")
    for item in held_by(ctx, owner):
        if item.get("phoneNumberType") != "ALTERNATE":
            extension = extension or item.get("extension")
            number = number or item.get("phoneNumber")
            if item.get("phoneNumber"):
                yield Learned(NUMBERS, {**item, "owner": None, "extension": None})
            else:
                yield Learned(NUMBERS, item, gone=True)
    yield Learned(
        NUMBERS,
        held_entry(
            location_id=ctx.id_of("location"),
            owner_id=ctx.id_of(owner),
            owner_type=owner_type,
            extension=extension,
            number=number,
        ),
    )
