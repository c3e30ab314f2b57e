"""Locks over several machines: advisory locks of the PostgreSQL that DAGSTER_POSTGRES_URL names.

All locks of a run belong to one session, and end with it: a killed process, or a machine that has lost its power, frees
them as soon as the server notices (keepalives of seconds). So does a session that dies while its process lives. How
that is noticed, and what may happen before it is:

* A thread asks the server every CHECK_SECONDS whether the session still holds all its locks. From LOST_SECONDS after
  the last question that was answered so, `lost` says why they count as lost, whether the server refuses, hangs or
  cannot be reached; nothing in here waits for it. A run asks `lost` before each of a row's calls and stops: a call
  that is under way then ends within STOP_GRACE_SECONDS or is abandoned, its intent on disk.
* Whoever finds a lock free that its last holder has not given back waits until that holder must have noticed and
  stopped (`Left.quits`), unless it was a process of this machine that is gone. So between loss and notice nobody else
  holds the lock and works; the holder's last calls and records fall into that time.

What remains is a process that is stopped as a whole for longer than that (a paused virtual machine): it notices before
its next call, but a request that it was just handing to the network may still leave. The service's own uniqueness and
the look-up before a create are what stands then.

Session locks need a session: no pooler that divides transactions may stand between (it is noticed as a loss).
"""

import hashlib
import logging
import os
import re
import secrets
import threading
import time
from concurrent.futures import Future
from importlib import import_module
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, NamedTuple, Self

from webex_provision.ledger.errors import LockServerFault
from webex_provision.ledger.machines import host_name

URL_VARIABLE = "DAGSTER_POSTGRES_URL"
CHECK_SECONDS = 2.0
ANSWER_SECONDS = 5
LOST_SECONDS = CHECK_SECONDS + ANSWER_SECONDS
_SLACK_SECONDS = 3.0  # for the last records of a run that has noticed
_POLL_SECONDS = 0.2
_TABLE = "webex_provision_locks"
_MAKE = """
    SELECT pg_advisory_xact_lock(%s);
    CREATE TABLE IF NOT EXISTS webex_provision_locks (
        name text, session text, alone boolean, pid integer, quits double precision, holder text,
        PRIMARY KEY (name, session)
    )
"""
# Names that an older server does not know are passed over.
_CONFIGURE = """
    SELECT set_config(name, wanted, false) FROM pg_settings JOIN (VALUES
        ('statement_timeout', %s), ('idle_session_timeout', '0'),
        ('tcp_keepalives_idle', '2'), ('tcp_keepalives_interval', '2'), ('tcp_keepalives_count', '3')
    ) AS chosen (name, wanted) USING (name)
"""
_TRY = {True: "SELECT pg_try_advisory_lock(%s)", False: "SELECT pg_try_advisory_lock_shared(%s)"}
_UNLOCK = {True: "SELECT pg_advisory_unlock(%s)", False: "SELECT pg_advisory_unlock_shared(%s)"}
_FORGET = "DELETE FROM webex_provision_locks WHERE name = %s AND (alone OR %s) RETURNING session, holder, quits"
_NOTE = "INSERT INTO webex_provision_locks VALUES (%s, %s, %s, pg_backend_pid(), %s, %s)"
_UNNOTE = "DELETE FROM webex_provision_locks WHERE name = %s AND session = %s"
_HELD = """
    SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() AND objsubid = 1
"""
_HOLDERS = """
    SELECT holder FROM webex_provision_locks JOIN pg_locks USING (pid)
    WHERE name = %s AND locktype = 'advisory' AND granted AND objsubid = 1 AND classid = %s AND objid = %s
"""
_log = logging.getLogger(__name__)


class Left(NamedTuple):
    """What a holder has left behind that did not give its lock back: its note, and how long it may still be at work."""

    session: str
    holder: str
    quits: float


class _Question(NamedTuple):
    statement: str
    values: tuple[Any, ...]
    answer: "Future[list[tuple[Any, ...]]]"


