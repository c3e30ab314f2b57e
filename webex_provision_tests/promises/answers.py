"""How a tenant answers where nobody knows how Webex does: rules that stand between a request and its handler."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from webex_provision.sandbox.answers import Reply, WebexError
from webex_provision.sandbox.domains import DOMAINS
from webex_provision.sandbox.faults import FaultRule
from webex_provision.sandbox.routing import Call, Handler, RouteTree
from webex_provision.sandbox.tenant import Quirks, Tenant
from webex_provision_tests.in_process_site import InProcessSite

Row = Mapping[str, str]
Hook = Callable[[Call, Handler], Reply]
Test = Callable[[Call], bool]


@dataclass(frozen=True)
class Rule:
    """Requests of this method and path (regular expressions; any part of the path) are answered by `hook`."""

    method: str
    path: str
    hook: Hook

    def concerns(self, method: str, path: str) -> bool:
        """Whether a request falls under this rule."""
        return bool(re.fullmatch(self.method, method) and re.search(self.path, path))


class Answering(RouteTree):
    """The sandbox's own handlers with rules before them; the first rule is asked first."""

    def __init__(self) -> None:
        super().__init__(DOMAINS)
        self.rules: Sequence[Rule] = ()

    def find(self, method: str, path: str) -> tuple[Handler, dict[str, str]]:
        """The handler, wrapped by the rules that concern the request."""
        handler, ids = super().find(method, path)
        for rule in reversed(self.rules):
            if rule.concerns(method, path):
                handler = _wrapped(rule.hook, handler)
        return handler, ids


def _wrapped(hook: Hook, handler: Handler) -> Handler:
    return lambda call: hook(call, handler)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One way in which the tenant may answer, and how the row in question then ends.

    `ends` is `success` or a reason code; of several rows a mapping from entity_key, None: as without any rule.
    `before` prepares the tenant, `then` looks at what became of it.
    """

    rules: tuple[Rule, ...] = ()
    ends: str | Mapping[str, str] | None = "success"
    quirks: Quirks = field(default_factory=Quirks)
    faults: tuple[FaultRule, ...] = ()
    before: Callable[[Tenant], None] | None = None
    then: Callable[[InProcessSite], None] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def plays(*rules: Rule, **more: Any) -> Answer:
    """An answer made of these rules."""
    return Answer(rules=rules, **more)


@dataclass(frozen=True, kw_only=True)
class Uncertainty:
    """What no source tells for sure, the rows that meet it (the last one is in question), the answers by name.

    With `there`, an undisturbed run has brought all rows into the tenant before: the answers meet a replay.
    """

    name: str
    what: str
    rows: tuple[Row, ...]
    answers: Mapping[str, Answer]
    there: bool = False
    seeded: tuple[Row, ...] = ()


# Rules


def refused(
    method: str, path: str, status: int, code: int | str | None = None, text: str = "No", when: Test | None = None
) -> Rule:
    """Nothing is applied; 404 stands for a path that is not there, too."""

    def hook(call: Call, handler: Handler) -> Reply:
        if when is None or when(call):
            raise WebexError(status, text, code)
        return handler(call)

    return Rule(method, path, hook)


def refuses_as(method: str, path: str, status: int, code: int | str | None = None, text: str = "Taken") -> Rule:
    """Where the sandbox refuses, this is how it says so."""

    def hook(call: Call, handler: Handler) -> Reply:
        try:
            return handler(call)
        except WebexError as refusal:
            raise WebexError(status, text, code) from refusal

    return Rule(method, path, hook)


def accepts(method: str, path: str, status: int, body: Any = None) -> Rule:
    """Where the sandbox refuses, it is content instead, and changes nothing."""

    def hook(call: Call, handler: Handler) -> Reply:
        try:
            return handler(call)
        except WebexError:
            return Reply(status, body)

    return Rule(method, path, hook)


def says(method: str, path: str, change: Callable[[Call, Reply], Reply | None]) -> Rule:
    """Done as ever, but told otherwise: `change` mends the reply or gives another."""

    def hook(call: Call, handler: Handler) -> Reply:
        reply = handler(call)
        reply.body = deepcopy(reply.body)
        return change(call, reply) or reply

    return Rule(method, path, hook)


def takes(method: str, path: str, change: Callable[[Call], Any]) -> Rule:
    """Done with another body than was sent."""

    def hook(call: Call, handler: Handler) -> Reply:
        sent = call.body
        call.body = change(call)
        try:
            return handler(call)
        finally:
            call.body = sent

    return Rule(method, path, hook)


def asks(method: str, path: str, change: Callable[[dict[str, str]], dict[str, str]]) -> Rule:
    """Done with other query parameters than were sent."""

    def hook(call: Call, handler: Handler) -> Reply:
        call.query = change(dict(call.query))
        return handler(call)

    return Rule(method, path, hook)


_COUNTS: WeakKeyDictionary[Tenant, Counter[str]] = WeakKeyDictionary()


def hidden(path: str, times: int = 2) -> Rule:
    """The first lists show nothing: what is there is found only later. (A preflight's one item is let through.)"""

    def hook(call: Call, handler: Handler) -> Reply:
        counts = _COUNTS.setdefault(call.tenant, Counter())
        reply = handler(call)
        if call.query.get("max") == "1" or counts[path] >= times:
            return reply
        counts[path] += 1
        shown = {name: [] if isinstance(value, list) else value for name, value in reply.body.items()}
        return Reply(reply.status, shown)

    return Rule("GET", path, hook)


_SINCE: WeakKeyDictionary[Tenant, float] = WeakKeyDictionary()


def hidden_for(path: str, seconds: float) -> Rule:
    """Lists show nothing until so long after they were first asked for."""

    def hook(call: Call, handler: Handler) -> Reply:
        since = _SINCE.setdefault(call.tenant, call.tenant.now())
        reply = handler(call)
        if call.tenant.now() >= since + seconds:
            return reply
        return Reply(
            reply.status, {name: [] if isinstance(value, list) else value for name, value in reply.body.items()}
        )

    return Rule("GET", path, hook)


ALWAYS = 10**6
