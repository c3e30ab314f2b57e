"""The steps of a row: what is looked up, judged, read, awaited and written. `engine` drives them.

A builder gets a `RowContext` and returns an `ApiRequest`, or None when there is nothing to do.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from webex_provision.actions.declaration.context import Failure, FailureRule, RowContext
from webex_provision.actions.declaration.lists import Index, Item, Learned
from webex_provision.vocabulary import Reason
from webex_provision.wire import Answer, ApiRequest, Endpoint


def _no_scope(_: RowContext) -> str:
    return ""


@dataclass(frozen=True, kw_only=True, eq=False)
class BulkCheck:
    """A POST that only asks which of many keys nobody holds: one call in place of a look at each before a create.

    `key` is that of the lookup, told by the row alone; None for one that can't be asked for in this way. `request`
    takes `most` keys at a time, and `free` says which of them the answer calls free; it may raise what a strange body
    makes it raise. Any other key, and every key where the call fails or is not there, is looked up by itself.
    """

    endpoint: Endpoint
    key: Callable[[RowContext], str | None]
    request: Callable[[Sequence[str]], ApiRequest]
    free: Callable[[Sequence[str], Answer], Collection[str]]
    most: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Lookup:
    """Finds one remote item by its stable key. No key: the step is skipped.

    `absent` says why the row stops when the item is not there; without it, None is saved and the row goes on
    (towards a create). `confirm` asks for the one key before the list's silence is believed, `bulk` for the keys of
    many rows at once. `choose` picks among several items that share a key; without it several are ambiguous and stop
    the row. `reasons` are those that `absent` gives; see `Check`. `failures` say what it means when the list is
    refused. `wants_absence`: a success may rest on its not being there, so this is believed only when lists can't lag
    any more.
    """

    name: str
    index: Index
    key: Callable[[RowContext], str | None]
    save: str
    scope: Callable[[RowContext], str] = _no_scope
    absent: Callable[[RowContext], Failure] | None = None
    reasons: tuple[Reason, ...] = ()
    ambiguous: Reason = Reason.NON_RETRYABLE_EXTERNAL
    choose: Callable[[Sequence[Item]], Item | None] | None = None
    confirm: bool = False
    bulk: BulkCheck | None = None
    wants_absence: bool = False
    failures: tuple[FailureRule, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class LookupMany:
    """Finds the items of several keys; saves a dict key -> list of items, empty for an absent key.

    With `absent`, the first key that is not there stops the row, and so does one with several items: a list which
    replaces is never sent incomplete. `confirm` says for which keys the list's silence is not believed. `reasons`
    are those that `absent` gives; see `Check`.
    """

    name: str
    index: Index
    keys: Callable[[RowContext], Sequence[str]]
    save: str
    scope: Callable[[RowContext], str] = _no_scope
    absent: Callable[[RowContext, str], Failure] | None = None
    reasons: tuple[Reason, ...] = ()
    confirm: Callable[[str], bool] = lambda _: False


@dataclass(frozen=True, kw_only=True, eq=False)
class Check:
    """A verdict over what is known so far, before any call: a `Failure` stops the row.

    `reasons` are all that the verdict may give, so that they can be told before a run.
    """

    name: str
    verdict: Callable[[RowContext], Failure | None]
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Attach:
    """Reads a local file before any call: `path` names it, relative to the folder of the CSV; None: no file.

    Its bytes are saved. A file that is not there, lies outside that folder or holds more than `largest` bytes stops
    the row: it depends on the machine, not on the CSV.
    """

    name: str
    path: Callable[[RowContext], str | None]
    save: str
    largest: int


@dataclass(frozen=True, kw_only=True)
class Expect:
    """When an answer counts: one of `statuses` AND all `fields` in its JSON AND no objection from `proof`.

    A 204 has no JSON: where it is among the statuses, it counts without fields. `reasons` are those that `proof` may
    give; see `Check`.
    """

    statuses: tuple[int, ...]
    fields: tuple[str, ...] = ()
    proof: Callable[[RowContext, Answer], Failure | None] | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Read:
    """A GET of one object that a later step needs fresh, or a POST that only asks and changes nothing.

    With `items`, the answer is a list of this key (of objects or plain values) that may have several pages, and `save`
    holds all of them under that key. With `once`, all rows of a run share its first answer. `known` is what lists or
    our own writes tell already: then nothing is asked, except where an answer was lost and only the tenant itself can
    tell. What is `advisory` may answer 404: the row does without what it would tell. With `over`, it runs for each item
    of a list of at most `most_items`, see `RowContext.item`; saves a dict item -> what was read. `why` is asked about a
    refusal. What `spends` a quota of the organisation is left to the run: no plan sends it.
    """

    name: str
    endpoint: Endpoint
    request: Callable[[RowContext], ApiRequest | None]
    save: str
    items: str = ""
    expect: Expect = Expect(statuses=(200,))
    failures: tuple[FailureRule, ...] = ()
    once: bool = False
    known: Callable[[RowContext], Item | None] | None = None
    over: Callable[[RowContext], Sequence[str]] | None = None
    most_items: int = 0
    why: "Why | None" = None
    spends: bool = False
    advisory: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Why:
    """What a refusal may come from, where neither its status nor its code tells: a read, and the verdict over it.

    The verdict also gets the refusal's answer; None leaves it to the failure rules. Where the read itself is
    refused, its `save` holds None. `reasons` are those that the verdict may give; see `Check`.
    """

    read: Read
    verdict: Callable[[RowContext, Answer], Failure | None]
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Wait:
    """A GET that is repeated until Webex has done by itself what an earlier step began: JOB_WAIT_SECONDS at most.

    No request: nothing to wait for. `done` judges what was saved last; `overdue` says why the row stops when the
    time is up, `reasons` with which (see `Check`). `every` is the pause between two looks, `first` the one before the
    first look, in seconds.
    """

    name: str
    endpoint: Endpoint
    request: Callable[[RowContext], ApiRequest | None]
    save: str
    done: Callable[[RowContext], bool]
    overdue: Callable[[RowContext], Failure]
    reasons: tuple[Reason, ...] = ()
    first: float = 0.0
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Together:
    """How one call serves several rows that write the same remote entities: `merge` makes it of their requests.

    `size` is how much a row puts into it, `most` what it may hold, `of` what is counted (numbers, members). The answer
    is judged for each row; after a refusal each row looks again and goes on with a call of its own. Only for the last
    step of a type.
    """

    size: Callable[[RowContext], int]
    most: int
    of: str
    merge: Callable[[Sequence[ApiRequest]], ApiRequest]


class Repeat(StrEnum):
    """Whether a write may be sent again when its answer was lost."""

    SAFE = "safe"
    AFTER_LOOKUP = "after_lookup"


@dataclass(frozen=True, kw_only=True, eq=False)
class Write:
    """A call that changes the tenant. `request` gives None when the tenant is already as the row wants it.

    `recheck` names the lookup or read that tells whether a lost write was applied; the request is then built again
    from what it found. `refuses_twins` is true only where the service itself refuses a second object of the same
    key; with `shows_late`, what a lost request has made may show minutes after that refusal. `settles_after` names
    an earlier write after which the codes in `unsettled` pass within a minute.
    `compensate` deletes what this step has created; only for deletes that are supported and idempotent.
    `as_sent` turns what is read back into the form in which it was sent, given both, where the two differ. `why` is
    asked about a refusal. `together` lets several rows share the call.
    With `over`, it runs for each item of a list of at most `most_items`, see `RowContext.item`: one request and one
    intent an item, told by its name; the first that fails stops the row. Such a step saves nothing and creates no
    entity that the row is about.
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
    shows_late: bool = False
    failures: tuple[FailureRule, ...] = ()
    learns: Callable[[RowContext, Answer], Iterable[Learned]] | None = None
    settles_after: str = ""
    unsettled: tuple[str, ...] = ()
    reads_back: bool = False
    as_sent: Callable[[Item, Item], Item] | None = None
    second_look: SecondLook | None = None
    why: Why | None = None
    compensate: Callable[[RowContext], ApiRequest] | None = None
    together: Together | None = None
    over: Callable[[RowContext], Sequence[str]] | None = None
    most_items: int = 0


Step = Attach | Lookup | LookupMany | Check | Read | Wait | Write
