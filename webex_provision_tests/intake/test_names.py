"""Names as they are compared and written in lists: case and composition do not count, escapes hide and come back."""

import unicodedata
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webex_provision.actions.row import Row, parse_member
from webex_provision.intake.lists import badly_escaped, items_of, joined, names_of
from webex_provision.intake.parts import same_key
from webex_provision_tests.intake.made_up import csv_of, intake_of, rejections

NAMES = st.one_of(
    st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12),
    st.text(alphabet="ab |\\=@:é\u0301İ\u0131ßﬁΣς", max_size=8),
)
PLAIN = NAMES.map(str.strip).filter(bool)  # as intake tidies a cell


def compared(names: list[str]) -> list[str]:
    return pl.DataFrame({"n": names}, schema={"n": pl.String}).select(same_key(pl.col("n"))).to_series().to_list()


def escaped(name: str) -> str:
    return "".join(f"\\{sign}" if sign in "|=@:\\" else sign for sign in name)


def items(cell: str) -> list[str]:
    """As execution reads a list cell."""
    return Row("1", 1, 1, "t", "k", {"list": cell}).items("list")


def over(cell: str, expression: pl.Expr) -> object:
    return pl.DataFrame({"c": [cell]}, schema={"c": pl.String}).select(expression).item()


@given(st.lists(NAMES, min_size=1, max_size=6))
def test_a_name_is_compared_without_regard_to_case_and_composition(names: list[str]) -> None:
    keys = compared(names)
    assert compared([unicodedata.normalize("NFD", name) for name in names]) == keys
    assert compared([name.casefold() for name in names]) == keys
    assert compared(keys) == keys


@given(st.lists(NAMES, min_size=1, max_size=6))
def test_a_column_is_compared_as_its_cells_are(names: list[str]) -> None:
    """Nothing of one cell, such as a final sigma, reaches into the next one."""
    assert compared(names) == [compared([name])[0] for name in names]


@given(st.lists(PLAIN, min_size=1, max_size=5).filter(lambda names: names != ["-"]))
def test_names_with_any_sign_pass_through_a_list_cell_unharmed(names: list[str]) -> None:
    cell = " | ".join(map(escaped, names))
    assert items(cell) == names
    told = pl.DataFrame({"c": [cell]}).select(items_of(pl.col("c"))).to_series().explode().drop_nulls()
    assert told.to_frame("c").select(names_of(pl.col("c"))).to_series().to_list() == names
    assert not over(cell, badly_escaped(pl.col("c")))


@given(st.text(alphabet="ab |\\=@:-", max_size=12))
def test_intake_and_execution_see_the_same_items_in_any_sound_cell(cell: str) -> None:
    told = over(cell, joined(items_of(pl.col("c"))))
    if not over(cell, badly_escaped(pl.col("c"))) and "-" not in (cell, told):
        assert items(str(told)) == items(cell)


@given(PLAIN, PLAIN, st.one_of(st.none(), st.integers(0, 10**6)))
def test_a_member_is_read_back_with_name_location_and_attribute(name: str, place: str, number: int | None) -> None:
    attribute = "" if number is None else f"={number}"
    member = parse_member(f"workspace:{escaped(name)}@{escaped(place)}{attribute}")
    assert (member.name, member.location_key, member.attribute) == (name, place, number)


@given(st.one_of(NAMES, st.text(alphabet="workspace:park@=/|\\1 ", max_size=20)))
def test_any_text_is_a_member_or_a_plain_complaint(text: str) -> None:
    with suppress(ValueError):
        assert parse_member(text).name.strip()


def variants(name: str) -> list[str]:
    """Spellings of one name that a person would take for the same."""
    return [unicodedata.normalize("NFD", name), name.casefold(), f"  {name} ", name]


@settings(max_examples=15)
@given(name=PLAIN.filter(lambda name: name != "-" and name.isprintable()), spelling=st.integers(0, 3))
def test_a_second_spelling_of_a_key_is_a_duplicate(
    tmp_path_factory: pytest.TempPathFactory, name: str, spelling: int
) -> None:
    folder: Path = tmp_path_factory.mktemp("names")
    rows = [{"entity_type": "site", "site_name": text} for text in (name, variants(name)[spelling])]
    found = rejections(intake_of(folder, csv_of(*rows)))
    assert 2 in found
    assert found[2][0] == "duplicate_key"
