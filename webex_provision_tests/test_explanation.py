"""An explanation says what the declaration says: nothing is left out, and what a row needs is found by itself."""

from typing import Any

import pytest

from webex_provision.actions.actions_registry import ENTITY_TYPES, entity_types_by_name
from webex_provision.actions.declaration import Attach, Check, EntityType, Lookup, LookupMany, Repeat, Write
from webex_provision.actions.failures import COMMON_FAILURES
from webex_provision.explanation import explain
from webex_provision.vocabulary import Reason

each_type = pytest.mark.parametrize("declared", ENTITY_TYPES, ids=lambda declared: declared.name)


def told(name: str) -> dict[str, Any]:
    return explain(entity_types_by_name()[name])


@each_type
def test_every_step_is_told_with_its_call_scope_and_rate_family(declared: EntityType) -> None:
    document = explain(declared)
    for step in declared.steps:
        mine = [one for one in document["steps"] if one["step"] == step.name]
        assert mine
        if isinstance(step, Attach | Check):
            continue
        lists = isinstance(step, Lookup | LookupMany)
        endpoint = step.index.list_all("scope").endpoint if isinstance(step, Lookup | LookupMany) else step.endpoint
        assert endpoint is not None
        calls = [one for one in mine if one["call"] == str(endpoint) and (one["kind"] == "lookup") == lists]
        assert {one["scope"] for one in calls} == {endpoint.scope}
        assert {one["rate_family"] for one in calls} == {endpoint.at(**dict.fromkeys(_ids(endpoint.path), "x")).family}
        assert endpoint.scope in document["scopes"]


def _ids(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


@each_type
def test_success_and_repeat_of_every_write_are_told_as_declared(declared: EntityType) -> None:
    document = explain(declared)
    for step in declared.steps:
        if isinstance(step, Write):
            mine = [one for one in document["steps"] if one["step"] == step.name and one["kind"] == "write"]
            assert any(one["expect"]["statuses"] == list(step.expect.statuses) for one in mine)
            assert str(step.repeat) in {one["repeat"] for one in mine}
            assert step.repeat is Repeat.SAFE or any(step.recheck in one["repeat_told"] for one in mine)


@each_type
def test_every_declared_reason_is_told_with_its_remedy_and_where_it_comes_from(declared: EntityType) -> None:
    reasons = {one["reason"]: one for one in explain(declared)["reasons"]}
    for reason, one in reasons.items():
        assert one["remedy"] == Reason(reason).remedy
    for step in declared.steps:
        for reason in getattr(step, "reasons", ()):
            assert step.name in {case["step"] for case in reasons[reason]["when"]}
        for rule in getattr(step, "failures", ()):
            cases = [case["why"] for case in reasons[rule.reason]["when"] if case["step"] == step.name]
            assert any(rule.advice in why and all(code in why for code in rule.codes) for why in cases)
    assert {rule.reason for rule in COMMON_FAILURES} <= set(reasons)


@each_type
def test_rules_and_wishes_are_told(declared: EntityType) -> None:
    document = explain(declared)
    assert {rule.message for rule in declared.rules} <= {rule["message"] for rule in document["rules"]}
    assert [wish["message"] for wish in document["out_of_scope"]] == [wish.message for wish in declared.out_of_scope]
    assert document["refused_columns"] == list(declared.identity_columns)
    assert document["entity_key"]["example"]


def test_what_a_row_needs_names_the_types_that_make_it() -> None:
    needs = {need["list"]: need["made_by"] for need in told("auto_attendant")["needs"]}
    assert needs["locations"] == ["location"]
    assert needs["schedules"] == ["schedules"]
    assert needs["auto attendants"] == ["auto_attendant"]
    targets = {need["list"]: need["made_by"] for need in told("dial_plan")["needs"]}
    assert targets["route choices"] == ["trunk", "route_group"]


@each_type
def test_what_makes_the_things_that_a_row_needs_runs_before_it(declared: EntityType) -> None:
    """The declared order can't ask for what a later type makes."""
    order = [other.name for other in ENTITY_TYPES]
    for need in explain(declared)["needs"]:
        if need["made_by"]:
            assert order.index(need["made_by"][0]) <= order.index(declared.name), need


@each_type
def test_lists_name_types_that_exist(declared: EntityType) -> None:
    for step in declared.steps:
        if isinstance(step, Lookup | LookupMany):
            assert set(step.index.made_by) <= {other.name for other in ENTITY_TYPES}


def test_an_example_of_a_column_is_the_one_of_the_example_row() -> None:
    columns = {column["name"]: column["example"] for column in told("workspace")["columns"]}
    assert columns["extension"] == told("workspace")["example"]["extension"] == "2301"
