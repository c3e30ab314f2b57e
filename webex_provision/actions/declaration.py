"""The vocabulary in which an entity type is declared: columns, rules, lookups, steps.

An `EntityType` is data and pure functions. `intake` reads its columns, rules and claims; `engine` drives its steps;
documents and templates are generated from it. A builder gets a `RowContext` and returns an `ApiRequest`, or None
when there is nothing to do.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import polars as pl

from webex_provision.actions.row import Row
from webex_provision.vocabulary import Phase, Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint

Item = dict[str, Any]


class Kind(StrEnum):
    """What a cell holds; `intake` knows how each kind is normalised, checked and explained."""

    TEXT = "text"
    KEY = "key"
    EMAIL = "email"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    CHOICE = "choice"
    PHONE_NUMBER = "phone number"
    EXTENSION = "extension"
    DIALABLE = "dialable number"
    LANGUAGE = "language code"
    TIME_ZONE = "time zone"
    COUNTRY = "country code"
    MEMBER = "member reference"
    JSON = "JSON"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One CSV column of a type.

    `smallest` and `largest` bound the length of texts, the value of integers and, with `many`, the number of items
    through `most_items`. `attribute` names what may follow `=` in an item (`a@b.c=50`), always a whole number.
    `shape` is a type that pydantic validates a JSON cell against. `feeds` is the API field, for the documents.
    """

    name: str
    help: str
    kind: Kind = Kind.TEXT
    required: bool = False
    many: bool = False
    choices: tuple[str, ...] = ()
    smallest: int | None = None
    largest: int | None = None
    most_items: int | None = None
    pattern: str | None = None
    attribute: str | None = None
    clearable: bool = False
    shape: Any = None
    feeds: str = ""
    example: str = ""


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule over several cells: a row for which `broken` is true is rejected at `column` with `message`."""

    column: str
    broken: pl.Expr
    message: str


@dataclass(frozen=True, eq=False)
class OutOfScope:
    """A wish that no supported API serves: a row for which `asked` is true is pending before any call."""

    column: str
    asked: pl.Expr
    message: str


@dataclass(frozen=True)
class Claim:
    """A value that one owner holds alone: a phone number in the whole CSV, an extension in its location.

    `within` names a column of the type: the value is held once among the rows that say the same there. Where that
    column refers to rows of another type, `refers_to` names it, so that all keys of one entity say the same.
    `pool` names what columns of several types compete in, where it is not what the column holds.
    """

    column: str
    per_location: bool = False
    within: str = ""
    refers_to: str = ""
    pool: str = ""


@dataclass(frozen=True)
class Join:
    """Cells that a row takes from another row of the same owner and location when its own are all blank."""

    columns: tuple[str, ...]
    from_types: tuple[str, ...]


@dataclass(frozen=True)
class Apart:
    """What stands in `column` of one row may not stand in the list `listed` of another row of the type."""

    column: str
    listed: str
    message: str


@dataclass(frozen=True)
class NamedBy:
    """A blank `column` that takes the name which a row of `entity_type` in the same CSV goes by, told by `key`."""

    column: str
    key: str
    entity_type: str


@dataclass(frozen=True)
class Failure:
    """Why a row stops: one reason, a message that says what happened, and what the answer said."""

    reason: Reason
    message: str
    http_status: int | None = None
    tracking_id: str = ""


@dataclass(frozen=True, kw_only=True)
class FailureRule:
    """Maps an answer to a reason by status and Webex error code; `text` only where an answer carries no code."""

    reason: Reason
    status: int | None = None
    codes: tuple[str, ...] = ()
    text: str = ""
    advice: str = ""


class References:
    """Names that rows of the same CSV give to remote entities: (entity type, any of its keys) -> remote name."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}

    def add(self, entity_type: str, keys: Iterable[str], name: str) -> None:
        """Every key of a row leads to the name that its entity has, or will have, in the tenant."""
        for key in keys:
            self._names[entity_type, key.casefold()] = name

    def name_of(self, entity_type: str, key: str) -> str:
        """The remote name behind a reference; a key that no row defines is itself the name."""
        return self._names.get((entity_type, key.casefold()), key)


def _no_secrets(_: str) -> str | None:
    return None


