"""The engine's own steps, run dry: look-ups are made, writes are only noted.

Each class here replaces one of a real run and keeps its rules by inheriting them; none knows an entity type.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import replace
from typing import Any

from webex_provision.actions.declaration import (
    BulkCheck,
    Check,
    EntityType,
    Failure,
    Index,
    Lookup,
    LookupMany,
    Read,
    References,
    RowContext,
    Step,
    Wait,
    Write,
)
from webex_provision.actions.row import Row
from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.engine.attachments import Attachments
from webex_provision.engine.bulk_checks import BulkChecks
from webex_provision.engine.foresight import CannotTell, Foresight, Found, Unread
from webex_provision.engine.joint_call import JointCall
from webex_provision.engine.lookups import Finder
from webex_provision.engine.progress import Progress, RowResult
from webex_provision.engine.remote_lists import RemoteLists
from webex_provision.engine.row_runner import RowRunner
from webex_provision.engine.run_control import RunControl
from webex_provision.engine.writes import Writer
from webex_provision.vocabulary import RowStatus
from webex_provision.webex.lookups_only import LookupsOnlyClient
from webex_provision.wire import Answer, ApiRequest


class NoIntents:
    """Nothing is ever about to be sent."""

    async def intend(self, row_id: str, step: str) -> None:
        """Never asked for: a plan sends no write."""
        raise AssertionError(f"row {row_id}: {step} was about to be sent in a plan")

    def open_intents(self, row_id: str) -> AbstractSet[str]:
        """What an earlier run may have left open concerns only runs."""
        del row_id
        return frozenset()


class PlanControl(RunControl):
    """Counts every call; what is about a planned entity is not asked, and a list of it is empty.

    With `offline` nothing is asked at all: every list is empty.
    """

    def __init__(
        self, client: LookupsOnlyClient, settings: Settings, clock: Clock, foresight: Foresight, *, offline: bool
    ) -> None:
        super().__init__(client, settings, clock)
        self.foresight, self.offline = foresight, offline

    async def send(
        self,
        request: ApiRequest,
        *,
        repeatable: bool = True,
        before_send: Callable[[], Awaitable[None]] | None = None,
    ) -> Answer:
        """As in a run."""
        self.foresight.current.count(request)
        return await super().send(request, repeatable=repeatable, before_send=before_send)

    async def pages(self, request: ApiRequest, *, items: str, start_honoured: bool) -> AsyncIterator[Answer]:
        """As in a run."""
        if self.unanswerable(request):
            self.foresight.current.count(request)
            return
        async for page in super().pages(request, items=items, start_honoured=start_honoured):
            self.foresight.current.count(request)
            yield page

    async def lists_settle(self, step: str) -> None:
        """A plan does not wait: it has changed nothing that a list might not show yet."""

    def unanswerable(self, request: ApiRequest) -> bool:
        """Whether nobody can answer this before the run."""
        return self.offline or self.foresight.of_planned(request)


class PlanBulkChecks(BulkChecks):
    """What is asked for many rows at once is not the call of the row that happens to need it first."""

    def __init__(self, control: PlanControl) -> None:
        super().__init__(control)
        self._plan = control

    async def _ask(self, check: BulkCheck, keys: Sequence[str]) -> Collection[str]:
        foresight = self._plan.foresight
        with foresight.counting_for(foresight.lists):
            if not self._plan.unanswerable(check.request(keys)):
                return await super()._ask(check, keys)
            foresight.lists.count(check.endpoint)
        return keys


class PlanLists(RemoteLists):
    """The pages of a list are not the calls of the row that happens to need it first."""

    def __init__(self, control: PlanControl) -> None:
        super().__init__(control)
        self.bulk = PlanBulkChecks(control)
        self._foresight = control.foresight

    async def _load(self, index: Index, scope: str, table: Any) -> None:
        with self._foresight.counting_for(self._foresight.lists):
            await super()._load(index, scope, table)


class PlanFinder(Finder):
    """Looks up and reads as a run does; what can't be known before the run is saved as Unread."""

    def __init__(self, control: PlanControl, lists: PlanLists) -> None:
        super().__init__(control, lists)
        self._plan = control
        self._foresight = control.foresight

    async def look(self, step: Lookup | LookupMany | Read, progress: Progress) -> Failure | None:
        """As in a run."""
        try:
            return await super().look(step, progress)
        except CannotTell:
            if isinstance(step, Read):
                _once(self._foresight, step, progress)
            progress.ctx.found[step.save] = Unread(id=self._foresight.new_id())
            return None

    async def _read_one(self, step: Read, progress: Progress) -> tuple[Failure | None, Any]:
        request = step.request(progress.ctx)
        if request is None:
            return None, None
        if step.known is not None and (known := step.known(progress.ctx)) is not None:
            return None, known
        if not step.spends and not self._plan.unanswerable(request):
            failure, found = await super()._read_one(step, progress)
            if not self._foresight.may_be_stale(request):
                return failure, found
            if failure is None:
                self._foresight.of(progress.ctx.row.row_id).stale.add(step.save)
                return None, found
        elif not step.once or self._foresight.first_of_its_kind(request):
            self._foresight.current.count(request)
        new = bool(step.items) and self._foresight.of_planned(request)
        return None, {step.items: []} if new else Unread()


