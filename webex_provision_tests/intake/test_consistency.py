"""Rows held against each other: one row an identifier, one row a key, one owner a number."""

from pathlib import Path

import polars as pl

from webex_provision.actions.declaration import Claim, Column, RefersTo
from webex_provision_tests.intake.made_up import cells, csv_of, entity, intake_of, ready_numbers, rejections

SITE_ROW = {"entity_type": "site", "location_key": "HQ", "site_name": "Madrid HQ"}


def desk(name: str, location: str = "HQ", **more: str) -> dict[str, str]:
    return {"entity_type": "desk", "location_key": location, "desk_name": name} | more


def line(name: str, location: str = "HQ", **more: str) -> dict[str, str]:
    return desk(name, location, **more) | {"entity_type": "desk_line"}


def test_every_row_has_an_identifier_of_its_own_also_among_rejected_ones(tmp_path: Path) -> None:
    result = intake_of(
        tmp_path,
        csv_of(
            desk("a", extension="11", row_ref="A"),
            desk("b", extension="12", row_ref="A"),
            desk("c", extension="13", row_ref="5"),
            desk("d", extension="14", row_ref="4"),
            desk("e", extension="15"),
        ),
    )
    assert cells(result, "row_id") == ["A", "4", "5"]
    assert ready_numbers(result) == [1, 4, 5]
    assert result.rejected.get_column("row_id").to_list() == ["2", "3"]
    told = rejections(result)
    assert told[2] == ("duplicate_key", "row 2: row_ref: 'A' is taken by row 1; choose another reference")
    assert "is the number of another row" in told[3][1]


def test_references_that_ledgers_would_write_alike_are_one(tmp_path: Path) -> None:
    """There a formula has an apostrophe: two rows of one row_id would share a state."""
    refs = ("=1", "'=1", "'@a", "@a")
    rows = [desk(f"d{place}", extension=f"1{place}", row_ref=ref) for place, ref in enumerate(refs)]
    result = intake_of(tmp_path, csv_of(*rows))
    assert ready_numbers(result) == [1, 3]
    assert result.rejected.get_column("row_id").to_list() == ["2", "4"]
    assert {code for code, _ in rejections(result).values()} == {"duplicate_key"}


def test_a_row_that_is_rejected_anyway_takes_neither_key_nor_reference_nor_number(tmp_path: Path) -> None:
    good = desk("a", extension="11", row_ref="A")
    result = intake_of(tmp_path, csv_of(good | {"desk_colour": "pink"}, good, desk("b", extension="12")))
    assert rejections(result).keys() == {1}
    assert ready_numbers(result) == [2, 3]


def test_the_first_row_of_a_key_stays_whatever_its_case_and_later_ones_name_it(tmp_path: Path) -> None:
    people = [{"entity_type": name, "email": mail} for name, mail in (("person", "a@x.org"), ("human", "A@X.org"))]
    result = intake_of(tmp_path, csv_of(*people, people[0] | {"entity_key": "other"}))
    assert ready_numbers(result) == [1, 3]
    assert rejections(result)[2] == (
        "duplicate_key",
        "row 2: entity_key: 'a@x.org' repeats the person of row 1; keep one",
    )


def test_a_row_that_breaks_a_rule_gives_its_key_to_the_next(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of(desk("a"), desk("a", extension="11")))
    assert ready_numbers(result) == [2]
    assert "needs an extension" in rejections(result)[1][1]


def test_the_same_desk_under_two_names_of_its_location_is_found(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of(SITE_ROW, desk("a", extension="11"), desk("A", "madrid hq", extension="11")))
    assert "repeats the desk of row 2" in rejections(result)[3][1]


def test_an_extension_is_held_once_in_its_location_whatever_its_location_is_called(tmp_path: Path) -> None:
    result = intake_of(
        tmp_path,
        csv_of(
            SITE_ROW,
            desk("a", extension="11"),
            desk("b", "Madrid HQ", extension="11"),
            desk("c", "Elsewhere", extension="11"),
        ),
    )
    told = rejections(result)
    assert told.keys() == {2, 3}
    assert told[2][0] == "duplicate_key"
    assert told[2][1] == "row 2: extension: '11' is claimed by row 3 too; only one may hold it"
    assert "claimed by row 2" in told[3][1]


