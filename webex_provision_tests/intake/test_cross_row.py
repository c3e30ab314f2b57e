"""What rows of one CSV say together: contradictions are rejected, what the tenant may still make good is told."""

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webex_provision.actions.actions_registry import ENTITY_TYPES
from webex_provision.actions.declaration import EntityType
from webex_provision.intake.data_pipeline import IntakeResult
from webex_provision_tests.intake.made_up import csv_of, intake_of, ready_numbers, rejections
from webex_provision_tests.rehearsal import LOCATION, hunt_group, user, workspace

Cells = dict[str, str]
ANA, LUIS = "ana@example.com", "luis@example.com"


def of(entity_type: str, **cells: str) -> Cells:
    return {"entity_type": entity_type, "location_key": "HQ"} | cells


def pickup(name: str, members: str) -> Cells:
    return of("call_pickup_group", pickup_name=name, pickup_members=members)


def numbers(*listed: str, location: str = "HQ", **cells: str) -> Cells:
    listing = {"number_action": "ADD", "number_phone_numbers": "|".join(listed)}
    return of("location_number_state", location_key=location, **listing, **cells)


def dial_plan(name: str, patterns: str) -> Cells:
    target = {"dial_plan_target_type": "TRUNK", "dial_plan_target_key": "T"}
    return of("dial_plan", location_key="", dial_plan_name=name, dial_plan_patterns=patterns, **target)


def judged(folder: Path, *rows: Cells) -> IntakeResult:
    result = intake_of(folder, csv_of(*rows), ENTITY_TYPES)
    assert result.ready.height + result.rejected.height == len(rows)
    return result


def told(result: IntakeResult, *words: str) -> str:
    """The one warning that holds all the words."""
    found = [warning for warning in result.warnings if all(word in warning for word in words)]
    assert len(found) == 1, result.warnings
    return found[0]


# One member, however it is spelled


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ANA, "ANA@Example.com"),
        (ANA, "user:ana@example.com"),
        ("workspace:Sala Goya", "workspace:sala goya@HQ"),
        ("workspace:Sala Goya@HQ", "workspace:Sala Goya@Madrid HQ"),
        ("workspace:ROOM-1", "workspace:Sala Goya"),
        ("workspace:ROOM-1@Madrid HQ", "workspace:Sala Goya@HQ"),
        ("virtual_line:Tienda", "virtual_line:TIENDA@HQ"),
        (r"workspace:Norte\|Sur", r"workspace:norte\|sur@HQ"),
    ],
)
def test_nobody_is_in_two_pickup_groups_under_two_spellings(tmp_path: Path, one: str, other: str) -> None:
    room = workspace("Sala Goya", "2301", workspace_external_id="ROOM-1")
    rows = [LOCATION, room, pickup("1", f"{one}|{LUIS}"), pickup("2", other), pickup("3", "eva@example.com")]
    refused = rejections(judged(tmp_path, *rows))
    assert refused.keys() == {3, 4}
    assert {reason for reason, _ in refused.values()} == {"duplicate_key"}
    assert "claimed by row 4" in refused[3][1]


def test_rooms_of_one_name_in_two_locations_are_two_members(tmp_path: Path) -> None:
    rows = [pickup("1", "workspace:Sala@HQ"), pickup("2", "workspace:Sala@Lisboa"), pickup("3", "virtual_line:Sala")]
    assert rejections(judged(tmp_path, *rows)) == {}


def test_a_list_that_names_one_member_under_two_spellings_is_rejected(tmp_path: Path) -> None:
    row = hunt_group("Ventas", "2800", hunt_agents="workspace:Sala Goya|ana@example.com|workspace:SALA GOYA@HQ")
    reason, message = rejections(judged(tmp_path, row))[1]
    assert (reason, "listed twice, under two spellings" in message) == ("invalid_input_schema", True)


# One owner


