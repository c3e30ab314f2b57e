"""`explain`: what the declarations say about a type, for people and for scripts; it needs neither token nor tenant."""

import json
import subprocess
import sys

import pytest

from webex_provision.actions.actions_registry import ENTITY_TYPES, entity_types_by_name
from webex_provision.actions.columns import COMMON_COLUMNS, SHARED_COLUMNS
from webex_provision.explanation import explain
from webex_provision.vocabulary import Reason
from webex_provision_tests.cli.typed import NARROW, Terminal

NAMES = sorted(entity_types_by_name())


def words(text: str) -> str:
    return " ".join(text.split())


def test_without_a_type_it_lists_all_in_execution_order_with_their_phase(terminal: Terminal) -> None:
    said = terminal.types("explain")
    lines = said.out.splitlines()
    places = [
        next(place for place, line in enumerate(lines) if line.startswith(declared.name) and declared.title in line)
        for declared in ENTITY_TYPES
    ]
    assert (said.code, places) == (0, sorted(places))
    listed = json.loads(terminal.types("explain", "--json").out)["types"]
    assert [(line["entity_type"], line["phase"], line["order"]) for line in listed] == [
        (declared.name, int(declared.phase), place) for place, declared in enumerate(ENTITY_TYPES, start=1)
    ]


def test_without_a_type_it_tells_of_the_columns_that_are_common(terminal: Terminal) -> None:
    told = json.loads(terminal.types("explain", "--json").out)
    assert {column["name"] for column in told["columns_of_every_row"]} == {column.name for column in COMMON_COLUMNS}
    assert {column["name"] for column in told["shared_columns"]} == SHARED_COLUMNS
    email = next(column for column in told["shared_columns"] if column["name"] == "email")
    assert {"user_numbers", "feature_access"} <= set(email["used_by"])
    assert "trunk" not in email["used_by"]
    assert set(terminal.types("explain").out.split()) >= SHARED_COLUMNS


@pytest.mark.parametrize("name", NAMES)
def test_every_type_and_alias_is_explained_for_people(terminal: Terminal, name: str) -> None:
    declared = entity_types_by_name()[name]
    said = terminal.types("explain", name)
    assert (said.code, said.err) == (0, "")
    assert declared.title in said.out
    told = set(said.out.split())
    assert {column.name for column in declared.columns} <= told
    assert {step.name for step in declared.steps} <= told
    assert str(Reason.INVALID_INPUT_SCHEMA) in told


@pytest.mark.parametrize("width", [80, 140])
def test_on_a_narrow_terminal_names_and_calls_stay_whole_and_no_line_is_longer(terminal: Terminal, width: int) -> None:
    screen = NARROW | {"COLUMNS": str(width)}
    for declared in ENTITY_TYPES:
        told = explain(declared)
        lines = terminal.types("explain", declared.name, **screen).out.splitlines()
        assert [line for line in lines if len(line) > width and " " in line.strip()] == []
        shown = {word.strip(";") for line in lines for word in line.split()}
        fields = {word for column in told["columns"] for word in column["api_field"].split()}
        calls = {word for step in told["steps"] for word in (step["step"], *(step["call"] or "").split())}
        assert {column["name"] for column in told["columns"]} | fields | calls | set(told["limits"]["settings"]) <= {
            part for word in shown for part in (word, word.partition("=")[0])
        }
    assert max(map(len, terminal.types("explain", **screen).out.splitlines())) <= width


def test_remedies_and_calls_are_told_for_people(terminal: Terminal) -> None:
    said = words(terminal.types("explain", "hunt_group").out)
    assert "POST /telephony/config/locations/{location_id}/huntGroups" in said
    assert Reason.NUMBER_INVENTORY_MISSING.remedy in said
    assert "spark-admin:telephony_config_write" in said
    assert "one of extension or phone_number is needed; fill one" in said


def test_json_is_one_document(terminal: Terminal) -> None:
    told = json.loads(terminal.types("explain", "user", "--json").out)
    assert told["entity_type"] == "user_calling_settings"
    assert told["aliases"] == ["user"]


@pytest.mark.parametrize(
    ("name", "near"), [("hunt_grup", "hunt_group"), ("queue", "call_queue"), ("Hunt-Group", "hunt_group")]
)
def test_an_unknown_type_ends_with_2_and_the_nearest_names(terminal: Terminal, name: str, near: str) -> None:
    said = terminal.types("explain", name)
    assert (said.code, said.out) == (2, "")
    assert f"'{name}' is not an entity type" in said.err
    assert near in said.err


def test_a_name_that_nothing_comes_near_still_gets_a_way_on(terminal: Terminal) -> None:
    said = terminal.types("explain", "zzz")
    assert said.code == 2
    assert "did you mean" not in said.err
    assert "webex-provision explain lists them all" in said.err


@pytest.mark.parametrize("verb", ["explain", "template"])
def test_neither_loads_dagster_nor_the_http_client(verb: str) -> None:
    program = (
        "import sys\n"
        "from webex_provision import cli\n"
        f"sys.argv = ['webex-provision', '{verb}']\n"
        "try:\n    cli.main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print('loaded:', sorted({'dagster', 'httpx', 'starlette'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "loaded: []"
