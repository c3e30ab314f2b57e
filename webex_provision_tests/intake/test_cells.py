"""Each kind of cell: what is brought into one form, and what a person is told about the rest."""

from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from webex_provision.actions.declaration import Column, EntityType, Kind, Rule
from webex_provision.intake.kinds import normalised
from webex_provision.intake.schema import FaultyDeclaration, cell_validation, rule_validation
from webex_provision.intake.text import tidied
from webex_provision_tests.intake.made_up import entity


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")
    level: int


COLUMNS = {
    "text": Column(name="c", help=".", largest=5),
    "short": Column(name="c", help=".", smallest=3),
    "key": Column(name="c", help=".", kind=Kind.KEY),
    "email": Column(name="c", help=".", kind=Kind.EMAIL),
    "boolean": Column(name="c", help=".", kind=Kind.BOOLEAN),
    "choice": Column(name="c", help=".", kind=Kind.CHOICE, choices=("LONG_LONG", "meetingRoom")),
    "integer": Column(name="c", help=".", kind=Kind.INTEGER, smallest=2, largest=20),
    "decimal": Column(name="c", help=".", kind=Kind.DECIMAL, smallest=-90, largest=90),
    "phone": Column(name="c", help=".", kind=Kind.PHONE_NUMBER),
    "extension": Column(name="c", help=".", kind=Kind.EXTENSION),
    "dialable": Column(name="c", help=".", kind=Kind.DIALABLE),
    "language": Column(name="c", help=".", kind=Kind.LANGUAGE),
    "locale": Column(name="c", help=".", kind=Kind.LANGUAGE, pattern="^[a-z]{2}_[A-Z]{2}$", example="es_ES"),
    "zone": Column(name="c", help=".", kind=Kind.TIME_ZONE),
    "country": Column(name="c", help=".", kind=Kind.COUNTRY),
    "pattern": Column(name="c", help=".", pattern="^[A-Z]+$", example="ABC"),
    "member": Column(name="c", help=".", kind=Kind.MEMBER),
    "members": Column(name="c", help=".", kind=Kind.MEMBER, many=True, most_items=3, clearable=True),
    "weighted": Column(name="c", help=".", kind=Kind.MEMBER, many=True, attribute="weight"),
    "trunks": Column(name="c", help=".", many=True, attribute="priority"),
    "tags": Column(name="c", help=".", many=True, most_items=3),
    "phones": Column(name="c", help=".", kind=Kind.PHONE_NUMBER, many=True),
    "json": Column(name="c", help=".", kind=Kind.JSON, shape=list[Shape]),
    "any_json": Column(name="c", help=".", kind=Kind.JSON),
}


def judge(column: Column, written: str) -> tuple[str | None, str]:
    """The normalised cell and the complaint about it (empty when it is good)."""
    entity_type = entity("thing", column, entity_key=pl.col("c"))
    cell = (
        pl.DataFrame({"c": [written]}, schema={"c": pl.String}).select(tidied(pl.col("c"))).select(normalised(column))
    )
    frame = cell.with_columns(
        pl.lit(1, pl.Int64).alias("row"), *(pl.lit(None, pl.String).alias(name) for name in ("entity_key", "row_ref"))
    )
    found = cell_validation(entity_type).faults(frame).get_column("message").to_list()
    return cell.item(), "; ".join(found)


@pytest.mark.parametrize(
    ("kind", "written", "normal"),
    [
        ("text", " 08 ", "08"),
        ("key", "A/1", "A/1"),
        ("email", " Ana.RUIZ@Example.com", "ana.ruiz@example.com"),
        ("boolean", "YES", "true"),
        ("boolean", "0", "false"),
        ("choice", "long-long", "LONG_LONG"),
        ("choice", "Meeting room", "meetingRoom"),
        ("integer", "20", "20"),
        ("decimal", "-3.7038", "-3.7038"),
        ("phone", "+34 (910) 00-21.01", "+34910002101"),
        ("extension", "0123", "0123"),
        ("dialable", "*72", "*72"),
        ("dialable", "+34 910 002 101", "+34910002101"),
        ("language", "es-ES", "es_es"),
        ("locale", "en-us", "en_US"),
        ("zone", "europe/madrid", "Europe/Madrid"),
        ("country", "es", "ES"),
        ("member", "workspace:Sala | 1", "workspace:Sala | 1"),
        ("members", " a@b.co | workspace:Sala \\| 1 | ", "a@b.co|workspace:Sala \\| 1"),
        ("members", "-", "-"),
        ("weighted", "a@b.co=50|virtual_line:Main=1", "a@b.co=50|virtual_line:Main=1"),
        ("trunks", "TRUNK_A=1 | TRUNK_B=2", "TRUNK_A=1|TRUNK_B=2"),
        ("phones", "+34 910 002 101 | +34910002102", "+34910002101|+34910002102"),
        ("json", '[{"level": 1}]', '[{"level": 1}]'),
        ("any_json", "1e3", "1e3"),
    ],
)
def test_a_good_cell_is_brought_into_one_form(kind: str, written: str, normal: str) -> None:
    assert judge(COLUMNS[kind], written) == (normal, "")


