"""The calling licence of a user: licence, location, extension and number in one PATCH, because Webex grants it so."""

from collections.abc import Iterable, Iterator
from typing import Any

from webex_provision.actions.declaration import (
    Check,
    Expect,
    Failure,
    Item,
    Learned,
    LookupMany,
    Repeat,
    RowContext,
    Write,
)
from webex_provision.actions.failures import LICENSE_FAILURES
from webex_provision.actions.indexes import LICENSES, NEW_LINE, PEOPLE
from webex_provision.actions.numbers import learn_numbers, line_that_remains
from webex_provision.vocabulary import Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

ASSIGN_LICENSE = Endpoint("PATCH", "/licenses/users", "spark-admin:people_write")

# Names of the licences by the column's word, best first; older organisations call Standard Basic.
LICENSE_NAMES = {
    "professional": ("Webex Calling - Professional",),
    "standard": ("Webex Calling - Standard", "Webex Calling - Basic"),
}
ALL_LICENSE_NAMES = tuple(name for names in LICENSE_NAMES.values() for name in names)


def _license_ids(ctx: RowContext, level: str) -> list[str]:
    items = [item for name in LICENSE_NAMES[level] for item in ctx.found["licenses"].get(name, [])]
    return [str(item["id"]) for item in sorted(items, key=lambda item: str(item["id"]))]


def _held(ctx: RowContext, level: str) -> list[str]:
    held = set(ctx.found["person"].get("licenses") or [])
    return [license_id for license_id in _license_ids(ctx, level) if license_id in held]


def has_calling(ctx: RowContext) -> bool:
    """Whether the found user holds a calling licence of either level."""
    return bool(_held(ctx, "professional") or _held(ctx, "standard"))


def free_license(items: Iterable[Item]) -> str | None:
    """The first of several licences of one name (several subscriptions) that has a unit left, by id."""
    for item in sorted(items, key=lambda item: str(item["id"])):
        if item.get("totalUnits", -1) < 0 or item["totalUnits"] > item.get("consumedUnits", 0):
            return str(item["id"])
    return None


def _free_license(ctx: RowContext, level: str) -> str | None:
    found = (free_license(ctx.found["licenses"].get(name, [])) for name in LICENSE_NAMES[level])
    return next((license_id for license_id in found if license_id is not None), None)


def upgrades(ctx: RowContext) -> bool:
    """Whether the licence that the user is to get replaces a lesser one: the line stays what it is."""
    return ctx.found.get("license") is not None and bool(_held(ctx, "standard"))


def _wanted_level(ctx: RowContext) -> str | None:
    """The level to assign; None when what the user holds is to stay."""
    wanted = ctx.row.get("user_calling_license")
    if has_calling(ctx) and (wanted is None or _held(ctx, wanted)):
        return None
    return wanted or "professional"


def _license_verdict(ctx: RowContext) -> Failure | None:
    """Chooses the licence to add (saved as `license`), before any call."""
    ctx.found["license"] = None
    if ctx.found.get("person") is None:
        return None
    level = _wanted_level(ctx)
    if level is None:
        return None
    if level == "standard" and _held(ctx, "professional"):
        return Failure(
            Reason.LICENSE_OR_FEATURE_MISSING, "a downgrade from Professional to Standard is refused by Webex"
        )
    if not has_calling(ctx) and not ctx.row.has("extension", "phone_number"):
        return Failure(
            Reason.PRECONDITION_MISSING,
            "the user has no calling licence, and one goes only together with an extension or a number; "
            "fill extension or phone_number, or add a user_numbers row",
        )
    ctx.found["license"] = _free_license(ctx, level)
    if ctx.found["license"] is None:
        return Failure(
            Reason.LICENSE_OR_FEATURE_MISSING, f"no free licence '{LICENSE_NAMES[level][0]}' in the organisation"
        )
    return None


def _assign_license(ctx: RowContext) -> ApiRequest | None:
    license_id = ctx.found["license"]
    if license_id is None:
        return None
    properties = line_that_remains(ctx, "person")
    changes: list[dict[str, Any]] = [{"id": held, "operation": "remove"} for held in _held(ctx, "standard")]
    changes.append({"id": license_id, "operation": "add", "properties": properties})
    return ASSIGN_LICENSE.at(json={"personId": ctx.id_of("person"), "licenses": changes})


def _license_proof(ctx: RowContext, answer: Answer) -> Failure | None:
    """A 206, and a 200 too, counts only with the licence in the answer."""
    if ctx.found["license"] in (answer.json.get("licenses") or []):
        return None
    return Failure(
        Reason.LICENSE_OR_FEATURE_MISSING,
        "Webex answered without granting the calling licence (none free, or a prerequisite is missing)",
        answer.status,
        answer.tracking_id,
    )


def _learn_license(ctx: RowContext, _: Answer) -> Iterator[Learned]:
    replaced = _held(ctx, "standard")
    kept = [held for held in ctx.found["person"].get("licenses") or [] if held not in replaced]
    begun = {} if has_calling(ctx) else NEW_LINE
    yield Learned(PEOPLE, {**ctx.found["person"], "licenses": [*kept, ctx.found["license"]]} | begun)
    for items in ctx.found["licenses"].values():
        for item in items:
            if item["id"] == ctx.found["license"] and "consumedUnits" in item:
                yield Learned(LICENSES, {**item, "consumedUnits": item["consumedUnits"] + 1})
    if not upgrades(ctx):
        yield from learn_numbers(ctx, "person", "PEOPLE")


def select_license(step: str) -> tuple[LookupMany, Check]:
    """Chooses the licence that the found user is to get, if any."""
    return (
        LookupMany(
            name=step,
            index=LICENSES,
            keys=lambda ctx: ALL_LICENSE_NAMES if ctx.found.get("person") else (),
            save="licenses",
        ),
        Check(
            name=step,
            verdict=_license_verdict,
            reasons=(
                Reason.LICENSE_OR_FEATURE_MISSING,
                Reason.PRECONDITION_MISSING,
            ),
        ),
    )


def assign_license(step: str) -> Write:
    """Licence, location, extension and number in one PATCH; the repeat of a held licence is a silent no-op."""
    return Write(
        name=step,
        endpoint=ASSIGN_LICENSE,
        request=_assign_license,
        expect=Expect(
            statuses=(200, 206),
            fields=("personId", "licenses"),
            proof=_license_proof,
            reasons=(Reason.LICENSE_OR_FEATURE_MISSING,),
        ),
        repeat=Repeat.SAFE,
        failures=LICENSE_FAILURES,
        learns=_learn_license,
    )
