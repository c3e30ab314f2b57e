"""A real PostgreSQL server for tests: the system's own binaries, a data folder of its own, gone with the fixture.

The server refuses to run as root, so root starts it as another user. Where no binaries are found tests are skipped;
with REQUIRE_SERVERS=1 they fail instead.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import psycopg2
import pytest

USER, PASSWORD = "provision", "invented-password"
INSTALLED = Path("/usr/lib/postgresql")
_UNPRIVILEGED = ("postgres", "nobody")
_START_SECONDS = 30
_PORTS_TRIED = 5


def binaries() -> Path | None:
    """The folder of the newest server that is installed; None: there is none."""
    found = sorted(INSTALLED.glob("*/bin/postgres"), key=lambda path: float(path.parent.parent.name))
    on_path = shutil.which("postgres")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _owner() -> str | None:
    """Who runs the server: nobody else than us, unless we are root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in _UNPRIVILEGED if name in known)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class PostgresServer:
    """A server on 127.0.0.1 with one superuser; `url` leads to its first database, `database` makes further ones.

    Unless `durable`, nothing waits for the disk: quick, for a server that no test cuts the power of.
    """

    def __init__(self, bin_folder: Path, *, durable: bool = False) -> None:
        self.binaries = self._bin = bin_folder
        self._hasty = {} if durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        self._user = _owner()
        # Not below pytest's own folders: these are closed to the user that runs the server.
        self._base = Path(tempfile.mkdtemp(prefix="webex-provision-postgres-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.log = self._base / "server.log"

    def __enter__(self) -> Self:
        try:
            password = self._base / "password"
            password.write_text(PASSWORD)
            if self._user is not None:
                for path in (self._base, password):
                    shutil.chown(path, self._user)
            command = ["initdb", "-D", "data", "-U", USER, "--pwfile=password", "--auth=scram-sha-256"]
            self._ran([*command, "--no-sync", "--encoding=UTF8", "--locale=C"])
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: Any) -> None:
        self.stop()
        shutil.rmtree(self._base, ignore_errors=True)

    @property
    def url(self) -> str:
        """Of the database `postgres`, with user and password."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def database(self, name: str) -> str:
        """Make an empty database; returns its URL."""
        self.sql(f'CREATE DATABASE "{name}"')
        return self.url_of(name)

    def sql(self, statement: str, *values: Any, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement as superuser, outside of any transaction; returns its rows."""
        connection = psycopg2.connect(self.url_of(database))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return list(cursor.fetchall()) if cursor.description else []
        finally:
            connection.close()

    def start(self) -> None:
        """Start it (again, on the same port) and wait until it serves."""
        for _ in range(_PORTS_TRIED):
            self.port = self.port or _free_port()
            if self._serves():
                return
            self.port = 0
        raise RuntimeError(f"PostgreSQL does not start: {self.log.read_text()}")

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """SIGQUIT: at once, as in a crash; SIGINT: as its administrator would. Stopping twice is fine."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_START_SECONDS)
            self._process = None

    def _serves(self) -> bool:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "shared_buffers": "16MB",
            "max_connections": "100",
            **self._hasty,
        }
        chosen = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._bin / "postgres", "-D", "data", *chosen],
                cwd=self._base,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self._user,
            )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                psycopg2.connect(self.url).close()
            except psycopg2.OperationalError:
                time.sleep(0.05)
            else:
                return True
        self.stop()
        return False

    def _ran(self, command: list[str]) -> None:
        done = subprocess.run(
            [self._bin / command[0], *command[1:]],
            cwd=self._base,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            user=self._user,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests of a session; a test that changes anything takes a `database` of its own."""
    found = binaries()
    if found is None:
        reason = f"no PostgreSQL server is installed (neither below {INSTALLED} nor on the PATH)"
        if os.environ.get("REQUIRE_SERVERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with PostgresServer(found) as server:
        yield server