class OfflineFinder(PlanFinder):
    """Without a tenant: what must be there is presumed to be there, what a row may create is presumed absent."""

    async def look(self, step: Lookup | LookupMany | Read, progress: Progress) -> Failure | None:
        """As in a run, with presumptions."""
        found, before = progress.ctx.found, self._foresight.current.families.copy()
        failure = await super().look(step, progress)
        if isinstance(step, LookupMany) or failure is not None:
            self._foresight.current.families = before  # what is there is seen in the list
        if isinstance(step, Lookup) and failure is not None:
            found[step.save] = Unread(id=self._foresight.new_id())
        elif isinstance(step, LookupMany) and not isinstance(found[step.save], Unread):
            if step.absent is not None:
                for key in step.keys(progress.ctx):
                    found[step.save][key] = found[step.save].get(key) or [Unread(id=self._foresight.new_id())]
            elif not all(found[step.save].values()):
                found[step.save] = Unread()
        return None


class PlanWriter(Writer):
    """Notes a write and goes on as if it had been answered well."""

    def __init__(self, control: PlanControl, finder: Finder, lists: RemoteLists, settings: Settings, clock: Clock):
        super().__init__(control, finder, lists, NoIntents(), settings, clock)
        self._foresight = control.foresight

    async def write(self, step: Write, progress: Progress) -> Failure | None:
        """Never fails: a refusal is what only the run can tell."""
        try:
            return await super().write(step, progress)
        except CannotTell:  # how many items there will be
            self._untold(step, progress)
            return None

    async def _write(self, step: Write, progress: Progress) -> Failure | None:
        ctx, foreseen = progress.ctx, self._foresight.of(progress.ctx.row.row_id)
        request: ApiRequest | None = None
        try:
            request = step.request(ctx)
            if request is None:
                return None
            self._foresight.sent(step, request)
            foreseen.writes.append(step.name)
        except CannotTell:
            if not self._untold(step, progress):
                return None  # one of several items of one step
        joint = progress.joint if step.together is not None else None
        if joint is None or not self._foresight.paid_already(joint):
            foreseen.count(step.endpoint)
        if step.reads_back and ctx.options.verify_writes:
            foreseen.count(replace(step.endpoint, method="GET"))
        with suppress(CannotTell):
            self._taken_in(step, progress, Answer(200, self._foresight.answer_to(step, request)))
        foreseen.created = list(ctx.created)
        return None

    def _untold(self, step: Write, progress: Progress) -> bool:
        """Counts a write whose request can't be told, once a step; whether it did."""
        foreseen = self._foresight.of(progress.ctx.row.row_id)
        if step.name in foreseen.untold:
            return False
        foreseen.untold.add(step.name)
        foreseen.writes.append(step.name)
        return True


class PlanRunner(RowRunner):
    """Drives a row through its steps without changing anything."""

    def __init__(
        self, control: PlanControl, references: References, attachments: Attachments, settings: Settings, clock: Clock
    ) -> None:
        settings = settings.model_copy(update={"enable_safe_compensation": False})
        super().__init__(control, NoIntents(), references, attachments, settings, clock)
        self._foresight = control.foresight
        lists = PlanLists(control)
        self._finder = OfflineFinder(control, lists) if control.offline else PlanFinder(control, lists)
        self._writer = PlanWriter(control, self._finder, lists, settings, clock)

    def context(self, row: Row) -> RowContext:
        """As in a run, but what an untold step would have saved is asked for in vain."""
        context = super().context(row)
        context.found = Found()
        return context

    async def run(self, entity_type: EntityType, row: Row, joint: JointCall | None = None) -> RowResult:
        """As in a run."""
        with self._foresight.counting_for(self._foresight.of(row.row_id)):
            try:
                return await super().run(entity_type, row, joint)
            except CannotTell:  # what the operator is to learn from the row's success
                return RowResult(RowStatus.SUCCESS, "", "")

    async def _step(self, step: Step, progress: Progress) -> Failure | None:
        if isinstance(step, Check):
            return self._judged(step, progress)
        if isinstance(step, Wait):
            return self._not_waited(step, progress)
        return await super()._step(step, progress)

    def _judged(self, step: Check, progress: Progress) -> Failure | None:
        """A verdict counts only when it does not rest on what the run itself would change before."""
        ctx = progress.ctx
        try:
            failure = step.verdict(ctx)
            stale = self._foresight.of(ctx.row.row_id).stale
            if failure is None or not stale:
                return failure
            known = Found(ctx.found | {name: Unread() for name in stale})
            again = RowContext(ctx.row, ctx.references, ctx.options, known, list(ctx.applied), list(ctx.created))
            return step.verdict(again)
        except CannotTell:
            return None

    def _not_waited(self, step: Wait, progress: Progress) -> Failure | None:
        try:
            asked = step.request(progress.ctx) is not None
        except CannotTell:
            asked = True
        progress.ctx.found[step.save] = Unread() if asked else None
        if asked:
            self._foresight.current.count(step.endpoint)
        return None


def _once(foresight: Foresight, step: Read, progress: Progress) -> None:
    """Counts a read whose request can't be told; of several turns of one step the first."""
    foreseen = foresight.of(progress.ctx.row.row_id)
    if step.name not in foreseen.untold:
        foreseen.untold.add(step.name)
        foreseen.count(step.endpoint)
