"""One life of a site, and what a kill would leave of it at every point: the files, the tenant, nothing else.

The life is played once. After each request that the tenant has carried out, and after each write to a file of the
folder, the folder and the tenant are kept; a point that differs in nothing from the one before it is passed over. A
site can then be put back to any of these points as often as is wanted, and go on from there as a new process would.
"""

import pickle
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from webex_provision.ledger.files import AppendFile
from webex_provision.sandbox import Sandbox, SandboxConfig
from webex_provision.sandbox.faults import Faults
from webex_provision.sandbox.request_log import RequestLog
from webex_provision.sandbox.tenant import Quirks, Tenant
from webex_provision_tests.in_process_site import InProcessSite
from webex_provision_tests.virtual_clock import VirtualClock

LAG = 9.0  # seconds that lists hide what is new; a little less than the client expects
LATENCY_MS = 40  # so that some checkpoints fall between two batches
_APPENDED = ("results.csv", "pending_rows.csv", "intents.jsonl")


@dataclass(frozen=True)
class Point:
    """What a kill leaves: the bytes of every file by its name, the tenant, the time, all requests until then.

    `durable` says how much of a file that grows has reached the disk: a power cut leaves no more of it.
    """

    moment: str
    files: dict[str, bytes]
    durable: dict[str, int]
    tenant: bytes
    elapsed: float
    requests: tuple[dict[str, Any], ...]

    def after_a_power_cut(self) -> "Point":
        """The same point, when not the process was killed but the machine lost its power."""
        cut = {name: content[: self.durable.get(name, len(content))] for name, content in self.files.items()}
        return replace(self, moment=f"{self.moment}, power cut", files=cut)


class _TellingLog(RequestLog):
    """Tells of each request once it was carried out, before it is answered."""

    def __init__(self, told: Callable[[str], None]) -> None:
        super().__init__(500_000)
        self.told = told

    def write(self, entry: dict[str, Any]) -> None:
        super().write(entry)
        self.told(f"request {entry['seq']}, {entry['method']} {entry['path']}")


class RecordedLife:
    """A site whose points are kept while `recording`; `restore` puts the site back to one of them."""

    def __init__(self, site: InProcessSite) -> None:
        self.site = site
        self.points: list[Point] = []
        self._durable: dict[str, int] = {}
        self._pickled: tuple[Tenant, int, bytes] | None = None
        self._recording = False
        self._move_in(site.sandbox.tenant, ())

    @contextmanager
    def recording(self) -> Iterator[list[Point]]:
        """The points of the block, in their order."""
        self.points, self._recording = [], True
        with ExitStack() as stack:
            stack.enter_context(patch.object(AppendFile, "append", self._after(AppendFile.append)))
            stack.enter_context(patch.object(AppendFile, "take_back", self._after(AppendFile.take_back)))
            stack.enter_context(patch.object(AppendFile, "sync", self._synced(AppendFile.sync)))
            stack.enter_context(patch.object(Path, "replace", self._replaced(Path.replace)))
            try:
                yield self.points
            finally:
                self._recording = False

    def restore(self, point: Point, clock: VirtualClock | None = None) -> None:
        """A new process will find the site as it was at this point; `clock` is that of its machine."""
        folder = self.site.folder
        for path in folder.iterdir() if folder.exists() else ():
            path.unlink()
        folder.mkdir(mode=0o700, exist_ok=True)
        for name, content in point.files.items():
            (folder / name).touch(mode=0o600)
            (folder / name).write_bytes(content)
        clock = self.site.clock = clock or VirtualClock()
        clock.elapsed = point.elapsed
        tenant: Tenant = pickle.loads(point.tenant)  # noqa: S301 - made here
        tenant.clock = clock
        self._durable = {}
        self._move_in(tenant, point.requests)

    def at_request(self, number: int, what: Callable[[], Any]) -> None:
        """Let something happen when so many requests were carried out from now on, counted from 1."""
        left = [number]

        def told(moment: str) -> None:
            left[0] -= 1
            if left[0] == 0:
                what()
            self._keep(moment)

        log = self.site.sandbox.log
        assert isinstance(log, _TellingLog)
        log.told = told

    def _move_in(self, tenant: Tenant, entries: tuple[dict[str, Any], ...]) -> None:
        config = SandboxConfig(latency_ms=LATENCY_MS, faults=Faults(quirks=Quirks(list_lag_seconds=LAG)))
        self.site.sandbox = Sandbox(config, tenant=tenant, clock=self.site.clock)
        log = self.site.sandbox.log = _TellingLog(self._keep)
        log.entries, log.seq = deque(entries), len(entries)

    # While recording

    def _after(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def told(file: AppendFile, *arguments: Any) -> Any:
            result = work(file, *arguments)
            self._keep(f"{work.__name__} {file.path.name}")
            return result

        return told

    def _synced(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def told(file: AppendFile) -> None:
            size = file.size
            work(file)
            self._durable[file.path.name] = size
            self._keep(f"sync {file.path.name}")

        return told

    def _replaced(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def told(temporary: Path, target: Path) -> Any:
            self._keep(f"before {target.name} is replaced")
            result = work(temporary, target)
            self._durable[target.name] = target.stat().st_size
            self._keep(f"after {target.name} is replaced")
            return result

        return told

    def _keep(self, moment: str) -> None:
        if not self._recording:
            return
        folder = self.site.folder
        point = Point(
            moment=moment,
            files={path.name: path.read_bytes() for path in sorted(folder.iterdir())} if folder.exists() else {},
            durable={name: size for name, size in self._durable.items() if name in _APPENDED},
            tenant=self._frozen_tenant(),
            elapsed=self.site.clock.elapsed,
            requests=tuple(self.site.sandbox.log.entries),
        )
        last = self.points[-1] if self.points else None
        if last is None or (last.files, last.durable, last.tenant) != (point.files, point.durable, point.tenant):
            self.points.append(point)

    def _frozen_tenant(self) -> bytes:
        tenant = self.site.sandbox.tenant
        if self._pickled is None or self._pickled[0] is not tenant or self._pickled[1] != tenant.changes:
            with patch.object(tenant, "clock", None):
                self._pickled = tenant, tenant.changes, pickle.dumps(tenant)
        return self._pickled[2]