@dataclass(frozen=True)
class Options:
    """The settings that change what a row does, not how it is driven.

    `secret` gives the value of the environment variable that a `*_env` cell names, None when it is not set. Values
    go into request bodies only, never into a message.
    """

    allow_people_put: bool = True
    verify_writes: bool = False
    allow_number_removal: bool = False
    secret: Callable[[str], str | None] = _no_secrets


@dataclass
class RowContext:
    """What pure functions see of a row in progress.

    `found` holds what lookups and reads saved, by their `save` name; `applied` the names of the writes of this row
    that have changed the tenant; `created` those of them that created something.
    """

    row: Row
    references: References
    options: Options = field(default_factory=Options)
    found: dict[str, Any] = field(default_factory=dict)
    applied: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)

    def id_of(self, name: str) -> str:
        """The remote id of an entity that an earlier step found or created."""
        return str(self.found[name]["id"])

    def location_name(self) -> str:
        """The remote name of the location that the row's `location_key` refers to."""
        return self.references.name_of("location", self.row.text("location_key"))


@dataclass(frozen=True, kw_only=True, eq=False)
class Index:
    """A remote list that answers lookups from memory: loaded once a run, kept true by our own writes.

    `keys` are the stable keys by which an item is found; `identity` tells two items apart. `list_all` is the call
    that lists everything in a scope ("" for the whole organisation, or a location's id); `list_one` narrows it to
    one key, for the confirmation before a create. Matching is always exact and always done here: filters of Webex
    match prefixes or substrings. `comparable` is for keys that one thing has in several spellings. A list pages by
    its links; by `start` where that is honoured; by `startIndex` where `list_all` names it.
    """

    name: str
    items: str
    list_all: Callable[[str], ApiRequest]
    list_one: Callable[[str, str], ApiRequest]
    keys: Callable[[Item], Iterable[str]]
    identity: Callable[[Item], str] = lambda item: str(item["id"])
    comparable: Callable[[str], str] = lambda key: key
    needs: tuple[str, ...] = ("id",)
    keeps: tuple[str, ...] = ()
    start_honoured: bool = False


@dataclass(frozen=True)
class Learned:
    """What a write taught: an item to put into an index, or to take out of it."""

    index: Index
    item: Item
    scope: str = ""
    gone: bool = False


def _no_scope(_: RowContext) -> str:
    return ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Lookup:
    """Finds one remote item by its stable key. No key: the step is skipped.

    `absent` says why the row stops when the item is not there; without it, None is saved and the row goes on
    (towards a create). `confirm` asks for the one key before the list's silence is believed. `choose` picks among
    several items that share a key; without it several are ambiguous and stop the row.
    """

    name: str
    index: Index
    key: Callable[[RowContext], str | None]
    save: str
    scope: Callable[[RowContext], str] = _no_scope
    absent: Callable[[RowContext], Failure] | None = None
    ambiguous: Reason = Reason.NON_RETRYABLE_EXTERNAL
    choose: Callable[[Sequence[Item]], Item | None] | None = None
    confirm: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class LookupMany:
    """Finds the items of several keys; saves a dict key -> list of items, empty for an absent key.

    With `absent`, the first key that is not there stops the row, and so does one with several items: a list which
    replaces is never sent incomplete. `confirm` says for which keys the list's silence is not believed.
    """

    name: str
    index: Index
    keys: Callable[[RowContext], Sequence[str]]
    save: str
    scope: Callable[[RowContext], str] = _no_scope
    absent: Callable[[RowContext, str], Failure] | None = None
    confirm: Callable[[str], bool] = lambda _: False


@dataclass(frozen=True, kw_only=True, eq=False)
class Check:
    """A verdict over what is known so far, before any call: a `Failure` stops the row."""

    name: str
    verdict: Callable[[RowContext], Failure | None]


