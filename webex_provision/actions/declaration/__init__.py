"""The vocabulary in which an entity type is declared: columns, rules, lookups, steps.

An `EntityType` is data and pure functions. `intake` reads its columns, rules and claims; `engine` drives its steps;
documents and templates are generated from it.
"""

from webex_provision.actions.declaration.cells import (
    Apart,
    Claim,
    Column,
    Join,
    Kind,
    NamedBy,
    OutOfScope,
    Overlap,
    RefersTo,
    Rule,
    Unfit,
)
from webex_provision.actions.declaration.context import Failure, FailureRule, Options, References, RowContext
from webex_provision.actions.declaration.entity_type import EntityType
from webex_provision.actions.declaration.lists import Index, Item, Learned
from webex_provision.actions.declaration.steps import (
    Attach,
    BulkCheck,
    Check,
    Expect,
    Lookup,
    LookupMany,
    Read,
    Repeat,
    SecondLook,
    Step,
    Together,
    Wait,
    Why,
    Write,
)

__all__ = [
    "Apart",
    "Attach",
    "BulkCheck",
    "Check",
    "Claim",
    "Column",
    "EntityType",
    "Expect",
    "Failure",
    "FailureRule",
    "Index",
    "Item",
    "Join",
    "Kind",
    "Learned",
    "Lookup",
    "LookupMany",
    "NamedBy",
    "Options",
    "OutOfScope",
    "Overlap",
    "Read",
    "References",
    "RefersTo",
    "Repeat",
    "RowContext",
    "Rule",
    "SecondLook",
    "Step",
    "Together",
    "Unfit",
    "Wait",
    "Why",
    "Write",
]
