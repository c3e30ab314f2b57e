"""An entity type: everything that the project knows about it, as data and pure functions."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl

from webex_provision.actions.declaration.cells import (
    Apart,
    Claim,
    Column,
    Join,
    NamedBy,
    OutOfScope,
    Overlap,
    Rule,
    Unfit,
)
from webex_provision.actions.declaration.context import RowContext
from webex_provision.actions.declaration.steps import Step
from webex_provision.vocabulary import Phase


@dataclass(frozen=True, kw_only=True, eq=False)
class EntityType:
    """One entity type: everything that the project knows about it.

    `rank` is its place in the execution order of its phase. `entity_key` derives the key when the cell is blank.
    `owner` identifies who holds the claimed values (`user:a@b.c`). `touches` yields the remote entities that a row
    writes: rows that share one never run at the same time. `called` are the columns, besides entity_key, by which
    other rows may refer to a row of this type, and `remote_name` the one that names it in the tenant. `result`
    names, by their `save` names, the entity whose id the ledger records: the first that was found. `notice` is what
    the operator must learn from a row's success (a code to type in): it goes into the ledger, never into the log.
    `prefix` starts the names of the type's own columns. `example` corrects the example row, which is made of the
    columns' examples: cells that the row needs otherwise, "" for those that it leaves blank. `alias_examples` says
    by alias how the alias's own example row differs from that. `owned`: what its rows create goes with an owner, of
    whom a site has thousands, so that inputs that run side by side don't claim it.
    """

    name: str
    phase: Phase
    rank: int
    title: str
    columns: tuple[Column, ...]
    entity_key: pl.Expr
    steps: tuple[Step, ...]
    touches: Callable[[RowContext], Iterable[str]]
    owned: bool = False
    aliases: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    out_of_scope: tuple[OutOfScope, ...] = ()
    identity_columns: tuple[str, ...] = ()
    owner: pl.Expr | None = None
    claims: tuple[Claim, ...] = ()
    joins: tuple[Join, ...] = ()
    named_by: tuple[NamedBy, ...] = ()
    apart: tuple[Apart, ...] = ()
    unfit: tuple[Unfit, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    called: tuple[str, ...] = ()
    remote_name: str = ""
    result: tuple[str, ...] = ()
    notice: Callable[[RowContext], str | None] | None = None
    prefix: str = ""
    example: Mapping[str, str] = field(default_factory=dict)
    alias_examples: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The name and its aliases, as they may stand in the entity_type column."""
        return (self.name, *self.aliases)

    def column(self, name: str) -> Column:
        """The declaration of one column."""
        return next(column for column in self.columns if column.name == name)