@dataclass(frozen=True, kw_only=True)
class Expect:
    """When an answer counts: one of `statuses` AND all `fields` in its JSON AND no objection from `proof`."""

    statuses: tuple[int, ...]
    fields: tuple[str, ...] = ()
    proof: Callable[[RowContext, Answer], Failure | None] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Read:
    """A GET of one object that a later step needs fresh, or a POST that only asks and changes nothing.

    With `items`, the answer is a list of this key (of objects or plain values) that may have several pages, and
    `save` holds all of them under that key. With `once`, all rows of a run share its first answer.
    """

    name: str
    endpoint: Endpoint
    request: Callable[[RowContext], ApiRequest | None]
    save: str
    items: str = ""
    expect: Expect = Expect(statuses=(200,))
    failures: tuple[FailureRule, ...] = ()
    once: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Wait:
    """A GET that is repeated until Webex has done by itself what an earlier step began: JOB_WAIT_SECONDS at most.

    No request: nothing to wait for. `done` judges what was saved last; `overdue` says why the row stops when the
    time is up. `every` is the pause between two looks, in seconds.
    """

    name: str
    endpoint: Endpoint
    request: Callable[[RowContext], ApiRequest | None]
    save: str
    done: Callable[[RowContext], bool]
    overdue: Callable[[RowContext], Failure]
    every: float = 5.0
    expect: Expect = Expect(statuses=(200,))
    failures: tuple[FailureRule, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class SecondLook:
    """What a refused write reads before it is judged.

    With `insist`, answers that match are followed by the read and one more request, built from what was read: for
    places where sources differ on what a body must hold. No request then says that the tenant is already as the row
    wants it. With `changed`, the read tells whether the refused write changed something all the same.
    """

    read: "Read"
    insist: tuple[FailureRule, ...] = ()
    changed: Callable[[RowContext], bool] | None = None


class Repeat(StrEnum):
    """Whether a write may be sent again when its answer was lost."""

    SAFE = "safe"
    AFTER_LOOKUP = "after_lookup"


@dataclass(frozen=True, kw_only=True, eq=False)
class Write:
    """A call that changes the tenant. `request` gives None when the tenant is already as the row wants it.

    `recheck` names the lookup or read that tells whether a lost write was applied; the request is then built again
    from what it found. `refuses_twins` is true only where the service itself refuses a second object of the same
    key. `settles_after` names an earlier write after which the codes in `unsettled` pass within a minute.
    `compensate` deletes what this step has created; only for deletes that are supported and idempotent.
    `as_sent` turns what is read back into the form in which it was sent, given both, where the two differ.
    """

    name: str
    endpoint: Endpoint
    request: Callable[[RowContext], ApiRequest | None]
    expect: Expect
    creates: bool = False
    save: str = ""
    repeat: Repeat = Repeat.AFTER_LOOKUP
    recheck: str = ""
    refuses_twins: bool = False
    failures: tuple[FailureRule, ...] = ()
    learns: Callable[[RowContext, Answer], Iterable[Learned]] | None = None
    settles_after: str = ""
    unsettled: tuple[str, ...] = ()
    reads_back: bool = False
    as_sent: Callable[[Item, Item], Item] | None = None
    second_look: SecondLook | None = None
    compensate: Callable[[RowContext], ApiRequest] | None = None


Step = Lookup | LookupMany | Check | Read | Wait | Write


@dataclass(frozen=True, kw_only=True, eq=False)
class EntityType:
    """One entity type: everything that the project knows about it.

    `rank` is its place in the execution order of its phase. `entity_key` derives the key when the cell is blank.
    `owner` identifies who holds the claimed values (`user:a@b.c`). `touches` yields the remote entities that a row
    writes: rows that share one never run at the same time. `called` are the columns, besides entity_key, by which
    other rows may refer to a row of this type, and `remote_name` the one that names it in the tenant. `result`
    names, by their `save` names, the entity whose id the ledger records: the first that was found. `notice` is what
    the operator must learn from a row's success (a code to type in): it goes into the ledger, never into the log.
    `prefix` starts the names of the type's own columns.
    """

    name: str
    phase: Phase
    rank: int
    title: str
    columns: tuple[Column, ...]
    entity_key: pl.Expr
    steps: tuple[Step, ...]
    touches: Callable[[RowContext], Iterable[str]]
    aliases: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    out_of_scope: tuple[OutOfScope, ...] = ()
    identity_columns: tuple[str, ...] = ()
    owner: pl.Expr | None = None
    claims: tuple[Claim, ...] = ()
    joins: tuple[Join, ...] = ()
    named_by: tuple[NamedBy, ...] = ()
    apart: tuple[Apart, ...] = ()
    called: tuple[str, ...] = ()
    remote_name: str = ""
    result: tuple[str, ...] = ()
    notice: Callable[[RowContext], str | None] | None = None
    prefix: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The name and its aliases, as they may stand in the entity_type column."""
        return (self.name, *self.aliases)

    def column(self, name: str) -> Column:
        """The declaration of one column."""
        return next(column for column in self.columns if column.name == name)
