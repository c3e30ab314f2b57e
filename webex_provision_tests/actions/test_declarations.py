"""Every declaration is sound, whatever the type: a mistake in one is found here and not on a tenant."""

from itertools import groupby

import pytest

from webex_provision.actions.actions_registry import ENTITY_TYPES, entity_types_by_name, entity_types_of
from webex_provision.actions.columns import SHARED_COLUMNS
from webex_provision.actions.declaration import EntityType, Kind, Lookup, LookupMany, Read, Repeat, Write
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
    assert {claim.refers_to for claim in entity_type.claims if claim.refers_to} <= set(entity_types_by_name())
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
            if isinstance(earlier, Lookup) and earlier.name == step.recheck
        ]
        assert [lookup.confirm for lookup in lookups] == [True]
        assert lookups[0].save == step.save
        assert "id" in step.expect.fields


@each_type
def test_a_write_that_is_not_safe_to_repeat_can_be_looked_up_again(entity_type: EntityType) -> None:
    looking = {step.name for step in entity_type.steps if isinstance(step, Lookup | LookupMany | Read)}
    for write in writes(entity_type):
        assert write.repeat is Repeat.SAFE or write.recheck in looking, write.name


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
