"""The described tenant on a port of 127.0.0.1, with the standard library's server; keeps what was asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

from webex_provision_tests.contract.described_tenant import DescribedTenant, Refused

FORM = "a form"


class Exchange(NamedTuple):
    """A request and its answer; `problems` is what the description has against either."""

    method: str
    url: str
    sent: Any
    status: int
    answered: Any
    problems: list[str]
    following: str | None


class DescribedServer:
    """Served for the length of a `with` block; `base_url` ends with /v1.

    `excused(method, url, problem)` says which deviations of a request are known to be accepted by the real service.
    """

    def __init__(self, tenant: DescribedTenant, excused: Any) -> None:
        self.tenant, self._excused = tenant, excused
        self.exchanges: list[Exchange] = []
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"served": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def exchange(self, method: str, url: str, sent: Any) -> Exchange:
        """One at a time: held against the description, answered, and the answer held against it too."""
        with self._lock:
            check = self.tenant.contract
            problems = [
                problem
                for problem in check.request(method, url, sent, strict=True)
                if not self._excused(method, url, problem)
            ]
            status, answered, following = self._answered(method, url, sent, problems)
            problems += [f"answer: {problem}" for problem in check.response(method, url, status, answered, strict=True)]
            self.exchanges.append(Exchange(method, url, sent, status, answered, problems, following))
            return self.exchanges[-1]

    def _answered(self, method: str, url: str, sent: Any, problems: list[str]) -> tuple[int, Any, str | None]:
        try:
            if not problems:
                return self.tenant.answer(method, url, sent)
            refused = Refused(400, "; ".join(problems))
        except Refused as refusal:
            refused = refusal
        return refused.status, {"message": str(refused), "errors": [], "trackingId": "DESCRIBED"}, None

    def form_refused(self, method: str, url: str) -> Exchange:
        """415 for a form: the description knows JSON only."""
        refusal = {"message": "unsupported media type", "errors": [], "trackingId": "DESCRIBED"}
        with self._lock:
            self.exchanges.append(Exchange(method, url, FORM, 415, refusal, [], None))
            return self.exchanges[-1]


class _Handler(BaseHTTPRequestHandler):
    """HTTP around `DescribedServer.exchange`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    served: DescribedServer

    def _answer(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "json" in self.headers.get("Content-Type", "json"):
            exchange = self.served.exchange(self.command, self.path, json.loads(raw) if raw else None)
        else:
            exchange = self.served.form_refused(self.command, self.path)
        content = b"" if exchange.answered is None else json.dumps(exchange.answered).encode()
        self.send_response(exchange.status)
        if content:
            self.send_header("Content-Type", "application/json")
        if exchange.following:
            self.send_header("Link", f'<http://{self.headers["Host"]}{exchange.following}>; rel="next"')
        if exchange.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the names that the server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parameter's name in the base class
        """Nothing on the screen."""
