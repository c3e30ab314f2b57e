"""Processes of their own: what is measured in one is nobody else's."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Spent:
    """What a process took from its start to its end: seconds, CPU seconds, most resident bytes; and its last line."""

    seconds: float
    cpu: float
    peak: int
    told: str


def python(base: Path, *arguments: str, **environment: str) -> Spent:
    """Runs this Python with `arguments`; its state is kept below `base`. Raises RuntimeError where it fails."""
    state = {"WEBEX_PROVISION_STATE_DIR": str(base / "state")}
    with (base / "output.txt").open("w+") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *arguments], env=os.environ | state | environment, stdout=output, stderr=subprocess.STDOUT
        )
        peak, status, used = _until_its_end(process.pid)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        lines = output.read().splitlines() or [""]
    if process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} failed: " + "\n".join(lines[-20:]))
    return Spent(seconds, used, peak, lines[-1])


def _until_its_end(pid: int) -> tuple[int, int, float]:
    """Peak, exit status and CPU seconds. What the system keeps of a child's memory begins with its parent's."""
    peak, found = 0, (0, 0, None)
    while found[0] == 0:
        with suppress(OSError):
            told = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
            peak = int(told[1]) * 1024 if told else peak
        time.sleep(_LOOK_SECONDS)
        found = os.wait4(pid, os.WNOHANG)
    return peak, found[1], found[2].ru_utime + found[2].ru_stime


@contextmanager
def sandbox(seed_csv: Path | None = None) -> Iterator[str]:
    """A simulated tenant without limits; its base URL."""
    seed = [] if seed_csv is None else ["--seed-csv", str(seed_csv)]
    command = [sys.executable, "-m", "webex_provision.sandbox", "--port", "0", *seed]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield next(word for word in process.stdout.readline().split() if word.startswith("http://"))
        finally:
            process.terminate()
