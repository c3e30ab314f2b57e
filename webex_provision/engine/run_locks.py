"""The locks of one run, in the order in which they are taken; all are given back together."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from webex_provision.clock import Clock
from webex_provision.config import Settings
from webex_provision.engine.errors import StopRun
from webex_provision.engine.run_control import RunControl
from webex_provision.ledger.errors import LockHeld
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.lock_server import LockServer
from webex_provision.ledger.locks import FolderLock, PartLock, TenantLock, TokenLock
from webex_provision.ledger.run_lock import RunLock, Terms
from webex_provision.vocabulary import RunState
from webex_provision.webex.credentials import Credential, name_of_slot

_POLL_SECONDS = 0.2
_WATCH_SECONDS = 1.0


class RunLocks:
    """A context manager; every method takes locks, waiting LOCK_WAIT_SECONDS at most, and raises LockHeld.

    A run on all tokens holds the tenant alone. A run in a slot shares the tenant with others in slots and holds its
    token, then that token's user, then its claims, sorted, so that two runs can't wait for each other.
    """

    def __init__(self, folder: RollOutFolder, settings: Settings, clock: Clock, command: str) -> None:
        self._folder, self._settings = folder, settings
        self._terms = Terms(clock=clock, input_name=str(folder.root.resolve()), command=command)
        self._held = ExitStack()
        self._server: LockServer | None = None
        self._lock: FolderLock | None = None

    def __enter__(self) -> Self:
        self._server = LockServer.configured(stop_grace=self._settings.stop_grace_seconds)
        if self._server is not None:
            self._terms["server"] = self._held.enter_context(self._server)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def lost(self) -> str:
        """Why the locks over machines count as lost, in words for people; empty while they are held."""
        why = self._server.lost() if self._server is not None else ""
        return why and (
            f"the locks of this run are lost, because the PostgreSQL server of DAGSTER_POSTGRES_URL has let go: {why}. "
            f"Calls under way were given up, so that another run may go on; resume when the server is well again"
        )

    @property
    def taken_over(self) -> bool:
        """Whether another run has taken the folder meanwhile: nothing more may be written there."""
        return self._lock is not None and bool(self.lost()) and self._lock.taken_over

    async def watch(self, control: RunControl, clock: Clock) -> None:
        """Stop the run as soon as the locks are lost; without a server none can be."""
        if self._server is None:
            return
        while not (why := self.lost()):  # ends with its batch, which has a time budget
            await clock.sleep(_WATCH_SECONDS)
        control.stop(StopRun(RunState.STOPPED_LOCKS_LOST, why))

    def take_folder(self) -> None:
        """The roll-out folder, made when it is not there yet."""
        self._lock = FolderLock(self._folder, **self._terms)
        self._take(self._lock)

    def take_token(self) -> Settings:
        """The settings of the run: of a run in a slot those with its token alone, which is taken; `any`: a free one."""
        wanted, slots = self._settings.token_slot, range(1, len(self._settings.all_tokens) + 1)
        if wanted == "any":
            self._settings = self._settings.in_slot(self._first_free(slots))
        elif wanted:
            self._take(self._token_lock(int(wanted)))
        return self._settings

    def take_tenant(self, org_id: str, credential: Credential, claims: Sequence[str]) -> None:
        """The tenant; for a run in a slot also the user of its token, and what its rows claim."""
        settings = self._settings
        in_slot = bool(settings.token_slot)
        deadline = time.monotonic() + settings.lock_wait_seconds
        self._take(TenantLock(settings.webex_base_url, org_id, shared=in_slot, **self._terms))
        if not in_slot:
            return
        user = f"user:{credential.user_id}"
        limit = f"The rate limit of {credential.owner or credential.name}, whose token this is,"
        self._take(self._part_lock(org_id, user, limit), deadline)
        for claim in claims:
            kind, _, name = claim.partition(":")
            self._take(self._part_lock(org_id, f"claim:{claim}", f"The {kind} '{name}', also in this input,"), deadline)

    def _first_free(self, slots: Sequence[int]) -> int:
        wait = self._settings.lock_wait_seconds
        deadline = time.monotonic() + wait
        while True:  # ends at the deadline
            refusals = []
            for slot in slots:
                try:
                    self._held.enter_context(self._token_lock(slot).acquire())
                except LockHeld as refusal:
                    refusals.append(refusal)
                else:
                    return slot
            if time.monotonic() >= deadline:
                raise LockHeld(f"No token is free (TOKEN_SLOT=any, {len(slots)} tokens). {refusals[0]}")
            time.sleep(_POLL_SECONDS)

    def _token_lock(self, slot: int) -> TokenLock:
        token = self._settings.all_tokens[slot - 1].get_secret_value().strip()
        return TokenLock(self._settings.webex_base_url, token, name_of_slot(slot), **self._terms)

    def _part_lock(self, org_id: str, part: str, what: str) -> PartLock:
        return PartLock(self._settings.webex_base_url, org_id, part, what, **self._terms)

    def _take(self, lock: RunLock, deadline: float | None = None) -> None:
        wait = self._settings.lock_wait_seconds
        self._held.enter_context(lock.acquire(wait if deadline is None else max(0.0, deadline - time.monotonic())))
