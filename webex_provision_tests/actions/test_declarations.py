"""Every declaration is sound, whatever the type: a mistake in one is found here and not on a tenant."""

from itertools import groupby

import pytest

from webex_provision.actions.actions_registry import ENTITY_TYPES, entity_types_by_name, entity_types_of
from webex_provision.actions.columns import SHARED_COLUMNS
from webex_provision.actions.declaration import Check, EntityType, Kind, Lookup, LookupMany, Read, Repeat, Wait, Write
from webex_provision.vocabulary import Phase

each_type = pytest.mark.parametrize("entity_type", ENTITY_TYPES, ids=lambda entity_type: entity_type.name)


def writes(entity_type: EntityType) -> list[Write]:
    return [step for step in entity_type.steps if isinstance(step, Write)]


def test_every_name_and_alias_belongs_to_one_type() -> None:
    names = [name for entity_type in ENTITY_TYPES for name in entity_type.names]
    assert len(names) == len(set(names)) == len(entity_types_by_name())


@pytest.mark.parametrize("phase", Phase)
def test_ranks_order_the_types_of_a_phase_without_ties(phase: Phase) -> None:
    ranks = [entity_type.rank for entity_type in entity_types_of(phase)]
    assert ranks == sorted(set(ranks))
    assert ranks


@each_type
def test_columns_are_declared_once_and_named_by_the_rules(entity_type: EntityType) -> None:
    names = [column.name for column in entity_type.columns]
    assert len(names) == len(set(names))
    for column in entity_type.columns:
        assert column.help.endswith("."), column.name
        own = column.name.startswith((entity_type.prefix, "calling_settings_"))
        assert own or column.name in SHARED_COLUMNS, column.name
        assert column.kind is not Kind.CHOICE or column.choices
        assert column.kind is not Kind.JSON or column.shape is not None


@each_type
def test_every_column_that_an_api_serves_has_an_example(entity_type: EntityType) -> None:
    """Templates and documents are made of them, so a type without examples would be left out of both."""
    unserved = {wish.column for wish in entity_type.out_of_scope}
    lacking = [column.name for column in entity_type.columns if not column.example and column.name not in unserved]
    assert not lacking, f"{entity_type.name}: give these columns an example: {', '.join(lacking)}"


@each_type
def test_an_example_row_corrects_declared_columns_and_each_alias_has_its_own(entity_type: EntityType) -> None:
    names = {column.name for column in entity_type.columns}
    assert set(entity_type.example) <= names
    missing = set(entity_type.aliases) ^ set(entity_type.alias_examples)
    assert not missing, f"{entity_type.name}: alias_examples says how the rows of {missing} differ; two rows, two keys"
    for cells in entity_type.alias_examples.values():
        assert set(cells) <= names


@each_type
def test_shared_columns_keep_one_kind_in_every_type(entity_type: EntityType) -> None:
    for other in ENTITY_TYPES:
        for column in other.columns:
            mine = next((own for own in entity_type.columns if own.name == column.name), column)
            assert (mine.kind, mine.many) == (column.kind, column.many), column.name


@each_type
def test_rules_claims_and_scopes_speak_of_declared_columns(entity_type: EntityType) -> None:
    names = {column.name for column in entity_type.columns}
    assert {rule.column for rule in entity_type.rules} <= names
    assert {claim.column for claim in entity_type.claims} <= names
    assert {claim.within for claim in entity_type.claims if claim.within} <= names
    assert {claim.held_by for claim in entity_type.claims if claim.held_by} <= names
    assert {to.when[0] for column in entity_type.columns for to in column.refers_to if to.when} <= names
    assert {wish.patterns for wish in entity_type.overlaps} | {wish.members for wish in entity_type.unfit} <= names
    for wish in entity_type.unfit:
        assert wish.value in entity_types_by_name()[wish.entity_type].column(wish.column).choices
    assert {wish.column for wish in entity_type.out_of_scope} <= names
    assert {column for join in entity_type.joins for column in join.columns} <= names
    assert set(entity_type.called) <= names
    assert not entity_type.claims or entity_type.owner is not None