@pytest.mark.parametrize(
    ("kind", "written", "told"),
    [
        ("text", "123456", "longer than 5"),
        ("short", "ab", "shorter than 3"),
        ("text", "-", "can't be cleared"),
        ("key", "a\nb", "line break"),
        ("key", "k" * 257, "longer than 256"),
        ("email", "ana", "not an email"),
        ("boolean", "maybe", "neither true nor false"),
        ("choice", "SHORT", "one of LONG_LONG, meetingRoom"),
        ("integer", "1", "less than 2"),
        ("integer", "21", "more than 20"),
        ("integer", "2.0", "not a whole number"),
        ("integer", "1E+1", "scientific notation"),
        ("decimal", "40,4", "decimal comma"),
        ("decimal", "91", "more than 90"),
        ("phone", "3.49E+10", "spreadsheet program"),
        ("phone", "34910002101", "spreadsheet program"),
        ("phone", "0034910002101", "write + instead"),
        ("phone", "910 002 101", "has no + and country code"),
        ("phone", "+0349", "not E.164"),
        ("phone", "+34910002101x", "not E.164"),
        ("extension", "2101.0", "decimal point"),
        ("extension", "2.1E+3", "scientific notation"),
        ("extension", "7", "lost leading zeros"),
        ("extension", "123456789", "2 to 8 digits"),
        ("extension", "\u0661\u0662\u0663", "2 to 8 digits"),
        ("dialable", "hello", "can be dialled"),
        ("dialable", "2101.0", "decimal point"),
        ("language", "spanish", "such as es_es"),
        ("locale", "es", "such as es_ES"),
        ("zone", "Europe/Madird", "(nearest: Europe/Madrid)"),
        ("country", "UK", "ISO 3166"),
        ("pattern", "abc", "such as ABC"),
        ("member", "Sala 1", "neither an email nor"),
        ("members", "a@b.co|A@B.co", "lists a@b.co twice"),
        ("members", "a@b.co|b@b.co|c@b.co|d@b.co", "more than 3 items"),
        ("members", "a@b.co=5", "takes none here"),
        ("members", "a@b.co;b@b.co", "write | between them"),
        ("members", "a@b.co, workspace:Sala 1", "write | between them"),
        ("phones", "+34910002101,+34910002102", "write | between them"),
        ("weighted", "a@b.co=much", "whole number"),
        ("trunks", "TRUNK_A=one", "priority must be a whole number"),
        ("trunks", "TRUNK_A=1|trunk_a=2", "lists an item twice"),
        ("tags", "a|b|A", "lists an item twice"),
        ("tags", "a\\", "backslash"),
        ("tags", "|", "has no items"),
        ("phones", "+34910002101|910002102", "has no +"),
        ("json", '{"level": 1}', "does not fit"),
        ("json", '[{"level": "1"}]', "at 0.level"),
        ("json", '[{"level": 1, "more": 2}]', "at 0.more"),
        ("any_json", "{", "does not fit"),
        ("any_json", "NaN", "not JSON"),
        ("any_json", "1e999", "too large"),
        ("any_json", "[" * 5_000, "does not fit"),
    ],
)
def test_a_bad_cell_is_told_with_its_cause_and_cure(kind: str, written: str, told: str) -> None:
    cell, message = judge(COLUMNS[kind], written)
    assert told in message
    assert message.startswith("c: '")
    assert cell is not None


def test_a_required_cell_that_is_blank_is_named_with_an_example() -> None:
    column = replace(COLUMNS["pattern"], required=True)
    assert judge(column, " ") == (None, "c is blank and required; fill it, such as ABC")


def test_what_stands_in_a_secret_column_by_mistake_is_not_repeated() -> None:
    column = Column(name="trunk_password_env", help=".", pattern="^[A-Z_]+$", example="TRUNK_PASSWORD")
    part = pl.DataFrame({"row": [1], "trunk_password_env": ["hunter2!"], "entity_key": ["k"], "row_ref": ["r"]})
    message = cell_validation(entity("t", column, entity_key=pl.lit("k"))).faults(part).item(0, "message")
    assert "hunter2" not in message
    assert "TRUNK_PASSWORD" in message
    assert "names the environment variable that holds the secret" in message


def test_a_rule_that_cannot_be_evaluated_is_a_fault_of_the_declaration() -> None:
    broken = entity("t", COLUMNS["text"], entity_key=pl.col("c"), rules=(Rule("c", pl.col("nowhere") == "1", "x"),))
    part = pl.DataFrame({"row": [1], "c": ["a"], "entity_key": ["k"], "row_ref": ["r"]})
    with pytest.raises(FaultyDeclaration, match="t"):
        rule_validation(broken).faults(part)


written_cells = st.one_of(
    st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=20),
    st.text(alphabet="+-|\\=@: .0123456789aE_()", max_size=20),
    st.sampled_from(["TRUE", "Europe/MADRID", "en-US", "ıİ", "ﬁ", "-", "- |", "|-", "a\\ |b", "+ -"]),
)


@pytest.mark.parametrize("kind", COLUMNS)
@given(written=st.lists(written_cells, min_size=1, max_size=20))
def test_normalising_twice_changes_nothing(kind: str, written: list[str]) -> None:
    column = COLUMNS[kind]
    once = pl.DataFrame({"c": written}, schema={"c": pl.String}).select(tidied(pl.col("c"))).select(normalised(column))
    again = once.select(tidied(pl.col("c"))).select(normalised(column))
    assert again.equals(once)


def test_each_type_has_its_own_schema() -> None:
    types: list[EntityType] = [entity(name, COLUMNS["text"], entity_key=pl.col("c")) for name in ("a", "b")]
    assert cell_validation(types[0]) is cell_validation(types[0])
    assert cell_validation(types[0]) is not cell_validation(types[1])
