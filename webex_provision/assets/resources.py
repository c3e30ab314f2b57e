"""The resource that the three phase assets of a run share: it owns the open roll-out.

Opened in the first phase body (locks, ledger, client, preflight), closed at the end of the run, so that the summary
is written whatever happened. It holds no secret: settings are read from the environment when a run opens.
"""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from webex_provision.assets.failures import EXPECTED, verdict_of
from webex_provision.assets.registry import RegisteredRollOut
from webex_provision.assets.run_config import (
    MODE_HELP,
    PATIENT_WAIT_SECONDS,
    REASONS_HELP,
    SLOT_HELP,
    TYPES_HELP,
    Mode,
    selection_of,
    settings_from_environment,
)
from webex_provision.config import Settings
from webex_provision.engine.observer import Both, Harmless, Observer
from webex_provision.engine.rollout import RollOut
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.logging_setup import configure, shutdown
from webex_provision.metrics.exposure import metered
from webex_provision.safe_text import printable
from webex_provision.vocabulary import Phase, RunMode

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Launch:
    """Who has launched the runs of this process: an observer that wants to watch, and the command line's words."""

    observer: Observer | None = None
    command: str = ""


# Dagster hands config to a run, never objects. Launched in this process, a run executes in the very context of its
# launcher (in_process_executor, no thread), so what the command line wants to be told travels in a context variable.
_LAUNCH: ContextVar[Launch | None] = ContextVar("launch", default=None)


@contextmanager
def launched_by(launch: Launch) -> Iterator[None]:
    """Runs executed inside know their launcher."""
    token = _LAUNCH.set(launch)
    try:
        yield
    finally:
        _LAUNCH.reset(token)


def settings_of_run(token_slot: str = "") -> Settings:
    """Settings from the environment; nobody sits in front of a run that Dagster started, so it waits for locks."""
    settings = settings_from_environment(token_slot)
    if _LAUNCH.get() is None and "lock_wait_seconds" not in settings.model_fields_set:
        return settings.model_copy(update={"lock_wait_seconds": PATIENT_WAIT_SECONDS})
    return settings


def tell_dagster(log: dg.DagsterLogManager, cause: str) -> None:
    """A critical line in Dagster's log; the command line shows the cause itself."""
    if _LAUNCH.get() is None:
        log.critical(printable(cause))


def command_of_run(run_id: str) -> str:
    """What is told to whoever meets our lock."""
    launch = _LAUNCH.get()
    return launch.command if launch and launch.command else f"Dagster run {run_id}"


class WebexResource(dg.ConfigurableResource[None]):
    """The roll-out of a run, shared by its phases. What is chosen here holds for all phases of the run."""

    mode: Mode = Field(default=Mode.resume, description=MODE_HELP)
    types: list[str] = Field(default=[], description=TYPES_HELP)
    reasons: list[str] = Field(default=[], description=REASONS_HELP)
    token_slot: str = Field(default="", description=SLOT_HELP)

    _run: RollOut | None = PrivateAttr(default=None)
    _closing: ExitStack = PrivateAttr(default_factory=ExitStack)
    _folder: Path | None = PrivateAttr(default=None)  # set while its log is open

    def open(
        self, run_id: str, registered: RegisteredRollOut, phases: tuple[Phase, ...], numbers: list[int]
    ) -> RollOut:
        """The open roll-out; opened on the first call of a run, for the phases and batches that the run covers.

        Raises what `RollOut` raises on entering, WrongRequest, UnusableSettings.
        """
        if self._run is None:
            settings = settings_of_run(self.token_slot)
            mode = RunMode(self.mode.value)
            most = max(registered.manifest.batches.values(), default=0)
            selection = selection_of(self.types, self.reasons, mode).model_copy(
                update={
                    "phases": () if phases == tuple(Phase) else phases,
                    "batches": () if set(numbers).issuperset(range(1, most + 1)) else tuple(numbers),
                }
            )
            log = RollOutFolder(registered.folder).log
            configure(
                settings.log_level,
                log,
                secrets=(*settings.all_tokens, settings.mirror_url),
                stderr=settings.log_format,
                facts={"roll_out": registered.folder.name, "run_id": run_id},
            )
            self._closing.callback(shutdown)
            self._folder = registered.folder
            launch = _LAUNCH.get()
            watching = launch.observer if launch and launch.observer else Observer()
            metrics = self._closing.enter_context(metered(settings, registered.folder.name, watching.on_notice))
            run = RollOut(
                registered.folder,
                settings,
                run_id=run_id,
                command=command_of_run(run_id),
                mode=mode,
                selection=selection,
                observer=Both(Harmless(watching), metrics) if metrics else watching,
                on_call=metrics.on_call if metrics else None,
            )
            self._run = self._closing.enter_context(run)
        return self._run

    def close(self, error: BaseException | None = None) -> None:
        """End the run: checkpoint, view of errors, summary, locks. `error` is what ended it; closing twice is fine.

        Raises LedgerError when the summary can't be written.
        """
        if error is not None and self._folder is not None:
            fault = None if isinstance(error, EXPECTED) else error
            verdict = verdict_of(error, self._folder)
            told = {"cause": str(error), "state": str(verdict.state or "not started"), "go_on_with": verdict.command}
            _log.critical("run_ended_early", extra=told, exc_info=fault)
        closing = self._closing.pop_all()
        self._run, self._folder = None, None
        closing.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """At the end of a run that has not closed its roll-out itself."""
        del context
        self.close()
