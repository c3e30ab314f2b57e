"""Which rows survive: rules, keys, claims and joins depend on each other, so they are looked at until nothing moves.

A row that breaks a rule stays rejected; what was rejected only because of such a row is judged anew. Cells are taken
only from rows that survive in the same pass, so no joined value can come from a rejected row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from webex_provision.intake.claims import claim_faults, claims_of
from webex_provision.intake.consistency import apart_faults, key_faults, twin_refs
from webex_provision.intake.faults import combined, faults, no_faults
from webex_provision.intake.joins import TAKEN_FROM, joined
from webex_provision.intake.members import member_items, member_twins
from webex_provision.intake.parts import ENTITY_KEY, Part
from webex_provision.intake.schema import rule_validation
from webex_provision.vocabulary import Reason

# Real files settle in two; the bound is for files made to trouble us.
_MOST_PASSES = 10


@dataclass(frozen=True)
class Settled:
    """All parts with their joined cells, and the faults of the rows that did not survive."""

    parts: list[Part]
    faults: pl.DataFrame


def settled(parts: Sequence[Part], before: pl.DataFrame) -> Settled:
    """Judge rows against each other; `before` holds the faults of single cells, whose rows count no more."""
    broken = combined([before, *(_keyless(part.without(before)) for part in parts)])
    for number in range(_MOST_PASSES):
        between, whole = _one_pass(parts, broken)
        new = [rule_validation(part.type).faults(part.rows) for part in whole if number == 0 or part.type.joins]
        more = combined([broken, *new])
        if more.height == broken.height:
            return Settled(whole, combined([broken, between]))
        broken = more
    wanting = pl.concat([no_faults().select("row"), *(_wanting(part) for part in whole)])
    text = "the rows from which it would take cells are in conflict; fill its own cells or mend those rows"
    unsettled = faults(wanting, Reason.INVALID_INPUT_SCHEMA, pl.lit(text), column="")
    broken = combined([broken, unsettled])
    between, whole = _one_pass(parts, broken)
    return Settled(whole, combined([broken, between]))


def _one_pass(parts: Sequence[Part], broken: pl.DataFrame) -> tuple[pl.DataFrame, list[Part]]:
    """Faults between the rows that are not broken, and every part with the cells that the survivors give."""
    alive = [part.without(broken) for part in parts]
    refs = twin_refs(pl.concat([part.rows.select("row", "row_ref") for part in alive])) if alive else no_faults()
    alive = [part.without(refs) for part in alive]
    found, places = key_faults(alive)
    keys = combined([refs, *found])
    alive = [part.without(keys) for part in alive]
    members = member_items(alive, places)
    twins = member_twins(members)
    claims = claims_of([part.without(twins) for part in alive], places, members)
    claims = combined([twins, claim_faults(claims), apart_faults(alive)])
    alive = [part.without(claims) for part in alive]
    return combined([keys, claims]), [joined(part, alive, places) for part in parts]


def _keyless(part: Part) -> pl.DataFrame:
    found = part.rows.filter(pl.col(ENTITY_KEY).is_null())
    text = "entity_key is blank and can't be derived; fill it, or the cells that make it"
    return faults(found, Reason.INVALID_INPUT_SCHEMA, pl.lit(text), column=ENTITY_KEY)


def _wanting(part: Part) -> pl.DataFrame:
    """Rows that took cells, or would."""
    blank = [pl.all_horizontal(pl.col(*join.columns).is_null()) for join in part.type.joins]
    wants = pl.any_horizontal(pl.col(TAKEN_FROM).is_not_null(), *blank)
    return part.rows.filter(wants).select("row")
