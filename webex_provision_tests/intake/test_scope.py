"""What is not done here is said, never dropped: identity is rejected, the rest waits with a hint."""

from pathlib import Path

import pytest

from webex_provision.intake.csv_file import UnusableCsv
from webex_provision_tests.intake.made_up import cells, csv_of, intake_of, ready_numbers, rejections
from webex_provision_tests.intake.test_consistency import SITE_ROW, desk

PERSON_ROW = {"entity_type": "person", "email": "a@x.org"}


def test_identity_on_a_row_about_a_person_is_rejected_and_waits_elsewhere(tmp_path: Path) -> None:
    filled = {"display_name": "Ana"}
    result = intake_of(tmp_path, csv_of(PERSON_ROW | filled, SITE_ROW | filled))
    reason, message = rejections(result)[1]
    assert reason == "out_of_scope"
    assert "display_name is identity" in message
    assert cells(result, "pending_reason") == ["out_of_scope"]
    assert "display_name belongs to person rows" in str(cells(result, "pending_message")[0])


def test_a_wish_that_no_api_serves_waits(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of(desk("a", extension="11", desk_lift="up"), desk("b", extension="12")))
    assert cells(result, "pending_reason") == ["out_of_scope", None]
    assert cells(result, "pending_message")[0] == "row 1: desk_lift: no API lifts desks; empty it"
    assert result.pending_by_reason == {"out_of_scope": 1}


def test_an_unknown_column_warns_once_and_holds_back_only_the_rows_that_fill_it(tmp_path: Path) -> None:
    result = intake_of(
        tmp_path, csv_of(desk("a", extension="11", desk_color="x"), desk("b", extension="12", desk_color=" "))
    )
    assert result.warnings == [
        "column 'desk_color' is not known (nearest: desk_colour); rows that fill it are not sent"
    ]
    assert cells(result, "pending_reason") == ["out_of_scope", None]
    assert "nearest: desk_colour" in str(cells(result, "pending_message")[0])
    assert cells(result, "desk_color") == ["x", None]


def test_a_column_of_another_type_names_that_type(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of(PERSON_ROW | {"desk_colour": "RED_HOT"}))
    assert "desk_colour belongs to desk rows, not to person" in str(cells(result, "pending_message")[0])


def test_free_text_and_shared_columns_hold_nothing_back(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of(PERSON_ROW | {"comment": "hi", "x_ticket": "1", "language": "es-ES"}))
    assert cells(result, "pending_reason") == [None]
    assert result.warnings == ["person rows don't use language; it is ignored there (1 filled)"]
    assert cells(result, "language") == ["es-ES"]


def test_an_unknown_or_blank_type_is_rejected_with_the_nearest_one(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of({"entity_type": "pirson"}, {"entity_type": " "}, PERSON_ROW))
    told = rejections(result)
    assert told[1] == (
        "invalid_input_schema",
        "row 1: entity_type: 'pirson' is not a type (nearest: person); write one of the known types",
    )
    assert "entity_type is blank" in told[2][1]
    assert ready_numbers(result) == [3]


def test_an_alias_is_kept_as_written_and_planned_as_its_type(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of(PERSON_ROW | {"entity_type": " Human "}))
    assert cells(result, "entity_type") == ["human"]
    assert cells(result, "canonical_type") == ["person"]


def test_the_old_spelling_of_a_list_column_is_read_with_a_warning(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of(PERSON_ROW | {"person_tags_csv": "a|b"}))
    assert cells(result, "person_tags") == ["a|b"]
    assert "person_tags_csv" in result.warnings[0]


def test_an_old_name_of_a_column_is_read_with_a_warning(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of(desk("a", extension="11", desk_paint="darkBlue")))
    assert cells(result, "desk_colour") == ["darkBlue"]
    assert result.warnings == ["column 'desk_paint' is read as 'desk_colour'"]


@pytest.mark.parametrize(
    "twice",
    [{"desk_paint": "x", "desk_colour": "x"}, {"person_tags_csv": "a", "person_labels": "a"}],
    ids=["old and new", "two old ones"],
)
def test_a_column_that_stands_there_twice_is_refused(tmp_path: Path, twice: dict[str, str]) -> None:
    with pytest.raises(UnusableCsv, match="both are there"):
        intake_of(tmp_path, csv_of(PERSON_ROW | twice))


def test_what_an_earlier_intake_added_is_not_read_again(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of(PERSON_ROW | {"row_id": "7", "pending_reason": "x"}))
    assert cells(result, "row_id") == ["1"]
    assert cells(result, "pending_reason") == [None]
    assert len(result.warnings) == 2


def test_numbers_that_no_country_has_are_warned_about(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of(desk("a", phone_number="+3491000"), desk("b", phone_number="+34910000001")))
    assert ready_numbers(result) == [1, 2]
    assert result.warnings == ["1 phone numbers don't fit their country's numbering plan; check them: +3491000"]
