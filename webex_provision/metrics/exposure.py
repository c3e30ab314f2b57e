"""Where the counts of a run can be read while it goes on: a port that Prometheus scrapes, a file for node_exporter.

Nobody's metrics may cost anybody a roll-out: a port that is taken and a folder that cannot be written are told, and the
run goes on without.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from webex_provision.config import Settings
from webex_provision.metrics.run_metrics import RunMetrics

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

_log = logging.getLogger(__name__)
FILE_SECONDS = 5.0  # a scrape of node_exporter is rarely quicker
_FOR_ALL_TO_READ = 0o644  # node_exporter is another user, and no figure is a secret
_JOIN_SECONDS = 30.0


@contextmanager
def metered(settings: Settings, roll_out: str, tell: Callable[[str], None]) -> Iterator[RunMetrics | None]:
    """The counts of a run, exposed while the block lasts as the settings say; None when they say nothing.

    `tell` hears, in a line for people, what cannot be exposed. The file keeps the last figures after the run.
    """
    if settings.metrics_port is None and settings.metrics_dir is None:
        yield None
        return
    from webex_provision.metrics.prometheus import RunCollector  # noqa: PLC0415 - only whoever wants it pays for it

    metrics = RunMetrics(roll_out)
    collector = RunCollector(metrics)
    with ExitStack() as exposed:
        if settings.metrics_port is not None:
            exposed.enter_context(_served(collector, settings.metrics_host, settings.metrics_port, tell))
        if settings.metrics_dir is not None:
            exposed.enter_context(_written(collector, settings.metrics_dir / f"{roll_out}.prom", tell))
        yield metrics


@contextmanager
def _served(collector: "Collector", host: str, port: int, tell: Callable[[str], None]) -> Iterator[None]:
    from prometheus_client import CollectorRegistry, start_http_server  # noqa: PLC0415

    registry = CollectorRegistry(support_collectors_without_names=True)  # it is asked what `?name[]=` wants
    registry.register(collector)
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        _cannot(
            tell, f"metrics cannot be served on {host}:{port} ({error.strerror or error}): choose another METRICS_PORT"
        )
        yield
        return
    _log.info("metrics_served", extra={"host": host, "port": port})
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(_JOIN_SECONDS)


@contextmanager
def _written(collector: "Collector", path: Path, tell: Callable[[str], None]) -> Iterator[None]:
    file = _MetricsFile(collector, path, tell)
    ended = threading.Event()
    thread = threading.Thread(target=file.keep_fresh, args=[ended], name="metrics file", daemon=True)
    file.write()
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_JOIN_SECONDS)
        file.write()


class _MetricsFile:
    """A file that always holds whole figures: each writing replaces it."""

    def __init__(self, collector: "Collector", path: Path, tell: Callable[[str], None]) -> None:
        self._collector, self._path, self._tell = collector, path, tell
        self._told = False

    def write(self) -> None:
        """The figures of now. What keeps them from being written is told once."""
        from prometheus_client import write_to_textfile  # noqa: PLC0415

        try:
            write_to_textfile(str(self._path), self._collector)
            self._path.chmod(_FOR_ALL_TO_READ)
        except OSError as error:
            if not self._told:
                self._told = True
                why = error.strerror or error
                _cannot(self._tell, f"metrics cannot be written to {self._path} ({why}): mend METRICS_DIR")

    def keep_fresh(self, ended: threading.Event) -> None:
        """Writes every FILE_SECONDS until the run has ended."""
        while not ended.wait(FILE_SECONDS):
            self.write()


def _cannot(tell: Callable[[str], None], what: str) -> None:
    _log.warning("metrics_not_exposed", extra={"cause": what})
    tell(f"{what}; the run goes on without.")
