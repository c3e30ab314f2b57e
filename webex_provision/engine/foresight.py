"""What a dry run knows of a future that nobody has made yet: planned entities, stale reads, calls that would be made.

A plan goes through the same steps as a run. Where a run would write, it notes the call and goes on as if Webex had
answered with what was sent. What only the real write could tell is `Unread`: whoever asks for it gets CannotTell,
and is then not judged.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Never

from webex_provision.actions.declaration import Item, Write
from webex_provision.engine.joint_call import JointCall
from webex_provision.wire import ApiRequest, Endpoint, endpoint_family

_MARK = "planned-by-this-dry-run-"
_ID = re.compile(r"[A-Za-z0-9_=+-]{24,}")  # every id of Webex is longer, and few other texts in a body are


class CannotTell(Exception):
    """A pure function asked for something that only the run will know."""


class Unread(dict[str, Any]):
    """Stands for an object that can't be read before the run, of which at most the id is known."""

    def __getitem__(self, name: str) -> Any:
        if name == "id" and super().__contains__(name):
            return super().__getitem__(name)
        raise CannotTell(name)

    def get(self, name: str, default: Any = None) -> Any:
        """The id where it is known; raises CannotTell for anything else."""
        return self[name]

    def _unknown(self, *_: object) -> Never:
        raise CannotTell

    def __bool__(self) -> bool:
        return True

    __contains__ = __iter__ = __len__ = __eq__ = __or__ = __ror__ = _unknown
    keys = values = items = copy = pop = setdefault = _unknown
    __hash__ = None


class Found(dict[str, Any]):
    """The `found` of a row in a plan: what an untold step would have saved can't be told either."""

    def __missing__(self, name: str) -> Never:
        raise CannotTell(name)


@dataclass
class Foreseen:
    """What a run would do for one row: writes by step name; `created` are those that create.

    `families` are all calls of its own by endpoint family; what other rows pay for is not among them.
    """

    families: Counter[str] = field(default_factory=Counter)
    writes: list[str] = field(default_factory=list)
    created: list[str] = field(default_factory=list)
    untold: set[str] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)

    def count(self, call: ApiRequest | Endpoint) -> None:
        """One more call of its own."""
        self.families[endpoint_family(call.method, call.path)] += 1


class Foresight:
    """What a plan has foreseen so far, of all rows; `lists` counts the pages of lists that rows share."""

    def __init__(self) -> None:
        self.lists = Foreseen()
        self._rows: dict[str, Foreseen] = {}
        self._current: ContextVar[Foreseen] = ContextVar("row", default=self.lists)
        self._planned = 0
        self._written: set[str] = set()
        self._named: set[str] = set()
        self._paid: list[JointCall] = []
        self._once: set[str] = set()

    def of(self, row_id: str) -> Foreseen:
        """What is foreseen for a row."""
        return self._rows.setdefault(row_id, Foreseen())

    @property
    def current(self) -> Foreseen:
        """What is counted for now: the row of this task, or the lists."""
        return self._current.get()

    @contextmanager
    def counting_for(self, whom: Foreseen) -> Iterator[None]:
        """Calls of the block are those of `whom`."""
        token = self._current.set(whom)
        try:
            yield
        finally:
            self._current.reset(token)

    def new_id(self) -> str:
        """The id of an entity that the run would make."""
        self._planned += 1
        return f"{_MARK}{self._planned}"

    def of_planned(self, request: ApiRequest) -> bool:
        """Whether a request is about an entity that is not there yet, so that it can't be sent."""
        return _MARK in f"{request.path} {request.params} {request.json}"

    def paid_already(self, joint: JointCall) -> bool:
        """Whether another row has been counted for this call that rows share; from now on, yes."""
        if joint in self._paid:
            return True
        self._paid.append(joint)
        return False

    def first_of_its_kind(self, request: ApiRequest) -> bool:
        """Whether no row has been counted for this read, whose answer rows share; from now on, one has."""
        known = str(request) in self._once
        self._once.add(str(request))
        return not known

    def answer_to(self, step: Write, request: ApiRequest | None) -> Item:
        """What Webex would answer: what was sent, with an id; of an untold request the id alone."""
        sent = request.json if request is not None and isinstance(request.json, dict) else {}
        known = request is not None and step.endpoint.path.endswith("}") and not step.creates
        own_id = request.path.rsplit("/", 1)[-1] if request is not None and known else self.new_id()
        return {**dict.fromkeys(step.expect.fields, own_id), "id": own_id, **sent}

    def sent(self, step: Write, request: ApiRequest) -> None:
        """Notes which objects a planned write changes, so that what is read of them may be stale."""
        if step.creates:
            return
        self._written.add(request.path)
        if "{" not in step.endpoint.path:
            self._named.update(_ID.findall(str(request.json)))

    def may_be_stale(self, request: ApiRequest) -> bool:
        """Whether a planned write has changed what the request would read."""
        parts = request.path.split("/")
        above = ("/".join(parts[:count]) for count in range(2, len(parts) + 1))
        return any(path in self._written for path in above) or not self._named.isdisjoint(_ID.findall(request.path))
