"""The whole path of a CSV: read, normalise, validate, compare, divide into ready and rejected rows.

Every row of the input ends in exactly one of the two frames. Nothing is written here but by `write_outputs`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import phonenumbers
import polars as pl

from webex_provision.actions.actions_registry import ENTITY_TYPES
from webex_provision.actions.declaration import EntityType, Kind
from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.intake.claims import claims_of
from webex_provision.intake.consistency import number_refs, unnamed_faults
from webex_provision.intake.csv_file import TYPE_COLUMN, CsvFile, shortened
from webex_provision.intake.doubts import overlaps, two_minds, unfit
from webex_provision.intake.faults import combined, faults, verdicts
from webex_provision.intake.filled_cells import FilledCells
from webex_provision.intake.header import Header, known_columns, resolved
from webex_provision.intake.input_file import read_input
from webex_provision.intake.lists import items_of
from webex_provision.intake.members import member_items
from webex_provision.intake.outputs import ready_rows, rejected_rows
from webex_provision.intake.parts import Part, divided
from webex_provision.intake.places import Places
from webex_provision.intake.references import dangling
from webex_provision.intake.schema import cell_validation
from webex_provision.intake.scope import identity_faults, strange_cells, unknown_cells, wishes
from webex_provision.intake.settle import Settled, settled
from webex_provision.intake.spreadsheet_damage import damaged_cells, number_warnings
from webex_provision.intake.text import folded, nearest, tidied
from webex_provision.intake.told import bounded
from webex_provision.intake.whereabouts import located
from webex_provision.ledger.errors import OutputNotWritable
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.writers import write_ready_rows, write_rejected_rows
from webex_provision.vocabulary import Reason

_SHOWN = 5


@dataclass(frozen=True)
class IntakeResult:
    """What intake made of a CSV; `ready.height + rejected.height == rows_read`, always.

    `ready` has the input's columns, normalised, then those that were joined in, then BOOKKEEPING (see
    `ledger.ready_rows`); in input order. `rejected` has the columns of rejected_rows.csv. `rejected_by_reason` and
    `pending_by_reason` count rows; the pending ones are among the ready.
    """

    path: Path
    input_hash: str
    rows_read: int
    ready: pl.DataFrame
    rejected: pl.DataFrame
    warnings: list[str]
    rejected_by_reason: dict[str, int]
    pending_by_reason: dict[str, int]


def run_intake(
    path: Path, settings: Settings, clock: Clock, types: Sequence[EntityType] = ENTITY_TYPES
) -> IntakeResult:
    """Judge every row of the CSV or workbook at `path`. Raises UnusableCsv when the file as a whole can't be used."""
    source = read_input(path, max_rows=settings.max_rows, max_cell_bytes=settings.max_cell_bytes)
    header = resolved(path, source.cells.names, types)
    cells = _tidy(source.cells, header)
    table = _typed(cells, types)
    outcome = _judged(table, cells, header, types)
    verdict = verdicts(located(outcome.faults, source.where, header.renamed))
    alive = [part.without(verdict) for part in outcome.parts]
    waiting, notes = _pending(alive, cells, header, types, source)
    rejected = rejected_rows(source, table, outcome.parts, verdict, clock)
    told = [*_between(alive, outcome.parts, types), *notes, *_impossible_numbers(alive)]
    told = told if source.where is None else [source.where.told(warning) for warning in told]
    ready = ready_rows(alive, cells, header, waiting)
    return IntakeResult(
        path=path,
        input_hash=source.input_hash,
        rows_read=source.cells.height,
        ready=ready,
        rejected=rejected,
        warnings=bounded([*source.warnings, *number_warnings(source, header, types), *header.warnings, *told]),
        rejected_by_reason=dict(Counter(rejected.get_column("reason_code").to_list())),
        pending_by_reason=dict(Counter(ready.get_column("pending_reason").drop_nulls().to_list())),
    )


def write_outputs(result: IntakeResult, folder: Path) -> None:
    """Write ready_to_load.csv and rejected_rows.csv into `folder`, both or neither.

    Each replaces its file atomically; ready_to_load.csv comes last, so its presence says that both are there.
    Raises OutputNotWritable.
    """
    place = RollOutFolder(folder)
    place.create()
    was_there = place.rejected.exists()
    write_rejected_rows(place, result.rejected)
    try:
        write_ready_rows(place, result.ready)
    except OutputNotWritable:
        if not was_there:
            place.rejected.unlink(missing_ok=True)
        raise


def _tidy(written: FilledCells, header: Header) -> FilledCells:
    """The cells of the columns that count, tidied, under their declared names; a tidy column is not copied."""
    old = {new: name for name, new in header.renamed.items()}
    filled = {}
    for name in header.names:
        column = written.in_column(old.get(name, name))
        tidy = column.with_columns(tidied(pl.col("value"))).drop_nulls()
        filled[name] = column if tidy.equals(column) else tidy
    return FilledCells(header.names, written.height, filled)


