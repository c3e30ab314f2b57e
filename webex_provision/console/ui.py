"""The UI: Dagster's webserver and daemon, a child in a session of its own, ended with all that it has started."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from webex_provision.assets.going_on import LAUNCHPAD_CSV
from webex_provision.config import LogFormat, log_format_of_environment
from webex_provision.console.embedded import embedded_sandbox, environment, sample_in, variables_for
from webex_provision.console.faults import read_settings
from webex_provision.console.history import choose_home
from webex_provision.console.roll_outs import base_folder
from webex_provision.console.screen import say
from webex_provision.vocabulary import ExitCode

HOST = "127.0.0.1"
STOP_SECONDS = 25
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_POLL_SECONDS = 0.2


def open_ui(port: int) -> ExitCode:
    """Serves the UI on `port` of 127.0.0.1 until Ctrl-C, on the embedded sandbox unless a tenant is configured."""
    if not _free(port):
        # What listens there would answer, with a history that is not this one.
        say(f"port {port} is taken on this machine; end what listens there, or choose another --port", error=True)
        return ExitCode.USAGE
    base = base_folder().absolute()
    with contextlib.ExitStack() as stack:
        if os.environ.get("WEBEX_BASE_URL") or os.environ.get("WEBEX_TOKEN"):
            where = read_settings().webex_base_url
        else:
            sample = sample_in(base)
            server = stack.enter_context(embedded_sandbox(sample))
            stack.enter_context(environment(variables_for(server)))
            # Launch Run, with nothing filled in, plays the sample.
            stack.enter_context(environment({LAUNCHPAD_CSV: str(sample.csv.absolute())}))
            where = "the embedded sandbox"
        stack.enter_context(environment({"OUTPUT_DIR": str(base)}))
        say(f"http://{HOST}:{port} on {where}; history in {choose_home()}. Ctrl-C ends it.")
        return ExitCode.OK if serve_ui(port) == 0 else ExitCode.UNEXPECTED


def _free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def serve_ui(port: int) -> int:
    """Serves until Ctrl-C or SIGTERM; returns the exit code of the child when it ends by itself, else 0.

    The environment of this process (DAGSTER_HOME, tenant, settings) is handed on.
    """
    quiet = ["-W", "ignore:Function `dev_command` is superseded"]  # `dg dev` needs a checkout with a pyproject.toml
    command = [sys.executable, *quiet, "-m", "dagster", "dev", "-m", "webex_provision.definitions"]
    command += ["--host", HOST, "--port", str(port), "--log-level", "warning"]
    if log_format_of_environment() is LogFormat.JSON:
        command += ["--log-format", "json"]
    with _stop_signals_interrupt(), subprocess.Popen(command, start_new_session=True) as child:  # noqa: S603 - our own interpreter
        try:
            return child.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            _end(child)


@contextlib.contextmanager
def _stop_signals_interrupt() -> Iterator[None]:
    """SIGTERM ends the UI as Ctrl-C does; and so does SIGINT where whoever started us had it ignored."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ends the child and everything in its session: asked first, then told, then made to. Takes a minute at most."""
    for number in _STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it behind
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            # Its process group is what the child has started; the child leads it.
            os.killpg(child.pid, number)
        if _gone(child, STOP_SECONDS if number != signal.SIGKILL else 1):
            return


def _gone(child: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether child and group are gone within so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        child.poll()
        try:
            os.killpg(child.pid, 0)
        except (ProcessLookupError, PermissionError):
            return True
        if _only_zombies(child.pid):
            return True
        time.sleep(_POLL_SECONDS)
    return False


def _only_zombies(group: int) -> bool:
    """Whether nobody in a process group runs any more: in a container, orphans may wait for ever to be reaped."""
    states = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            # The command's name, in parentheses, may hold anything; state, parent and group follow it.
            state, _parent, its_group = path.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group:
                states.add(state)
    return states == {"Z"}
