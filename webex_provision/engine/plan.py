"""What a run of a CSV would do to the tenant as it is now: by the run's own steps, with look-ups only.

Nothing is locked, recorded or changed. A row is judged after those that a run would do before it, so what they would
create is there for it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from webex_provision.actions.actions_registry import ENTITY_TYPES, entity_types_by_name
from webex_provision.actions.declaration import Lookup, Read
from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.engine.attachments import Attachments
from webex_provision.engine.batch_iterator import BatchIterator
from webex_provision.engine.errors import StopRun
from webex_provision.engine.executor import Executor
from webex_provision.engine.foresight import Foreseen, Foresight
from webex_provision.engine.observer import Observer
from webex_provision.engine.planned_steps import PlanControl, PlanRunner
from webex_provision.engine.ready_rows import references
from webex_provision.ledger.ready_rows import packed
from webex_provision.ledger.states import RowOutcome
from webex_provision.vocabulary import Phase, PlanAction, Reason, RowStatus, RunState
from webex_provision.webex.errors import PreflightFailed, RunMustStop
from webex_provision.webex.lookups_only import LookupsOnlyClient
from webex_provision.webex.startup_checks import preflight
from webex_provision.wire import Endpoint, minutes_needed

_PREFLIGHT_CALLS = Counter({"people": 1, "places": 1})


@dataclass(frozen=True)
class PlannedRow:
    """One row: what a run would do with it, by how many calls of its own, and why not or by which steps."""

    row_id: str
    entity_type: str
    entity_key: str
    action: PlanAction
    calls: int = 0
    reason: str = ""
    message: str = ""


PLAN_COLUMNS = tuple(PlannedRow.__dataclass_fields__)


@dataclass(frozen=True)
class Plan:
    """A run foreseen. `shared` are the pages of lists that rows share, and the checks before the first row, by endpoint
    family; `families` are the calls of each entity type.

    `lookups_made` is what the plan itself has sent. `state` is None, or how the run would end early: then `message`
    says why, and the rows after that are not reached. Offline, calls are an upper estimate with one page a list.
    """

    rows: tuple[PlannedRow, ...]
    shared: Counter[str]
    families: dict[str, Counter[str]]
    lookups_made: int
    offline: bool
    state: RunState | None = None
    message: str = ""

    @property
    def list_calls(self) -> int:
        """What rows share, and the checks before the first row."""
        return self.shared.total()

    @property
    def calls(self) -> int:
        """All calls of the run."""
        return self.list_calls + sum(row.calls for row in self.rows)

    def minutes(self, calls_per_minute: float) -> float:
        """How long the run takes when the tenant's limit, for each endpoint family, is the only wall.

        Types run one after the other, so that a family's limit is of no use to another type.
        """
        return sum(minutes_needed(calls, calls_per_minute) for calls in (self.shared, *self.families.values()))

    def by_type(self) -> dict[str, dict[str, int]]:
        """Entity type -> rows by action, and `calls`; in the order of execution, unknown types last."""
        order = [name for declared in ENTITY_TYPES for name in declared.names]
        found: dict[str, Counter[str]] = {}
        known = sorted(self.rows, key=lambda row: _place(order, row.entity_type))
        for row in known:
            counts = found.setdefault(row.entity_type, Counter())
            counts[row.action.value] += 1
            counts["calls"] += row.calls
        return {name: dict(counts) for name, counts in found.items()}

    def actions(self) -> dict[str, int]:
        """Rows by action, those that occur."""
        counts = Counter(row.action for row in self.rows)
        return {action.value: counts[action] for action in PlanAction if counts[action]}

    def reasons(self, action: PlanAction) -> dict[str, int]:
        """Why rows would not be done: reason -> rows, the most frequent first."""
        return dict(Counter(row.reason for row in self.rows if row.action is action).most_common())

    def as_dict(self, calls_per_minute: float) -> dict[str, Any]:
        """For `--json`."""
        return {
            "offline": self.offline,
            "state": self.state.value if self.state else None,
            "message": self.message,
            "rows": self.actions(),
            "by_type": self.by_type(),
            "pending_by_reason": self.reasons(PlanAction.PENDING),
            "rejected_by_reason": self.reasons(PlanAction.REJECTED),
            "calls": self.calls,
            "list_calls": self.list_calls,
            "lookups_made": self.lookups_made,
            "calls_per_minute": calls_per_minute,
            "minutes": round(self.minutes(calls_per_minute), 1),
            "plan": [asdict(row) for row in self.rows],
        }


def _place(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


class Planner:
    """Makes the plan of the rows that intake has divided. `folder` is that of the CSV.

    `transport` replaces the network in tests.
    """

    def __init__(
        self,
        ready: pl.DataFrame,
        rejected: pl.DataFrame,
        settings: Settings,
        clock: Clock,
        *,
        folder: Path,
        offline: bool = False,
        transport: Any = None,
        observer: Observer | None = None,
    ) -> None:
        self._ready, self._rejected, self._offline = packed(ready), rejected, offline
        self._settings, self._clock, self._transport = settings, clock, transport
        self._observer = observer or Observer()
        self._attachments = Attachments(folder)
        self._foresight = Foresight()
        self._judged: dict[str, PlannedRow] = {}

    # What the executor records into.

    attempt = 1

    def commit(self, outcome: RowOutcome) -> None:
        """Keeps in memory what is foreseen for a row."""
        foreseen = self._foresight.of(outcome.row_id)
        action = self._action(outcome, foreseen)
        self._judged[outcome.row_id] = PlannedRow(
            row_id=outcome.row_id,
            entity_type=outcome.entity_type,
            entity_key=outcome.entity_key,
            action=action,
            calls=foreseen.families.total(),
            reason=outcome.reason.value if outcome.reason else "",
            message=outcome.message if outcome.reason else _steps(foreseen),
        )

    def _action(self, outcome: RowOutcome, foreseen: Foreseen) -> PlanAction:
        if outcome.status is RowStatus.PENDING:
            return PlanAction.OUT_OF_SCOPE if outcome.reason is Reason.OUT_OF_SCOPE else PlanAction.PENDING
        if self._offline:
            return PlanAction.APPLY
        if foreseen.created:
            return PlanAction.CREATE
        return PlanAction.UPDATE if foreseen.writes else PlanAction.SKIP

    # Making it

    async def make(self) -> Plan:
        """The plan; where the run would stop by itself, so does the plan. Raises PreflightFailed."""
        async with LookupsOnlyClient(
            self._settings, self._clock, questions=_questions(), transport=self._transport
        ) as client:
            control = PlanControl(client, self._settings, self._clock, self._foresight, offline=self._offline)
            stopped: StopRun | None = None
            try:
                if not self._offline:
                    await preflight(client, self._settings)
                await self._through(control)
            except PreflightFailed:
                raise
            except RunMustStop as error:
                stopped = control.verdict_of(error)
            except StopRun as verdict:
                stopped = verdict
            return Plan(
                rows=tuple(self._all_rows()),
                shared=self._foresight.lists.families + _PREFLIGHT_CALLS,
                families=self._families(),
                lookups_made=client.stats.total.calls,
                offline=self._offline,
                state=stopped.state if stopped else None,
                message=stopped.message if stopped else "",
            )

    async def _through(self, control: PlanControl) -> None:
        runner = PlanRunner(control, references(self._ready), self._attachments, self._settings, self._clock)
        executor = Executor(runner, control, self, self._settings, self._clock, run_id="plan", observer=self._observer)
        size = self._settings.batch_size
        batches = BatchIterator(self._ready, size)
        for phase in Phase:
            rows = self._ready.filter(phase=int(phase)).height
            self._observer.on_start(rows)
            for number in range(1, -(-rows // size) + 1):
                batch = batches.batch(phase, number)
                self._observer.on_batch(await executor.run(batches, batch, batches.rows(batch), 0))

    def _families(self) -> dict[str, Counter[str]]:
        """Calls by type and endpoint family; aliases run with their type."""
        names, found = entity_types_by_name(), dict[str, Counter[str]]()
        for row in self._judged.values():
            found.setdefault(names[row.entity_type].name, Counter()).update(self._foresight.of(row.row_id).families)
        return found

    def _all_rows(self) -> Iterator[PlannedRow]:
        """Every row of the CSV, in its order."""
        numbered: list[tuple[int, PlannedRow]] = []
        for number, row_id, kind, key in self._ready.select(
            "row_number", "row_id", "entity_type", "entity_key"
        ).iter_rows():
            unreached = PlannedRow(row_id, kind, key, PlanAction.NOT_REACHED)
            numbered.append((number, self._judged.get(row_id, unreached)))
        for record in self._rejected.iter_rows(named=True):
            row = PlannedRow(
                row_id=record["row_id"],
                entity_type=record["entity_type"],
                entity_key=record["entity_key"],
                action=PlanAction.REJECTED,
                reason=record["reason_code"],
                message=record["reason_message"],
            )
            numbered.append((record["row_number"], row))
        return (row for _, row in sorted(numbered, key=lambda pair: pair[0]))


def _steps(foreseen: Foreseen) -> str:
    return ", ".join(dict.fromkeys(foreseen.writes))


def _questions() -> Iterator[Endpoint]:
    """The POSTs that only ask and spend nothing, as the declarations say: those of looking and reading steps."""
    for declared in ENTITY_TYPES:
        for step in declared.steps:
            if isinstance(step, Lookup) and step.bulk is not None:
                yield step.bulk.endpoint
            if isinstance(step, Read) and step.endpoint.method != "GET" and not step.spends:
                yield step.endpoint
