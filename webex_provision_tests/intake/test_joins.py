"""A row takes the extension and number of its owner from another row, and only from one that survives."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webex_provision.actions.columns import EXTENSION, LOCATION_KEY, PHONE_NUMBER
from webex_provision.actions.declaration import Claim, Column, Join, Rule
from webex_provision_tests.intake.made_up import cells, csv_of, entity, intake_of, ready_numbers, rejections
from webex_provision_tests.intake.test_consistency import SITE_ROW, desk, line


def test_missing_cells_come_from_the_other_row_of_the_owner_in_its_location(tmp_path: Path) -> None:
    result = intake_of(
        tmp_path,
        csv_of(
            SITE_ROW,
            desk("a"),
            line("A", "madrid hq", extension="11", phone_number="+34910000001"),
            desk("b"),
            line("b", "Elsewhere", extension="12"),
        ),
    )
    assert ready_numbers(result) == [1, 2, 3, 5]
    assert cells(result, "extension")[1] == "11"
    assert cells(result, "phone_number")[1] == "+34910000001"
    assert "needs an extension" in rejections(result)[4][1]


def test_own_cells_win_over_the_other_row(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of(desk("a", phone_number="+34910000001"), line("a", extension="11")))
    assert cells(result, "extension") == [None, "11"]


def test_many_rows_of_one_owner_cost_no_more_than_their_number(tmp_path: Path) -> None:
    """An owner with n asking and n giving rows is joined row by row, never n times n."""
    rows = [desk("a", entity_key=f"d{n}") for n in range(1_500)] + [
        line("a", extension="11", entity_key=f"l{n}") for n in range(1_500)
    ]
    result = intake_of(tmp_path, csv_of(*rows))
    assert cells(result, "extension") == ["11"] * 3_000


def test_a_rejected_row_gives_nothing(tmp_path: Path) -> None:
    bad_cell = line("a", extension="11", phone_number="5")
    contested = [line("b", extension="12"), line("c", extension="12")]
    result = intake_of(tmp_path, csv_of(desk("a"), bad_cell, desk("b"), *contested))
    assert ready_numbers(result) == []
    assert "needs an extension" in rejections(result)[1][1]
    assert "needs an extension" in rejections(result)[3][1]


def test_a_column_that_only_a_join_filled_is_added_after_the_input_columns(tmp_path: Path) -> None:
    asks = entity(
        "asks",
        LOCATION_KEY,
        EXTENSION,
        entity_key=pl.lit("k"),
        owner=pl.lit("o"),
        joins=(Join(("extension",), ("gives",)),),
    )
    gives = entity(
        "gives",
        Column(name="extension", help="."),
        entity_key=pl.lit("k"),
        owner=pl.lit("o"),
        rank=2,
    )
    rows = csv_of({"entity_type": "asks", "location_key": "HQ"}, {"entity_type": "gives", "extension": "11"})
    result = intake_of(tmp_path, rows, (asks, gives))
    assert cells(result, "extension") == ["11", "11"]
    assert result.ready.columns[:4] == ["entity_type", "location_key", "extension", "entity_key"]


# Two types that take from each other, with rules, claims and keys that collide: what survives must still be sound.
_LINES = (LOCATION_KEY, Column(name="who", help="."), EXTENSION, PHONE_NUMBER)
_HOUSE = {
    "entity_key": pl.col("who"),
    "owner": pl.col("who").str.slice(0, 1),
    "claims": (Claim("extension", per_location=True), Claim("phone_number")),
}
ALPHA = entity(
    "alpha",
    *_LINES,
    **_HOUSE,
    joins=(Join(("extension",), ("beta",)), Join(("phone_number",), ("beta", "alpha"))),
    rules=(Rule("extension", pl.col("extension").is_null(), "needs one"),),
)
BETA = entity(
    "beta",
    *_LINES,
    **_HOUSE,
    rank=2,
    joins=(Join(("extension", "phone_number"), ("alpha",)),),
    rules=(Rule("phone_number", pl.col("phone_number").is_null(), "needs one"),),
)
tangled = st.fixed_dictionaries(
    {
        "entity_type": st.sampled_from(["alpha", "beta"]),
        "location_key": st.sampled_from(["HQ", "B"]),
        "who": st.sampled_from(["a", "a1", "a2", "b", "b1", "c", "c1"]),
        "extension": st.sampled_from(["", "11", "12", "13"]),
        "phone_number": st.sampled_from(["", "+34910000001", "+34910000002", "1"]),
    }
)


@pytest.mark.parametrize("passes", [1, 10])
@settings(max_examples=25, deadline=None)
@given(rows=st.lists(tangled, min_size=1, max_size=14))
def test_a_joined_value_always_comes_from_a_surviving_row(
    tmp_path_factory: pytest.TempPathFactory, passes: int, rows: list[dict[str, str]]
) -> None:
    """Also when the bound of passes is reached before the rows have settled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("webex_provision.intake.settle._MOST_PASSES", passes)
        result = intake_of(tmp_path_factory.mktemp("tangled"), csv_of(*rows), (ALPHA, BETA))
    alive = ready_numbers(result)
    written = {(number, name): rows[number - 1][name] for number in alive for name in ("extension", "phone_number")}
    for number in alive:
        record = result.ready.row(alive.index(number), named=True)
        assert record["extension" if record["entity_type"] == "alpha" else "phone_number"] is not None
        for name in ("extension", "phone_number"):
            if record[name] is not None and not written[number, name]:
                givers = [
                    other
                    for other in alive
                    if written[other, name] == record[name] and rows[other - 1]["who"][0] == record["who"][0]
                ]
                assert givers, (number, name)
    assert result.ready.height + result.rejected.height == len(rows)