def owners_of(cell: str, value: str) -> list[Cells]:
    """A row of each type that gives a value to somebody: nobody is the same."""
    line = {cell: value}
    return [
        of("user", email="a@example.com", **line),
        of("user_numbers", email="b@example.com", **line),
        of("workspace", workspace_display_name="W", **line),
        of("workspace_numbers", workspace_display_name="X", **line),
        of("extension_assignment", email="c@example.com", **line),
        of("extension_assignment", workspace_display_name="Y", entity_key="y", **line),
        of("call_queue", queue_name="Q", **line),
        of("hunt_group", hunt_name="H", **line),
        of("auto_attendant", aa_name="A", aa_business_schedule="S", **line),
    ]


@pytest.mark.parametrize(("cell", "value"), [("extension", "2101"), ("phone_number", "+34910002101")])
def test_every_two_types_compete_for_an_extension_and_a_number(tmp_path: Path, cell: str, value: str) -> None:
    rows = owners_of(cell, value)
    assert {row["entity_type"] for row in rows} == {
        declared.name
        for declared in ENTITY_TYPES
        if cell in [column.name for column in declared.columns] and declared.owner is not None
    } - {"user_calling_settings"} | {"user"}
    assert rejections(judged(tmp_path, *rows)).keys() == set(range(1, len(rows) + 1))


@pytest.mark.parametrize("entity_type", ENTITY_TYPES, ids=lambda declared: declared.name)
def test_a_type_that_has_an_extension_or_number_of_its_own_claims_it(entity_type: EntityType) -> None:
    own = {"extension", "phone_number", "phone_numbers_secondary"} & {column.name for column in entity_type.columns}
    assert own <= {claim.column for claim in entity_type.claims}


def test_alternates_and_main_numbers_are_held_once(tmp_path: Path) -> None:
    rows = [
        hunt_group("H", "2800", hunt_alternate_numbers="+34910002901"),
        of("user_numbers", email=ANA, phone_numbers_secondary="+34910002901"),
        numbers("+34910000001", number_main_phone_number="+34910000100"),
        numbers("+34910000002", location="Lisboa", number_main_phone_number="+34910000100"),
        numbers("+34910000003", number_main_phone_number="+34910000200"),
        numbers("+34910000004", number_main_phone_number="+34910000200"),
    ]
    assert rejections(judged(tmp_path, *rows)).keys() == {1, 2, 3, 4}


def test_a_number_that_one_row_removes_and_another_gives_is_in_neither(tmp_path: Path) -> None:
    removed = [of("number_removal", number_to_remove=f"+3491000000{number}") for number in range(1, 5)]
    given = [
        numbers("+34910000001"),
        user("ana", "", phone_number="+34910000002"),
        numbers("+34910000009", number_main_phone_number="+34910000003"),
    ]
    assert ready_numbers(judged(tmp_path, *removed, *given)) == [4]


def test_adding_and_removing_a_member_of_a_group_excludes_both(tmp_path: Path) -> None:
    def member(action: str) -> Cells:
        cells = {"member_group_name": "G", "member_emails": ANA, "member_action": action}
        return of("group_membership", location_key="", **cells)

    assert rejections(judged(tmp_path, member("add"), member("remove"))).keys() == {1, 2}


def test_two_values_for_one_owner_are_told_and_both_rows_go_on(tmp_path: Path) -> None:
    rows = [
        user("ana", "2101"),
        of("extension_assignment", email="Ana@example.com", extension="2102"),
        user("luis", ""),
        of("user_numbers", email=LUIS, extension="2103"),
        of("extension_assignment", email=LUIS, phone_number="+34910002103"),
    ]
    result = judged(tmp_path, *rows)
    assert ready_numbers(result) == [1, 2, 3, 4, 5]
    warning = told(result, "different values of extension")
    assert "user:ana@example.com (2101 in row 1, 2102 in row 2)" in warning
    assert "luis" not in warning
    assert "different values of phone" not in str(result.warnings)


# References


