"""What a run in a slot claims for itself, so that two runs side by side never make one thing twice.

Derived from the declarations: of each row its location, and of a row whose type creates something also what it writes
outside of that location (a trunk, a dial plan, a group, a prompt of the organisation). People are not claimed: nobody
creates them here. Nor is what goes with an owner: a MAC address in two inputs is refused by Webex.
"""

import unicodedata
from dataclasses import replace

import polars as pl

from webex_provision.actions.actions_registry import entity_types_by_name
from webex_provision.actions.declaration import EntityType, References, RowContext, Write
from webex_provision.actions.row import Row
from webex_provision.engine.ready_rows import rows_of
from webex_provision.vocabulary import Phase

_PLACE = "location_key"
_ELSEWHERE = "\0elsewhere"  # no cell holds a NUL


def claims_of(ready: pl.DataFrame, references: References) -> list[str]:
    """Everything that the ready rows claim, sorted: `location:madrid hq`, `trunk:sbc-madrid` …"""
    types = entity_types_by_name()
    found: set[str] = set()
    for phase in Phase:
        for row in rows_of(ready, phase, 1, ready.height):
            if not row.pending_reason:
                found.update(claims_of_row(types[row.entity_type], row, references))
    return sorted(found)


def claims_of_row(entity_type: EntityType, row: Row, references: References) -> set[str]:
    """What one row claims."""
    context = RowContext(row, references)
    claims = {f"location:{context.location_name().casefold()}"} if row.has(_PLACE) else set()
    creates = any(isinstance(step, Write) and step.creates for step in entity_type.steps)
    if creates and not entity_type.owned:
        # What stays the same when the row stands in another location is not of that location.
        moved = replace(row, cells={**row.cells, _PLACE: _ELSEWHERE})
        claims |= set(entity_type.touches(context)) & set(entity_type.touches(RowContext(moved, references)))
    # Names are compared NFC and casefolded, as intake does it; folding can take a letter apart.
    return {unicodedata.normalize("NFC", claim) for claim in claims}
