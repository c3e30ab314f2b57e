"""Whatever comes in: one clear error, or every row in exactly one of two frames. Never anything else."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webex_provision.actions.actions_registry import ENTITY_TYPES
from webex_provision.actions.declaration import EntityType
from webex_provision.intake.csv_file import UnusableCsv
from webex_provision.intake.data_pipeline import IntakeResult, write_outputs
from webex_provision_tests.intake.made_up import WORLD, csv_of, intake_of
from webex_provision_tests.intake.test_ready_rows import loaded_equals
from webex_provision_tests.rehearsal import read_csv

text = st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12)


def sound(result: IntakeResult, folder: Path) -> None:
    ready, rejected = result.ready, result.rejected
    assert ready.height + rejected.height == result.rows_read
    numbers = pl.concat([ready.get_column("row_number"), rejected.get_column("row_number")])
    assert numbers.sort().to_list() == list(range(1, result.rows_read + 1))
    identifiers = [*ready.get_column("row_id"), *rejected.get_column("row_id")]
    assert len(identifiers) == len(set(identifiers))
    for _, part in ready.group_by("phase"):
        assert part.get_column("position").sort().to_list() == list(range(1, part.height + 1))
    assert all(rejected.get_column("reason_message"))
    write_outputs(result, folder / "out")
    assert loaded_equals(folder / "out", ready)


@settings(max_examples=100, deadline=None)
@given(
    data=st.one_of(st.binary(max_size=80), text.map(str.encode), text.map(lambda t: f"entity_type,{t}\nsite,".encode()))
)
def test_arbitrary_bytes_are_unusable_or_divided(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("bytes")
    try:
        result = intake_of(folder, data)
    except UnusableCsv:
        return
    sound(result, folder)


def tables(types: tuple[EntityType, ...]) -> st.SearchStrategy[list[dict[str, str]]]:
    """Rows that are half right: known types and columns, examples among the cells, and anything else."""
    columns = {column.name: column for entity_type in types for column in entity_type.columns}
    names = st.sampled_from([*columns, "row_ref", "entity_key", "comment", "display_name", "strange", "*"])
    kinds = st.sampled_from([name for entity_type in types for name in entity_type.names] + ["nothing", ""])
    samples = sorted({c.example for c in columns.values()} | {c for k in columns.values() for c in k.choices})
    some = st.sampled_from(
        [*samples, "", "-", "a|b", "1", "2", "HQ", "true", "+34910002101", "a@x.org", "2101", "=", "|"]
    )
    row = st.tuples(kinds, st.dictionaries(names, st.one_of(some, text), max_size=12))
    return st.lists(row.map(lambda pair: {"entity_type": pair[0], **pair[1]}), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None)
@given(rows=tables(WORLD))
def test_arbitrary_tables_of_invented_types_are_divided(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("table")
    sound(intake_of(folder, csv_of(*rows)), folder)


@settings(max_examples=10, deadline=None)
@given(rows=tables(ENTITY_TYPES))
def test_arbitrary_tables_of_declared_types_are_divided(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("table")
    sound(intake_of(folder, csv_of(*rows), ENTITY_TYPES), folder)


@settings(max_examples=15, deadline=None)
@given(rows=tables(WORLD))
def test_an_intake_of_ready_rows_accepts_the_same_rows_unchanged(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("again")
    first = intake_of(folder, csv_of(*({**row, "row_ref": ""} for row in rows))).ready
    if first.is_empty():
        return
    again = intake_of(folder, first.write_csv())
    assert again.rejected.is_empty()
    for column in first.iter_columns():
        if column.name not in ("row_id", "row_number", "pending_message"):
            assert again.ready.get_column(column.name).equals(column), column.name


SAMPLE = read_csv(Path(__file__).parents[2] / "data" / "sample.csv")
DAMAGE = st.one_of(
    st.just(""), text, st.sampled_from(["-", "|", "=", " a | b ", "TRUE", "0", "+34 910 00 21 01", "\u0130"])
)


@st.composite
def damaged_sample(draw: st.DrawFn) -> list[dict[str, str]]:
    """Some rows of the sample, in any order, with any cells damaged, and with columns that nobody knows."""
    rows = [dict(SAMPLE[place]) for place in draw(st.lists(st.integers(0, len(SAMPLE) - 1), min_size=1, max_size=25))]
    for _ in range(draw(st.integers(0, 6))):
        row = draw(st.sampled_from(rows))
        filled = [name for name, cell in row.items() if cell]
        row[draw(st.sampled_from([*filled, "strange", "row_ref", "entity_key"]))] = draw(DAMAGE)
    return rows


@settings(max_examples=8, deadline=None)
@given(rows=damaged_sample())
def test_ready_to_load_comes_out_of_an_intake_as_it_went_in(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]]
) -> None:
    """All declared types: the file that was written is a CSV of which every row is ready again, and the same."""
    folder = tmp_path_factory.mktemp("sample")
    first = intake_of(folder, csv_of(*rows), ENTITY_TYPES)
    sound(first, folder)
    if first.ready.is_empty():
        return
    again = intake_of(folder, (folder / "out" / "ready_to_load.csv").read_bytes(), ENTITY_TYPES)
    assert again.rejected.is_empty()
    places = {"row_id", "row_number", "row_ref", "pending_message"}  # the message begins with the row's number
    assert again.ready.drop(places, strict=False).equals(first.ready.drop(places, strict=False))
