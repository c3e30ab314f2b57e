"""Where Dagster keeps runs, events and schedules: SQLite beside us, or the PostgreSQL that DAGSTER_POSTGRES_URL names.

`dagster.yaml` names this class, because it cannot choose by itself. The URL holds a password: it is read here and
handed to the driver; Dagster's own records of its configuration, and every message, go without it.
"""

import os
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._config.config_schema import UserConfigSchema
from dagster._core.storage.base_storage import DagsterStorage
from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClass, ConfigurableClassData
from filelock import FileLock
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

from webex_provision.assets.home import CONFIG, POSTGRES_VARIABLE, StorageDown, UnusableStorage
from webex_provision.ledger.folder import FILE_MODE, make_private
from webex_provision.safe_text import printable

_EXAMPLE = "postgresql://user:password@host:5432/database"
# The driver that dagster-postgres brings. From 2.1 on, SQLAlchemy takes plain postgresql:// for another one.
_DRIVER = "postgresql+psycopg2"
_CONNECT_SECONDS = "10"  # of one attempt
_ATTEMPTS = 4
_OPEN_SECONDS = 60
_CAUSES = 10  # looked at, of an error


class ChosenStorage(DagsterStorage[dg.DagsterInstance], ConfigurableClass):
    """`storage: custom` of dagster.yaml. Never made itself: `from_config_value` makes one of Dagster's own."""

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """`base_dir`: the folder of SQLite's files."""
        return DagsterSqliteStorage.config_type()

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Any:
        """A DagsterPostgresStorage where POSTGRES_VARIABLE is set, else a DagsterSqliteStorage.

        Raises UnusableStorage: wrong variable or missing package (exit 2), the server refuses or is down (3).
        """
        chosen = os.environ.get(POSTGRES_VARIABLE, "").strip()
        if not chosen:
            return _sqlite(Path(config_value["base_dir"]), inst_data)
        return _postgres(_read(chosen), inst_data)


def refuse_other_storage(instance: dg.DagsterInstance, home: object) -> None:
    """Raises UnusableStorage where POSTGRES_VARIABLE is set and an older or own dagster.yaml keeps to SQLite."""
    if os.environ.get(POSTGRES_VARIABLE, "").strip() and isinstance(instance.run_storage, SqliteRunStorage):
        raise UnusableStorage(
            f"{POSTGRES_VARIABLE} is set, but {home}/{CONFIG} keeps the history in SQLite: move that file away (a new "
            f"one is written), or unset the variable."
        )


def storage_error_in(error: BaseException) -> Exception | None:
    """What a database, or the disk below it, has said, in an error or its causes; None for an error of another kind.

    An OSError or sqlite3.Error is of SQLite's files, an SQLAlchemyError of the server.
    """
    found: Exception | None = None
    cause: BaseException | None = error
    for _ in range(_CAUSES):
        if cause is None:
            break
        if isinstance(cause, sqlite3.Error | OSError | SQLAlchemyError):
            found = cause
        cause = cause.__cause__ or cause.__context__
    origin = getattr(found, "orig", None)
    return origin if isinstance(origin, sqlite3.Error) else found


def lost(error: Exception) -> StorageDown:
    """The server was there and no longer answers, in the middle of a run."""
    return StorageDown(
        f"the PostgreSQL database of {POSTGRES_VARIABLE} no longer answers: {_why(error)}. No row is lost: the ledger "
        f"is kept elsewhere. When the server is back: webex-provision resume"
    )


def _read(chosen: str) -> URL:
    """The URL, with a bound on how long connecting may take."""
    try:
        url = make_url(chosen)
    except (ArgumentError, ValueError):
        url = None
    # An @ or / of a password that is not encoded lands in the parts that messages show.
    shown = f"{url.host or ''}{url.database or ''}{url.username or ''}" if url is not None else "@"
    if url is None or url.drivername != "postgresql" or "@" in shown or not url.database:
        raise UnusableStorage(
            f"{POSTGRES_VARIABLE} is no URL of a PostgreSQL database: write it as {_EXAMPLE}, special characters of "
            f"the password percent-encoded (@ is %40). Its value is not shown, for it may hold a password."
        )
    bounded = {"connect_timeout": _CONNECT_SECONDS} if "connect_timeout" not in url.query else {}
    return url.set(drivername=_DRIVER).update_query_dict(bounded)


def _sqlite(folder: Path, inst_data: ConfigurableClassData | None) -> Any:
    """One process at a time: two that make its tables at once leave a history that nobody can read any more."""
    make_private(folder)
    with FileLock(folder / ".opening.lock", timeout=_OPEN_SECONDS, mode=FILE_MODE):
        return DagsterSqliteStorage.from_local(str(folder), inst_data)


def _postgres(url: URL, inst_data: ConfigurableClassData | None) -> Any:
    try:
        from dagster_postgres import DagsterPostgresStorage  # noqa: PLC0415 - an extra, not everybody has it
    except ImportError as error:
        raise UnusableStorage(
            f"{POSTGRES_VARIABLE} is set, but {error.name} is not installed: pip install 'webex-provision[postgres]'"
        ) from None
    where = f"{url.host or 'this machine'}:{url.port or 5432}/{url.database}"
    try:
        _connect(url)
        return DagsterPostgresStorage(url.render_as_string(hide_password=False), inst_data=inst_data)
    except SQLAlchemyError as error:
        raise StorageDown(
            f"the PostgreSQL database {where} of {POSTGRES_VARIABLE} cannot be used: {_why(error)}. Check that the "
            f"server runs and lets this user in, then run the same command again."
        ) from None


@retry(
    retry=retry_if_exception_type(OperationalError),
    stop=stop_after_attempt(_ATTEMPTS),
    wait=wait_exponential(multiplier=0.2),
    reraise=True,
)
def _connect(url: URL) -> None:
    """Dagster's own attempts to connect log each failure in several lines; these are silent. Raises SQLAlchemyError."""
    engine = create_engine(url)
    try:
        engine.connect().close()
    finally:
        engine.dispose()


def _why(error: Exception) -> str:
    """The driver's own words; they name user, host and database, never the password."""
    told = str(getattr(error, "orig", error)).splitlines() or [type(error).__name__]
    return printable(told[0]).rstrip(". :")
