"""`webex-provision ui` on the embedded sandbox, as a process on a free port, ended with all that it has started."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webex_provision_tests.browser.window import PATIENCE

_TOP = Path(__file__).parents[2]
_SETTINGS_OF_THE_DESK = ("WEBEX_", "DAGSTER_", "LAUNCHPAD_", "INBOX_")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def ui_in(folder: Path, **settings: str) -> Iterator[str]:
    """The UI's address, once it answers; nothing is configured but `settings`."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS_OF_THE_DESK)}
    places = {"OUTPUT_DIR": str(folder / "output"), "WEBEX_PROVISION_STATE_DIR": str(folder / "state")}
    command = [sys.executable, "-m", "webex_provision.cli", "ui", "--port", str(port)]
    log = folder / "ui.log"
    with (
        log.open("wb") as told,
        subprocess.Popen(
            command,
            cwd=folder,
            env=kept | places | {"PYTHONPATH": str(_TOP)} | settings,
            stdout=told,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            _wait_until_it_answers(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_it_answers(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, f"the UI has ended: {log.read_text()}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=10):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the UI does not answer: {log.read_text()}")