def _typed(cells: FilledCells, types: Sequence[EntityType]) -> pl.DataFrame:
    """Each row's number, its type in lower case, its `canonical_type` (null where it is none) and own `row_ref`."""
    names = {name: entity_type.name for entity_type in types for name in entity_type.names}
    row = pl.int_range(1, cells.height + 1, eager=True).alias("row")
    table = pl.DataFrame({"row": row, **{name: cells.column(name) for name in (TYPE_COLUMN, "row_ref")}})
    table = table.with_columns(folded(pl.col(TYPE_COLUMN)))
    canonical = pl.col(TYPE_COLUMN).replace_strict(
        list(names), list(names.values()), default=None, return_dtype=pl.String
    )
    return table.with_columns(canonical.alias("canonical_type"))


def _judged(table: pl.DataFrame, cells: FilledCells, header: Header, types: Sequence[EntityType]) -> Settled:
    """The rows type by type, and all that is wrong with them, by themselves and among each other."""
    parts = divided(table, cells, types)
    before = combined(
        [
            _type_faults(table, types),
            *damaged_cells(cells, header),
            number_refs(table.select("row", "row_ref"), table.height),
            *(frame for part in parts for frame in identity_faults(part, cells)),
            *(frame for part in parts for frame in unnamed_faults(part)),
            *(cell_validation(part.type).faults(part.rows) for part in parts),
        ]
    )
    return settled(parts, before)


def _type_faults(table: pl.DataFrame, types: Sequence[EntityType]) -> pl.DataFrame:
    """Rows without a type, or with one that nothing declares."""
    names = [name for entity_type in types for name in entity_type.names]
    found = table.filter(pl.col("canonical_type").is_null()).select("row", TYPE_COLUMN)
    told = found.select(TYPE_COLUMN).unique()
    text = [
        f"entity_type: '{shortened(name)}' is not a type{nearest(name, names)}; write one of the known types"
        if name is not None
        else "entity_type is blank and required; fill it, or delete the row"
        for name in told.get_column(TYPE_COLUMN)
    ]
    found = found.join(
        told.with_columns(pl.Series("text", text, pl.String)), on=TYPE_COLUMN, nulls_equal=True, maintain_order="left"
    )
    return faults(found, Reason.INVALID_INPUT_SCHEMA, pl.col("text"), column=TYPE_COLUMN)


def _pending(
    alive: Sequence[Part],
    cells: FilledCells,
    header: Header,
    types: Sequence[EntityType],
    source: CsvFile,
) -> tuple[pl.DataFrame, list[str]]:
    """Why surviving rows wait, one line a row (see `verdicts`); and warnings about cells that are ignored."""
    known = known_columns(types)
    strange, warnings = strange_cells(alive, cells, header, known)
    found = [*(frame for part in alive for frame in wishes(part)), *strange]
    survivors = pl.concat([pl.DataFrame(schema={"row": pl.Int64}), *(part.rows.select("row") for part in alive)])
    unknown = [frame.join(survivors, on="row", how="semi") for frame in unknown_cells(cells, header, known)]
    return verdicts(located(combined([*found, *unknown]), source.where, header.renamed)), warnings


def _between(alive: Sequence[Part], whole: Sequence[Part], types: Sequence[EntityType]) -> list[str]:
    """Warnings about what ready rows say together; `whole` are the parts with their rejected rows."""
    places = Places.of(alive)
    members = member_items(alive, places)
    return [
        *dangling(alive, whole, places, members, types),
        *two_minds(claims_of(alive, places, members)),
        *overlaps(alive),
        *unfit(alive, places, members),
    ]


def _impossible_numbers(alive: Sequence[Part]) -> list[str]:
    """A warning for numbers that are E.164 and yet can't exist by their country's numbering plan."""
    found = [
        part.rows.select((items_of(cell) if column.many else pl.concat_list(cell)).alias("number"))
        for part in alive
        for column in part.type.columns
        for cell in (pl.col(column.name),)
        if column.kind is Kind.PHONE_NUMBER and column.attribute is None
    ]
    numbers = pl.concat([pl.DataFrame(schema={"number": pl.List(pl.String)}), *found]).explode("number")
    doubtful = [
        number
        for number in numbers.drop_nulls().get_column("number").unique().sort()
        if number.startswith("+") and not _possible(number)
    ]
    if not doubtful:
        return []
    some = ", ".join(doubtful[:_SHOWN]) + (", …" if len(doubtful) > _SHOWN else "")
    return [f"{len(doubtful)} phone numbers don't fit their country's numbering plan; check them: {some}"]


def _possible(number: str) -> bool:
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