def test_names_that_no_row_makes_are_told_by_type_with_how_many_rows_and_the_first(tmp_path: Path) -> None:
    rows = [
        LOCATION,
        *(user(f"u{number}", str(2000 + number), location_key="Sevilla") for number in range(3)),
        user("v", "2101", location_key="Lugo"),
        dial_plan("D", "+3491!"),
        of("route_group", location_key="", route_group_name="R", route_group_trunks=r"Uno=1|A\|B\=C"),
        of("group_membership", location_key="", member_group_name="G", member_emails=ANA),
        of("devices", device_owner_type="workspace", device_owner="Sala", device_model="M", device_mac="001122334455"),
        pickup("P", "workspace:Otra@Vigo|ana@example.com|virtual_line:V"),
    ]
    result = judged(tmp_path, *rows)
    assert result.rejected.is_empty()
    assert "Sevilla (3 rows, first row 2), Lugo (row 5), vigo (row 10); rows that" in told(result, "no location row")
    assert r"T (row 6), Uno (row 7), A|B=C (row 7)" in told(result, "no trunk row")
    assert "G (row 8)" in told(result, "no groups row")
    assert "Sala (row 9), workspace:Otra@Vigo (row 10)" in told(result, "no workspace row")
    assert len(result.warnings) == 4


def test_what_rows_make_is_found_by_any_of_its_keys(tmp_path: Path) -> None:
    rows = [
        LOCATION,
        workspace("Sala Goya", "2301", workspace_external_id="ROOM-1"),
        of("workspace_recording", workspace_display_name="sala goya", workspace_recording_enabled="true"),
        of(
            "devices", device_owner_type="workspace", device_owner="room-1", device_model="M", device_mac="001122334455"
        ),
        of("devices", device_owner_type="person", device_owner=ANA, device_model="M", device_mac="001122334456"),
        pickup("P", "workspace:ROOM-1@madrid hq"),
        user("ana", "2101", location_key="MADRID HQ"),
    ]
    assert judged(tmp_path, *rows).warnings == []


def test_a_reference_to_a_rejected_row_names_that_row(tmp_path: Path) -> None:
    result = judged(tmp_path, LOCATION | {"time_zone": "Madrid"}, user("ana", "2101"))
    assert ready_numbers(result) == [2]
    assert "HQ (row 2; row 1 would, but is rejected)" in told(result, "no location row")


def test_a_schedule_counts_only_in_the_location_of_the_row_that_names_it(tmp_path: Path) -> None:
    def schedule(location: str) -> Cells:
        cells = {
            "schedule_name": "Abierto",
            "schedule_type": "businessHours",
            "schedule_weekly_hours": "MON=09:00-14:00",
        }
        return of("schedules", location_key=location, **cells)

    attendant = of("auto_attendant", aa_name="A", extension="2950", aa_business_schedule="Abierto")
    elsewhere = judged(tmp_path, LOCATION, schedule("Lisboa"), attendant)
    assert "Abierto (row 3)" in told(elsewhere, "no schedules row")
    assert judged(tmp_path, LOCATION, schedule("Madrid HQ"), attendant).warnings == []


def test_a_key_that_only_this_file_can_know_must_be_in_it(tmp_path: Path) -> None:
    def recording(**cells: str) -> Cells:
        return of("workspace_recording", workspace_recording_enabled="true", **cells)

    alone = recording(workspace_external_id="ROOM-9")
    named = recording(workspace_external_id="ROOM-8", workspace_display_name="Sala")
    defined = [workspace("Sala Miro", "2302", workspace_external_id="R7"), recording(workspace_external_id="r7")]
    refused = rejections(judged(tmp_path, alone, named, *defined))
    assert refused.keys() == {1}
    assert refused[1][0] == "invalid_input_schema"
    assert "no workspace row has it" in refused[1][1]


@pytest.mark.parametrize("entity_type", ENTITY_TYPES, ids=lambda declared: declared.name)
def test_what_a_column_refers_to_has_a_name_in_the_tenant(entity_type: EntityType) -> None:
    types = {declared.name: declared for declared in ENTITY_TYPES}
    for column in entity_type.columns:
        for to in column.refers_to:
            assert to.entity_type not in types or types[to.entity_type].remote_name, column.name
            assert to.when is None or to.when[1] in entity_type.column(to.when[0]).choices, column.name