def test_a_number_is_held_once_in_the_file_whichever_column_it_stands_in(tmp_path: Path) -> None:
    result = intake_of(
        tmp_path,
        csv_of(
            desk("a", phone_number="+34910000001"),
            desk("b", "Other", extension="12", phone_numbers_secondary="+34910000009|+34 910 000 001"),
            line("a", phone_number="+34910000001"),
        ),
    )
    told = rejections(result)
    assert told.keys() == {1, 2, 3}
    assert "claimed by row 2" in told[1][1]
    assert "claimed by row 1" in told[2][1]
    assert "claimed by row 2" in told[3][1]


def test_rows_of_one_owner_may_repeat_a_value(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of(SITE_ROW, desk("a", extension="11"), line("A", "madrid HQ", extension="11")))
    assert ready_numbers(result) == [1, 2, 3]


def test_a_claim_within_a_column_is_held_once_among_rows_that_say_the_same_there(tmp_path: Path) -> None:
    crew = entity(
        "crew",
        Column(name="crew_name", help="Name.", required=True),
        Column(name="crew_people", help="People.", many=True, required=True),
        Column(name="crew_does", help="What.", required=True),
        entity_key=pl.concat_str("crew_name", "crew_does", "crew_people"),
        owner=pl.col("crew_does"),
        claims=(Claim("crew_people", within="crew_name"),),
    )

    def row(name: str, does: str, people: str) -> dict[str, str]:
        return {"entity_type": "crew", "crew_name": name, "crew_does": does, "crew_people": people}

    rows = [row("A", "add", "x|y"), row("a", "drop", "z|Y"), row("B", "drop", "x"), row("A", "add", "x")]
    result = intake_of(tmp_path, csv_of(*rows), [crew])
    told = rejections(result)
    assert told.keys() == {1, 2}
    assert told[1] == ("duplicate_key", "row 1: crew_people: 'y' is claimed by row 2 too; only one may hold it")


def test_all_keys_of_one_entity_are_one_place_for_a_claim(tmp_path: Path) -> None:
    """A row that says the external id and one that says the name speak of the same thing."""
    team = entity(
        "team",
        Column(name="team_id", help="Key."),
        Column(name="team_name", help="Name.", required=True),
        entity_key=pl.col("team_name"),
        called=("team_id",),
        remote_name="team_name",
    )
    crew = entity(
        "crew",
        Column(name="crew_team", help="Team.", required=True, refers_to=(RefersTo("team"),)),
        Column(name="crew_people", help="People.", many=True, required=True),
        Column(name="crew_does", help="What.", required=True),
        rank=2,
        entity_key=pl.concat_str("crew_team", "crew_does", "crew_people"),
        owner=pl.col("crew_does"),
        claims=(Claim("crew_people", within="crew_team"),),
    )
    does = [("T1", "add"), ("blue", "drop"), ("Red", "drop")]
    rows = [{"entity_type": "crew", "crew_team": name, "crew_does": what, "crew_people": "x"} for name, what in does]
    named = {"entity_type": "team", "team_id": "t1", "team_name": "Blue"}
    assert rejections(intake_of(tmp_path, csv_of(named, *rows), [team, crew])).keys() == {2, 3}


def test_a_key_that_leads_to_two_locations_rejects_the_later_one_and_every_reference(tmp_path: Path) -> None:
    result = intake_of(
        tmp_path,
        csv_of(
            SITE_ROW,
            {"entity_type": "site", "location_key": "hq", "site_name": "Lisboa"},
            desk("a", "HQ", extension="11"),
            desk("b", "Madrid HQ", extension="12"),
        ),
    )
    told = rejections(result)
    assert told.keys() == {2, 3}
    assert "already leads to the site of row 1" in told[2][1]
    assert "leads to two location rows" in told[3][1]


def test_two_rows_for_one_location_are_found_by_its_name(tmp_path: Path) -> None:
    result = intake_of(tmp_path, csv_of(SITE_ROW, SITE_ROW | {"entity_key": "other", "location_key": "H2"}))
    assert "repeats the site of row 1" in rejections(result)[2][1]


def test_a_message_joins_the_first_five_reasons_and_counts_the_rest(tmp_path: Path) -> None:
    bad = desk("-", "", extension="x", phone_number="1", phone_numbers_secondary="2", desk_colour="3", row_ref="-")
    reason, message = rejections(intake_of(tmp_path, csv_of(bad)))[1]
    assert reason == "invalid_input_schema"
    assert message.count(";") >= 5
    assert message.endswith("; and 2 more")