class LockServer:
    """One session with the lock server. A context manager; every method may be called from any thread.

    Opening and `take` raise LockServerFault. `stop_grace` is how long calls under way may take to end after a stop, in
    seconds.
    """

    def __init__(self, url: str, *, stop_grace: float = 0) -> None:
        self._session = secrets.token_hex(8)
        self._quits = LOST_SECONDS + stop_grace + _SLACK_SECONDS
        self._held: dict[str, bool] = {}
        self._met: set[str] = set()
        self._confirmed_at = time.monotonic()
        self._fault = ""
        self._connection = _connected(url)
        self._questions: SimpleQueue[_Question | None] = SimpleQueue()
        # A daemon, for nothing can end its wait for a server that hangs.
        self._thread = threading.Thread(target=self._serve, name="lock-server", daemon=True)
        self._thread.start()
        try:
            self._ask(_CONFIGURE, (f"{ANSWER_SECONDS}s",))
            self._ask(_MAKE, (_key(_TABLE),))
        except LockServerFault:
            self.close()
            raise

    @classmethod
    def configured(cls, *, stop_grace: float = 0) -> Self | None:
        """A session with the server that DAGSTER_POSTGRES_URL names; None: there is none."""
        url = os.environ.get(URL_VARIABLE, "").strip()
        return cls(url, stop_grace=stop_grace) if url else None

    def take(self, name: str, *, alone: bool, wait_seconds: float, holder: str) -> list[Left] | None:
        """Take the lock, waiting `wait_seconds` at most; None: others hold it. `holder` is told to them.

        Else what earlier holders have left, each session once: the caller waits until those that may still be at work
        have quit.
        """
        deadline = time.monotonic() + wait_seconds
        while not self._ask(_TRY[alone], (_key(name),))[0][0]:
            if time.monotonic() >= deadline:
                return None
            time.sleep(_POLL_SECONDS)
        self._held[name] = alone
        # Nobody holds it now who would exclude us: what such a one has left is of a session that has died.
        left = [Left(*row) for row in self._ask(_FORGET, (name, alone))]
        self._ask(_NOTE, (name, self._session, alone, self._quits, holder))
        fresh = [one for one in left if one.session not in self._met]
        self._met.update(one.session for one in left)
        return fresh

    def release(self, name: str) -> None:
        """Give the lock back; one that is lost, or that the server will not take, it frees when the session ends."""
        alone = self._held.pop(name, None)
        if alone is None or self.lost():
            return
        try:
            self._ask(_UNNOTE, (name, self._session))
            self._ask(_UNLOCK[alone], (_key(name),))
        except LockServerFault as error:
            _log.warning("lock_not_given_back", extra={"cause": error.why})

    def holders(self, name: str) -> list[str]:
        """What those who hold the lock just now have said of themselves."""
        high, low = divmod(_key(name) % 2**64, 2**32)
        return [row[0] for row in self._ask(_HOLDERS, (name, high, low))]

    def lost(self) -> str:
        """Why the locks of this session count as lost; empty while they are held. Asks nobody, waits for nothing."""
        silent = time.monotonic() - self._confirmed_at
        if not self._fault and silent > LOST_SECONDS:
            return f"it has not answered for {silent:.0f} s"
        return self._fault

    def close(self) -> None:
        """End the session, and with it every lock; one that hangs is left to the end of the process."""
        self._questions.put(None)
        self._thread.join(ANSWER_SECONDS)

    def _ask(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        question = _Question(statement, values, Future())
        self._questions.put(question)
        try:
            return question.answer.result(ANSWER_SECONDS)
        except TimeoutError:
            raise LockServerFault("it does not answer") from None

    def _serve(self) -> None:
        """Answers questions, and in between asks whether the locks are held, until the session ends."""
        check_at = time.monotonic() + CHECK_SECONDS
        while True:  # until `close`
            try:
                question = self._questions.get(timeout=max(0.0, check_at - time.monotonic()))
            except Empty:
                self._check()
                check_at = time.monotonic() + CHECK_SECONDS
                continue
            if question is None:
                break
            try:
                question.answer.set_result(self._executed(question.statement, question.values))
            except LockServerFault as error:
                question.answer.set_exception(error)
        self._connection.close()

    def _check(self) -> None:
        asked_at = time.monotonic()
        if self._fault:
            return
        try:
            held = self._executed(_HELD)[0][0]
        except LockServerFault as error:
            self._fault = error.why
        else:
            if held < len(self._held):
                self._fault = "it no longer knows this session's locks (is a pooler of transactions in between?)"
        if self._fault:
            _log.critical("locks_lost", extra={"cause": self._fault})
        else:
            self._confirmed_at = asked_at

    def _executed(self, statement: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(statement, values)
                return list(cursor.fetchall()) if cursor.description else []
        except self._connection.Error as error:
            raise LockServerFault(_why(error)) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _connected(url: str) -> Any:
    try:
        psycopg2 = import_module("psycopg2")
    except ImportError:
        raise LockServerFault("psycopg2 is not installed (pip install 'webex-provision[postgres]')") from None
    try:
        connection = psycopg2.connect(
            re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url),  # Dagster also takes postgresql+psycopg2
            application_name=f"webex-provision {host_name()}:{os.getpid()}"[:63],
            connect_timeout=ANSWER_SECONDS,
            tcp_user_timeout=ANSWER_SECONDS * 1_000,
            keepalives=1,
            keepalives_idle=2,
            keepalives_interval=2,
            keepalives_count=3,
        )
    except psycopg2.Error as error:
        if isinstance(error, psycopg2.OperationalError) and not str(error).startswith("invalid "):
            raise LockServerFault(_why(error)) from None
        # What it says of a URL repeats parts of it, and so perhaps of the password.
        raise LockServerFault("it is no URL such as postgresql://user:password@host:5432/database") from None
    connection.autocommit = True
    return connection


def _why(error: Exception) -> str:
    """The last words of its first line: what stands before them names a host, which a slip makes part of a password."""
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return first.rsplit(": ", 1)[-1].strip().rstrip(".")


def _key(name: str) -> int:
    """The 64 bits, with a sign, by which PostgreSQL knows a lock."""
    return int.from_bytes(hashlib.sha256(f"webex-provision {name}".encode()).digest()[:8], signed=True)
