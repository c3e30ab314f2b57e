"""The sandbox on a port of 127.0.0.1: in a thread for tests, in the foreground for an operator."""

import contextlib
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from types import TracebackType
from typing import Self

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from webex_provision.clock import Clock
from webex_provision.sandbox.app import PREFIX, Sandbox
from webex_provision.sandbox.config import SandboxConfig
from webex_provision.sandbox.connection import TRANSPORT
from webex_provision.sandbox.request_log import RequestLog
from webex_provision.sandbox.tenant import Tenant

HOST = "127.0.0.1"
START_SECONDS = 30
STOP_SECONDS = 15


class _Protocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it; hands the transport on, so that a connection can really be torn."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: self.transport}  # type: ignore[dict-item]


class _Server(uvicorn.Server):
    """Says when it is ready, and ends a stop signal with a clean exit instead of raising it again."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _listen(port: int) -> socket.socket:
    # The protocol is named because asyncio switches Nagle's delay off only for sockets that say they are TCP.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


def _server(sandbox: Sandbox) -> _Server:
    return _Server(
        uvicorn.Config(
            sandbox.app,
            http=_Protocol,
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="critical",
            access_log=False,
            backlog=512,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
        )
    )


class SandboxServer:
    """A served sandbox for the length of a `with` block.

    `base_url` ends with /v1; `tenant`, `log` and `sandbox` may be looked into from the test.
    """

    def __init__(
        self, config: SandboxConfig | None = None, *, tenant: Tenant | None = None, clock: Clock | None = None
    ) -> None:
        self.sandbox = Sandbox(config, tenant=tenant, clock=clock)
        self.base_url = ""
        self._server = _server(self.sandbox)
        self._thread: threading.Thread | None = None

    @property
    def tenant(self) -> Tenant:
        """The state behind it."""
        return self.sandbox.tenant

    @property
    def log(self) -> RequestLog:
        """What was asked of it."""
        return self.sandbox.log

    @property
    def control_url(self) -> str:
        """Where the control API stands."""
        return self.base_url.removesuffix(PREFIX) + "/sandbox"

    def __enter__(self) -> Self:
        listener = _listen(self.sandbox.config.port)
        self.base_url = f"http://{HOST}:{listener.getsockname()[1]}{PREFIX}"
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
        )
        self._thread.start()
        if not self._server.ready.wait(START_SECONDS):
            raise RuntimeError("the sandbox did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)


@contextlib.contextmanager
def _announced(server: _Server, url: str, told: Callable[[str], None]) -> Iterator[None]:
    """Print the URL on one line once the server answers; then whoever wants to know is told it."""

    def announce() -> None:
        if server.ready.wait(START_SECONDS):
            sys.stdout.write(f"{url}\n")
            sys.stdout.flush()
            told(url)

    thread = threading.Thread(target=announce, daemon=True)
    thread.start()
    yield
    thread.join(1)


def serve(config: SandboxConfig, told: Callable[[str], None] = lambda _: None) -> None:
    """Serve until SIGINT or SIGTERM; prints the base URL on one line when ready, and tells it to `told`.

    OSError when the port is taken, ValueError when the state file does not fit.
    """
    sandbox = Sandbox(config)
    listener = _listen(config.port)
    url = f"http://{HOST}:{listener.getsockname()[1]}{PREFIX}"
    server = _server(sandbox)
    with _announced(server, url, told):
        server.run(sockets=[listener])
