"""Places inside the process at which it kills itself, as a power button would: no handler runs, nothing is flushed.

A point is `<name>:<n>`: at the n-th time that the process comes to it.
"""

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

from webex_provision.ledger.files import AppendFile

VARIABLE = "KILL_POINT"

# name: (method, file, before or after the method's work)
POINTS: dict[str, tuple[str, str, str]] = {
    "pending line written, result not": ("append", "pending_rows.csv", "after"),
    "result written, checkpoint not": ("append", "results.csv", "after"),
    "before a result is written": ("append", "results.csv", "before"),
    "intent written, not durable": ("sync", "intents.jsonl", "before"),
    "intent durable, request not sent": ("sync", "intents.jsonl", "after"),
    "before the results are durable": ("sync", "results.csv", "before"),
    "before the checkpoint is replaced": ("replace", "checkpoint.json", "before"),
    "after the checkpoint is replaced": ("replace", "checkpoint.json", "after"),
    "before the manifest is replaced": ("replace", "manifest.json", "before"),
    "after the manifest is replaced": ("replace", "manifest.json", "after"),
    "before the ready rows stand": ("replace", "ready_to_load.csv", "before"),
    "before the view of errors stands": ("replace", "row_errors.csv", "before"),
    "before the summary stands": ("replace", "run_summary.json", "before"),
}


def install(point: str) -> None:
    """Make this process kill itself at `point`; an empty one changes nothing."""
    if point:
        name, _, count = point.rpartition(":")
        visited_at(name, _dying_at_the(int(count))).start()


def visited_at(name: str, visit: Callable[[], None]) -> Any:
    """A patch under which `visit` is called each time that the process comes to the point `name`."""
    method, file, when = POINTS[name]
    owner: type = Path if method == "replace" else AppendFile
    work = getattr(owner, method)

    def visited(self: Any, *arguments: Any) -> Any:
        target = arguments[0] if method == "replace" else self.path
        mine = Path(target).name == file
        if mine and when == "before":
            visit()
        result = work(self, *arguments)
        if mine and when == "after":
            visit()
        return result

    return patch.object(owner, method, visited)


def _dying_at_the(number: int) -> Callable[[], None]:
    visits: Iterator[int] = itertools.count(1)

    def die() -> None:
        if next(visits) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    return die
