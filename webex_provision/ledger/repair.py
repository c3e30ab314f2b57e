"""`webex-provision repair`: set the untrustworthy part of a roll-out aside, keep the rest, delete nothing.

A row whose commit was set aside has no commit any more: the next run looks it up in the tenant first, as it does for
any row, and so creates nothing twice.
"""

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from webex_provision.clock import Clock
from webex_provision.ledger.checkpoint import Checkpoint, why_ahead, why_foreign
from webex_provision.ledger.errors import CorruptLedger, NoRollOut, OutputNotWritable
from webex_provision.ledger.files import AppendFile, atomic_file, sync_folder, write_atomically
from webex_provision.ledger.folder import RollOutFolder
from webex_provision.ledger.intents import read_intents
from webex_provision.ledger.locks import FolderLock
from webex_provision.ledger.manifest import Manifest, load_manifest, read_document
from webex_provision.ledger.ready_rows import load_ready
from webex_provision.ledger.records import PENDING_COLUMNS, plain, read_lines, read_records
from webex_provision.ledger.runs import sound_lines
from webex_provision.ledger.states import History, pending_key, read_history, read_results
from webex_provision.ledger.writers import check_rejected

_CHUNK_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What was done, one sentence a step; empty when nothing was wrong."""

    actions: tuple[str, ...]


def repair(folder: RollOutFolder, *, clock: Clock) -> RepairReport:
    """Mend a roll-out folder.

    Raises LockHeld while a run works on it, NoRollOut when there is no such folder, OutputNotWritable.
    """
    if not folder.root.is_dir():
        raise NoRollOut(folder.root)
    with FolderLock(folder, clock=clock, command="webex-provision repair").acquire():
        return RepairReport(tuple(_Repair(folder, clock).run()))


class _Repair:
    """One repair under the folder's lock; `stamp` names what it sets aside."""

    def __init__(self, folder: RollOutFolder, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._stamp = clock.now().strftime("%Y%m%dT%H%M%S.%fZ")
        self._actions: list[str] = []

    def run(self) -> list[str]:
        """Every file in turn; a later one is compared with what is left of the earlier ones."""
        folder = self._folder
        manifest = self._manifest()
        self._tail(folder.results, lambda: read_results(folder.results))
        self._tail(folder.pending, self._pending_keys)
        self._tail(folder.intents, lambda: read_intents(folder.intents))
        self._ready(manifest)
        self._rejected()
        self._runs()
        history = self._unexplained()
        self._checkpoint(manifest, history)
        return self._actions

    def _manifest(self) -> Manifest | None:
        try:
            return load_manifest(self._folder)
        except NoRollOut:
            return None
        except CorruptLedger as error:
            self._move(error, "run the CSV again, which makes a new one and goes on with the ledger")
            return None

    def _pending_keys(self) -> Iterable[tuple[str, int]]:
        path = self._folder.pending
        return (pending_key(path, record) for record in read_records(path, PENDING_COLUMNS))

    def _tail(self, path: Path, read: Callable[[], Iterable[object]]) -> None:
        """Set aside what stands from the first bad line on; the whole file when its header is bad."""
        if not path.exists():
            return
        try:
            for _ in read():
                pass
        except CorruptLedger as error:
            if error.offset == 0:
                self._move(error, "a new one is made by the next run")
                return
            aside = self._aside(path)
            _move_tail(path, error.offset, aside)
            self._actions.append(f"{path.name}: from line {error.line} ({error.why}) on, moved to {aside.name}.")

    def _ready(self, manifest: Manifest | None) -> None:
        if manifest is None:
            return
        command = shlex.join(["webex-provision", "run", manifest.csv_path, "--output-dir", str(self._folder.root)])
        again = f"`{command}` writes it anew and goes on with the ledger"
        try:
            load_ready(self._folder, sum(manifest.rows.values()))
        except CorruptLedger as error:
            if self._folder.ready.exists():
                self._move(error, again)
            else:
                self._actions.append(f"{self._folder.ready.name} is missing; {again}.")

    def _rejected(self) -> None:
        try:
            check_rejected(self._folder)
        except CorruptLedger as error:
            self._move(error, "run the CSV again, which writes a new one")

    def _runs(self) -> None:
        """Lines of runs.jsonl stand for themselves: the bad ones go, wherever they are."""
        path = self._folder.runs
        sound, bad = sound_lines(self._folder)
        if not bad:
            return
        aside = self._aside(path)
        _append_all(aside, bad)
        with atomic_file(path) as handle:
            handle.writelines(sound)
        self._actions.append(f"{path.name}: lines that cannot be read: {len(bad)}, moved to {aside.name}.")

    def _unexplained(self) -> History:
        """Take back pending commits that have lost their line in pending_rows.csv."""
        history = read_history(self._folder)
        lines = frozenset(history.unexplained.values())
        if not lines:
            return history
        path = self._folder.results
        aside = self._aside(path)
        _append_all(aside, (line.raw for line in read_lines(path) if line.number in lines))
        with atomic_file(path) as handle:
            handle.writelines(line.raw for line in read_lines(path) if line.number not in lines)
        self._actions.append(
            f"{path.name}: {len(lines)} pending commits without their line in {self._folder.pending.name} "
            f"moved to {aside.name}."
        )
        return read_history(self._folder)

    def _checkpoint(self, manifest: Manifest | None, history: History) -> None:
        path = self._folder.checkpoint
        try:
            checkpoint = read_document(path, Checkpoint)
        except CorruptLedger as error:
            bad: CorruptLedger | None = error
        else:
            foreign = why_foreign(checkpoint, manifest) if checkpoint and manifest else ""
            ahead = why_ahead(checkpoint, history.states, history.commits) if checkpoint else ""
            why = foreign or (ahead and f"ahead of the ledger: {ahead}")
            bad = CorruptLedger(path, 1, why) if why else None
        if bad is None:
            return
        self._move(bad, "rebuilt from the ledger" if manifest else "the next run makes a new one")
        if manifest is not None:
            self._rebuild_checkpoint(manifest, history)

    def _rebuild_checkpoint(self, manifest: Manifest, history: History) -> None:
        """From the last commit; the watermark starts at 0, for the ledger doesn't know the execution order."""
        row, state = "", None
        if self._folder.results.exists():
            for _record, row, state in read_results(self._folder.results):  # noqa: B007 - the last one is wanted
                pass
        now = self._clock.timestamp()
        rebuilt = Checkpoint(
            pipeline_version=manifest.pipeline_version,
            input_hash=manifest.input_hash,
            phase=state.phase if state else None,
            last_completed_row_id=plain(row),
            dagster_run_id=state.run_id if state else "",
            started_at=now,
            updated_at=now,
            generation=manifest.generation,
            commits=history.commits,
        )
        write_atomically(self._folder.checkpoint, rebuilt.model_dump_json(indent=2).encode() + b"\n")

    def _aside(self, path: Path) -> Path:
        return path.with_name(f"{path.name}.set_aside-{self._stamp}")

    def _move(self, error: CorruptLedger, then: str) -> None:
        """Set the whole file aside."""
        aside = self._aside(error.path)
        try:
            error.path.rename(aside)
            sync_folder(aside.parent)
        except OSError as failure:
            raise OutputNotWritable(error.path, failure.strerror or str(failure)) from failure
        self._actions.append(f"{error.path.name}: line {error.line}: {error.why}; moved to {aside.name}; {then}.")


def _append_all(aside: Path, chunks: Iterable[bytes]) -> None:
    kept = AppendFile(aside)
    try:
        for chunk in chunks:
            kept.append(chunk)
    finally:
        kept.close()


def _move_tail(path: Path, offset: int, aside: Path) -> None:
    """Copy what follows `offset` to `aside`, durably, and only then cut it off."""
    with path.open("rb") as handle:
        handle.seek(offset)
        _append_all(aside, iter(lambda: handle.read(_CHUNK_BYTES), b""))
    cut = AppendFile(path)
    try:
        cut.take_back(offset)
        cut.sync()
    finally:
        cut.close()