@each_type
def test_no_create_without_a_lookup_before_it(entity_type: EntityType) -> None:
    """Invariant 2: every create looks up by a stable key first, and confirms that the key is really absent."""
    for position, step in enumerate(entity_type.steps):
        if not (isinstance(step, Write) and step.creates):
            continue
        lookups = [
            earlier
            for earlier in entity_type.steps[:position]
            if isinstance(earlier, Lookup | LookupMany) and earlier.name == step.recheck
        ]
        assert [lookup.confirm is True or lookup.confirm("any key") for lookup in lookups] == [True]
        # A phone's answer may be empty, and a code is all that comes back for one that is yet to be activated.
        known_by_id = lookups[0].save == step.save and "id" in step.expect.fields
        assert known_by_id or (step.expect.proof is not None or "code" in step.expect.fields), step.name


@each_type
def test_a_write_that_is_not_safe_to_repeat_can_be_looked_up_again(entity_type: EntityType) -> None:
    looking = {step.name for step in entity_type.steps if isinstance(step, Lookup | LookupMany | Read)}
    for write in writes(entity_type):
        assert write.repeat is Repeat.SAFE or write.recheck in looking, write.name


@each_type
def test_a_step_over_many_items_is_bounded_and_makes_nothing_that_the_row_is_about(entity_type: EntityType) -> None:
    for step in entity_type.steps:
        if isinstance(step, Read | Write):
            assert (step.over is None) == (step.most_items == 0), step.name
        if isinstance(step, Write) and step.over is not None:
            assert (step.save, step.creates, step.compensate) == ("", False, None), step.name


@each_type
def test_only_the_last_step_and_only_write_may_be_shared_by_several_rows(entity_type: EntityType) -> None:
    """Rows that share it run side by side until then: nothing may have been written."""
    for position, step in enumerate(entity_type.steps):
        if isinstance(step, Write) and step.together is not None:
            assert position == len(entity_type.steps) - 1, step.name
            assert writes(entity_type) == [step]
            assert (step.over, step.creates, step.save) == (None, False, ""), step.name
            assert step.together.most > 1


@each_type
def test_nothing_but_a_safe_write_may_be_sent_twice_where_webex_would_make_twins(entity_type: EntityType) -> None:
    for write in writes(entity_type):
        assert write.endpoint.method != "POST" or write.repeat is Repeat.AFTER_LOOKUP, write.name


@each_type
def test_users_are_never_created_or_deleted(entity_type: EntityType) -> None:
    """Invariant 3: no step of any type posts to, or deletes from, /people."""
    for write in writes(entity_type):
        assert not (write.endpoint.path.startswith("/people") and write.endpoint.method in {"POST", "DELETE", "PATCH"})
        identity = write.endpoint.method == "PUT" and write.endpoint.path == "/people/{person_id}"
        assert not identity or write.name in {"user_primary_number_update", "assign_extension_or_number"}


@each_type
def test_each_step_name_stands_in_one_run(entity_type: EntityType) -> None:
    """A step's name may cover several calls in a row; it never comes back later, so that ledgers read in order."""
    runs = [name for name, _ in groupby(step.name for step in entity_type.steps)]
    assert len(runs) == len(set(runs)), runs


@each_type
def test_a_step_that_can_stop_a_row_declares_the_reasons(entity_type: EntityType) -> None:
    """So that `explain` can tell them before a run; the types' own tests hold what comes out against it."""
    for step in entity_type.steps:
        expect = getattr(step, "expect", None)
        stops = isinstance(step, Check | Wait) or getattr(step, "absent", None) is not None
        assert bool(getattr(step, "reasons", ())) == stops, f"{entity_type.name}, {step.name}: give it its reasons"
        if expect is not None:
            assert bool(expect.reasons) == (expect.proof is not None), (
                f"{entity_type.name}, {step.name}: expect.reasons"
            )
