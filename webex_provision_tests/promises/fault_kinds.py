"""What may go wrong in a simulation, by name: answers of the tenant, deaths of the process, and what a rule aims at."""

import random
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from webex_provision.sandbox.faults import Effect, FaultRule, Shape

WRITES = "POST|PUT|PATCH|DELETE"
NONSENSE = "rand(30),add(30)"
TOKEN_DIES = "401 from then on"
STALE_LIST, HIDING_LIST = "list that lags", "list that hid something"
PARTIAL = "206 from licences"


@dataclass(frozen=True)
class Caller:
    """On whose behalf a request is sent: the row, its type, the attempt."""

    row_id: str
    entity_type: str
    attempt: int


CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)


class AimedRule(FaultRule):
    """A fault that strikes only what rows of one entity type ask for; `aimed_at` "" strikes anything."""

    aimed_at: str = ""

    def strikes(self, method: str, path: str) -> bool:
        """Whether this request goes wrong; a request of another type is not even counted."""
        caller = CALLER.get()
        if self.aimed_at and (caller is None or caller.entity_type != self.aimed_at):
            return False
        return super().strikes(method, path)


# How each kind of fault is made. What was applied is never answered by a 4xx: that would prove that nothing was.
# What was not applied is never answered by a whole success: no client could tell.
REFUSALS: dict[str, dict[str, Any]] = {
    "429 with seconds": {"effect": Effect.STATUS, "status": 429, "retry_after": 3},
    "429 with a date": {"effect": Effect.STATUS, "status": 429, "retry_after": "date"},
    "429 without a time": {"effect": Effect.STATUS, "status": 429},
    "429 with nonsense": {"effect": Effect.STATUS, "status": 429, "retry_after": NONSENSE},
    "429 with a long wait": {"effect": Effect.STATUS, "status": 429, "retry_after": 600},
    "423 with seconds": {"effect": Effect.STATUS, "status": 423, "retry_after": 2},
    "423 without a time": {"effect": Effect.STATUS, "status": 423},
    "400": {"effect": Effect.STATUS, "status": 400, "message": "no such thing for Bearer {token}"},
    "401 once": {"effect": Effect.STATUS, "status": 401},
    TOKEN_DIES: {"effect": Effect.STATUS, "status": 401},
    "403": {"effect": Effect.STATUS, "status": 403},
    "404": {"effect": Effect.STATUS, "status": 404},
    "409": {"effect": Effect.STATUS, "status": 409},
    "500": {"effect": Effect.STATUS, "status": 500, "message": "failed for {token}"},
    "502 in HTML": {"effect": Effect.STATUS, "status": 502, "shape": Shape.HTML},
    "503 with seconds": {"effect": Effect.STATUS, "status": 503, "retry_after": 4},
    "504 truncated": {"effect": Effect.STATUS, "status": 504, "shape": Shape.TRUNCATED},
}
LOSSES: dict[str, dict[str, Any]] = {
    "no answer": {"effect": Effect.TIMEOUT, "seconds": 30},
    "reset": {"effect": Effect.RESET},
    "closed before": {"effect": Effect.DROP_BEFORE},
    "applied, answer lost": {"effect": Effect.GHOST},
    "applied, answered 500": {"effect": Effect.GHOST, "status": 500},
    "applied, answer cut": {"effect": Effect.CUT},
    "applied, answered in HTML": {"effect": Effect.GHOST, "status": 200, "shape": Shape.HTML},
    "applied, answer truncated": {"effect": Effect.GHOST, "status": 200, "shape": Shape.TRUNCATED},
    "not applied, 200 in HTML": {"effect": Effect.STATUS, "status": 200, "shape": Shape.HTML},
    "not applied, 200 truncated": {"effect": Effect.STATUS, "status": 200, "shape": Shape.TRUNCATED},
    "answer without id": {"effect": Effect.MISSING_FIELDS},
    "slow": {"effect": Effect.DELAY, "seconds": 6},
    "applied after the client left": {"effect": Effect.DELAY, "seconds": 25},
    PARTIAL: {"effect": Effect.PARTIAL, "path": "/licenses/users"},
}
KINDS = REFUSALS | LOSSES
_LASTING = frozenset({"500", "502 in HTML", "504 truncated", "429 without a time"})

# Deaths at a request: before the tenant carries it out, or after, the answer never read.
BEFORE, AFTER = "killed before a request is carried out", "killed before its answer is read"
LOOKING = "killed while it looks for what was lost"
AT_REQUESTS = frozenset({BEFORE, AFTER, LOOKING})
# Deaths inside the ledger, by the names of crash.kill_points.
LEDGER_DEATHS = (
    "pending line written, result not",
    "result written, checkpoint not",
    "before a result is written",
    "intent written, not durable",
    "intent durable, request not sent",
    "before the results are durable",
    "before the checkpoint is replaced",
    "after the checkpoint is replaced",
    "after the manifest is replaced",
    "before the summary stands",
)
DEATHS = (*AT_REQUESTS, *LEDGER_DEATHS)


def rule(kind: str, chance: random.Random, aimed_at: str = "") -> AimedRule:
    """A rule of this kind; at which request it begins, and how often it strikes, is chance."""
    losing = kind in LOSSES and kind not in {"slow", "no answer", "reset"}
    method = WRITES if losing else chance.choice([WRITES, ".*", "POST"])
    # A hundred times: beyond all retries, so that only their bound ends it.
    times = chance.choice([1, 1, 2, 8, 100] if kind in _LASTING else [1, 1, 2, 8])
    return _made(kind, aimed_at, method, chance.choice([1, 1, 2, 3, 5]), times)


def aimed_rule(kind: str, aimed_at: str, nth: int, times: int = 1) -> AimedRule:
    """A rule of this kind that strikes from the nth request (or write) of a type on."""
    return _made(kind, aimed_at, WRITES if kind in LOSSES else ".*", nth, times)


def _made(kind: str, aimed_at: str, method: str, first: int, times: int) -> AimedRule:
    made: dict[str, Any] = {"path": ".*"} | KINDS[kind]
    return AimedRule(name=kind, method=method, first=first, last=first + times - 1, aimed_at=aimed_at, **made)


@dataclass(frozen=True)
class Death:
    """When the process ends: at the `number`-th such moment of rows of `aimed_at` ("": of any).

    With `power_cut`, what was not durable is gone too.
    """

    kind: str
    number: int = 1
    aimed_at: str = ""
    method: str = ".*"
    power_cut: bool = False

    @property
    def label(self) -> str:
        """How it is counted."""
        return f"{self.kind}, power cut" if self.power_cut and self.kind != LOOKING else self.kind


def death(chance: random.Random, types: Iterable[str]) -> Death:
    """Any death by chance."""
    kind = chance.choice([BEFORE, AFTER, AFTER, *chance.sample(LEDGER_DEATHS, 3)])
    aimed_at = chance.choice(["", *types])
    method = chance.choice([WRITES, WRITES, ".*"])
    return Death(kind, chance.choice([1, 1, 1, 2]), aimed_at, method, chance.random() < 0.4)
