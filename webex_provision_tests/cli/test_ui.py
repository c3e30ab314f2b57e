"""The UI shows this history on the embedded sandbox, and leaves no process behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil

from webex_provision_tests.cli.typed import Terminal

TRIES = 240


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    for _ in range(TRIES):
        try:
            return httpx.get(url, trust_env=False, timeout=2).status_code == 200
        except httpx.HTTPError:
            time.sleep(0.25)
    return False


def test_the_ui_answers_and_ctrl_c_ends_every_process_that_it_started(tmp_path: Path) -> None:
    port = _free_port()
    command = [sys.executable, "-m", "webex_provision.cli", "ui", "--port", str(port)]
    variables = os.environ | {"OUTPUT_DIR": str(tmp_path / "out")}
    with subprocess.Popen(command, env=variables, text=True, stdout=-1, stderr=-1) as ui:
        try:
            assert _answers(f"http://127.0.0.1:{port}/server_info")
            started = psutil.Process(ui.pid).children(recursive=True)
            assert len(started) >= 3
        finally:
            ui.send_signal(signal.SIGINT)
            out, _ = ui.communicate(timeout=90)
    assert ui.returncode == 0
    assert f"http://127.0.0.1:{port} on the embedded sandbox" in out
    assert [child for child in started if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []


def test_a_port_that_is_taken_is_refused_at_once(terminal: Terminal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        said = terminal.types("ui", "--port", str(taken.getsockname()[1]))
    assert said.code == 2
    assert "is taken" in said.err