# Dial plans, members that are refused


def test_a_pattern_stands_in_one_dial_plan(tmp_path: Path) -> None:
    result = judged(tmp_path, dial_plan("A", "+3491!|45XX"), dial_plan("B", "+3492!|45XX"), dial_plan("C", "46XX"))
    assert rejections(result).keys() == {1, 2}


def test_patterns_that_meet_extensions_and_leading_digits_are_told(tmp_path: Path) -> None:
    rows = [
        dial_plan("A", "45XX|46XX|45XXX|8100XXXX|0034X|+45XX|81XX"),
        of("location_call_profiles", location_routing_prefix="8100", location_outside_dial_digit="0"),
        user("a", "4501"),
        hunt_group("H", "4502"),
        user("b", "4701"),
    ]
    result = judged(tmp_path, *rows)
    assert result.rejected.is_empty()
    assert "extension: 45XX of row 1 (4501 of row 3 and 1 more); calls" in told(result, "values of extension")
    assert "prefix: 8100XXXX of row 1 (8100 of row 2); calls" in told(result, "values of location_routing_prefix")
    assert "digit: 0034X of row 1 (0 of row 2); in" in told(result, "values of location_outside_dial_digit")


def test_a_queue_agent_with_a_standard_licence_is_told(tmp_path: Path) -> None:
    queue = of("call_queue", queue_name="Q", extension="2900", queue_agents=f"{ANA}|{LUIS}")
    rows = [queue, user("ana", "2101", user_calling_license="standard"), user("luis", "2102")]
    warning = told(judged(tmp_path, *rows), "queue_agents")
    assert "ana@example.com (row 1, and row 2): a user with the Standard licence" in warning
    assert "luis" not in warning


# How it is told


def test_however_much_is_odd_the_warnings_stay_short(tmp_path: Path) -> None:
    rows = [user(f"u{number}", str(1000 + number), location_key=f"L\n{number:03} {'x' * 99}") for number in range(300)]
    warnings = judged(tmp_path, *rows).warnings
    assert len(warnings) == 1
    assert ", and 295 more; rows" in warnings[0]
    assert len(warnings[0]) < 700
    assert "\n" not in warnings[0]


def test_strange_columns_without_end_are_counted(tmp_path: Path) -> None:
    warnings = judged(tmp_path, {f"strange {number}": "" for number in range(80)} | user("ana", "2101")).warnings
    assert len(warnings) == 51
    assert warnings[-1] == "and 31 more warnings"


_POOL = [
    LOCATION,
    workspace("Sala Goya", "2301", workspace_external_id="ROOM-1"),
    workspace("Sala Goya", "2302", location_key="Lisboa"),
    user("ana", "2301", location_key="Madrid HQ"),
    user("luis", "2303", phone_number="+34910000001"),
    of("extension_assignment", email=ANA, extension="2304"),
    of("number_removal", number_to_remove="+34910000001"),
    pickup("1", "workspace:Sala Goya|ana@example.com"),
    pickup("2", "workspace:ROOM-1@HQ"),
    pickup("3", "workspace:Sala Goya@Lisboa|user:ana@example.com"),
    dial_plan("A", "23XX"),
]


@settings(max_examples=15, deadline=None)
@given(rows=st.permutations(_POOL).flatmap(lambda rows: st.integers(1, len(rows)).map(lambda most: rows[:most])))
def test_rows_end_ready_or_rejected_whatever_stands_with_them(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Cells]
) -> None:
    judged(tmp_path_factory.mktemp("pool"), *rows)


def test_the_order_of_contradicting_rows_does_not_matter(tmp_path: Path) -> None:
    rows = [pickup("1", "workspace:Sala"), pickup("2", "workspace:Sala@HQ"), LOCATION]
    for order in permutations(rows):
        result = judged(tmp_path, *order)
        assert result.ready.get_column("entity_type").to_list() == ["location"]
