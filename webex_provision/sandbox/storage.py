"""Keeping a tenant in a file: written whole, replaced atomically, not more often than it can afford."""

import asyncio
import contextlib
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from webex_provision.sandbox.answers import dumps
from webex_provision.sandbox.tenant import Tenant

SHORTEST_PAUSE_SECONDS = 0.5
PAUSE_PER_SAVE = 20  # saving takes at most a twentieth of the time


class TenantFile:
    """Loads a tenant from a file and saves it there when it has changed."""

    def __init__(self, path: Path | None, tenant: Tenant) -> None:
        self._path, self._tenant = path, tenant
        self._saved = -1
        self.pause = SHORTEST_PAUSE_SECONDS

    def load(self) -> bool:
        """Whether there was a state to take over."""
        if self._path is None or not self._path.exists():
            return False
        self._tenant.load(json.loads(self._path.read_bytes()))
        self._saved = self._tenant.changes
        return True

    def save(self) -> None:
        """Write the state if it has changed since it was written."""
        if self._path is None or self._saved == self._tenant.changes:
            return
        started = time.monotonic()
        changes = self._tenant.changes
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(dumps(self._tenant.dump()))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self._path)
        self._saved = changes
        self.pause = max(SHORTEST_PAUSE_SECONDS, PAUSE_PER_SAVE * (time.monotonic() - started))

    @contextlib.asynccontextmanager
    async def saving(self) -> AsyncIterator[None]:
        """Save in the background as long as the context lasts."""
        if self._path is None:
            yield
            return
        stop = asyncio.Event()
        task = asyncio.create_task(self._save_until(stop))
        try:
            yield
        finally:
            stop.set()
            await task

    async def _save_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self.pause)
            self.save()
