"""Faults as an operator meets them, by their anchor in the README: each is set, told by the tool, and mended.

A case yields what the tool has said; when it goes on, the cause is mended, and the command of the table must work.
"""

import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from webex_provision.actions.row import Row
from webex_provision.clock import Clock
from webex_provision.ledger.locks import FolderLock, TenantLock
from webex_provision.sandbox.seeding import add_location
from webex_provision_tests.cli.fault_room import ROWS, Room
from webex_provision_tests.cli.typed import Said
from webex_provision_tests.rehearsal import user

Case = Callable[[Room], Iterator[Said]]
CASES: dict[str, Case] = {}
_LIBC = ctypes.CDLL(None)
_DROP_FROM_BOUNDING_SET, _DAC_OVERRIDE, _DAC_READ_SEARCH = 24, 1, 2  # linux/prctl.h, linux/capability.h
DEAD_PORT = "http://127.0.0.1:1"


def fault(slug: str) -> Callable[[Case], Case]:
    def register(case: Case) -> Case:
        assert slug not in CASES
        CASES[slug] = case
        return case

    return register


# Before anything is sent


@fault("missing-setting")
def _(room: Room) -> Iterator[Said]:
    token = room.env.pop("WEBEX_TOKEN")
    yield room.starts()
    room.env["WEBEX_TOKEN"] = token


@fault("wrong-flag")
def _(room: Room) -> Iterator[Said]:
    yield room.starts("run", str(room.csv), "--fase", "2")


@fault("bad-header")
def _(room: Room) -> Iterator[Said]:
    good = room.csv.read_text()
    room.csv.write_text(good.replace("entity_type", "type", 1))
    yield room.starts()
    assert not room.folder.exists()
    assert room.starts("template", "--type", "location").out.startswith("entity_type,")
    room.typed = room.run
    room.csv.write_text(good)


@fault("not-utf8")
def _(room: Room) -> Iterator[Said]:
    good = room.csv.read_text()
    room.csv.write_bytes(good.replace("Sala 1", "Málaga").encode("latin-1"))
    said = room.types()
    assert "line 4" in said.err
    yield said
    room.csv.write_text(good)


@fault("too-many-rows")
def _(room: Room) -> Iterator[Said]:
    yield room.types(MAX_ROWS="2")


@fault("csv-changed")
def _(room: Room) -> Iterator[Said]:
    room.types()
    room.site(*ROWS, user("luis", "2102"))
    yield room.types()
    room.site(*ROWS)


# Between here and Webex


@fault("token-refused")
def _(room: Room) -> Iterator[Said]:
    room.faults(token_expires_after=0)
    yield room.starts()
    room.faults()


@fault("token-expired")
def _(room: Room) -> Iterator[Said]:
    room.faults({"first": 6, "status": 401})
    yield room.starts()
    room.faults()


@fault("wrong-organisation")
def _(room: Room) -> Iterator[Said]:
    yield room.types(WEBEX_ORG_ID="11111111-2222-3333-4444-555555555555")


@fault("no-network")
def _(room: Room) -> Iterator[Said]:
    unreachable = room.types(WEBEX_BASE_URL=DEAD_PORT, MAX_RETRIES="1")
    assert unreachable.code == 3
    yield room.types(WEBEX_BASE_URL="https://webex.invalid/v1", HTTPS_PROXY=DEAD_PORT, MAX_RETRIES="1")


@fault("tls-failure")
def _(room: Room) -> Iterator[Said]:
    yield room.types(WEBEX_BASE_URL=room.server.base_url.replace("http:", "https:"), MAX_RETRIES="1")


@fault("login-page")
def _(room: Room) -> Iterator[Said]:
    room.faults({"status": 200, "shape": "html", "message": "Sign in"})
    yield room.types()
    room.faults()


@fault("rate-limited")
def _(room: Room) -> Iterator[Said]:
    room.faults({"every": 3, "status": 429, "headers": {"Retry-After": "0.05"}})
    yield room.types()


@fault("long-retry-after")
def _(room: Room) -> Iterator[Said]:
    room.faults({"first": 5, "status": 429, "retry_after": 3600})
    yield room.types()
    room.faults()


@fault("outage")
def _(room: Room) -> Iterator[Said]:
    add_location(room.server.tenant, "HQ", calling=True)
    room.site(*ROWS[1:])
    room.faults({"first": 3, "status": 503})
    yield room.types(MAX_RETRIES="0", CALL_BREAKER_FAILURES="1", CALL_BREAKER_MAX_PROBES="1")
    room.faults()


@fault("list-lags")
def _(room: Room) -> Iterator[Said]:
    room.faults(quirks={"list_lag_seconds": 0.5})
    yield room.types(LIST_LAG_SECONDS="0.6")


# In the tenant


@fault("user-not-synced")
def _(room: Room) -> Iterator[Said]:
    room.site(*ROWS, user("eva", "2103"))
    yield room.types()
    room.people("eva")


@fault("licence-missing")
def _(room: Room) -> Iterator[Said]:
    room.server.tenant.set_license_units("Webex Calling - Professional", 0)
    yield room.types()
    room.server.tenant.set_license_units("Webex Calling - Professional", 10)


@fault("number-missing")
def _(room: Room) -> Iterator[Said]:
    room.site(*ROWS, user("luis", "2102", phone_number="+34910002102"))
    room.people("luis")
    yield room.types()
    (place,) = room.server.tenant.table("locations").rows
    room.server.tenant.lines.stock(place, ["+34910002102"])


@fault("variable-missing")
def _(room: Room) -> Iterator[Said]:
    trunk = {
        "entity_type": "trunk",
        "location_key": "HQ",
        "trunk_name": "TRUNK_HQ",
        "trunk_type": "REGISTERING",
        "trunk_password_env": "TRUNK_HQ_PASSWORD",
    }
    room.site(*ROWS, trunk)
    yield room.types()
    room.env["TRUNK_HQ_PASSWORD"] = "a-password-of-no-gateway"


@fault("row-fault")
def _(room: Room) -> Iterator[Said]:
    def broken(self: Row, name: str) -> str | None:
        if self.entity_type == "workspace":
            raise ZeroDivisionError("a fault of this program")
        return self.cells.get(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Row, "get", broken)
        said = room.types()
    assert "unhandled_exception" in said.out
    assert "ZeroDivisionError" in room.files.log.read_text()
    yield said


# In this process and on this machine


def _until_first_batch(room: Room, number: signal.Signals) -> Said:
    """A run that gets a signal while its second batch is at work."""
    room.faults({"path": "workspaces", "effect": "delay", "seconds": 0.5})
    command = [sys.executable, "-m", "webex_provision.cli", *room.run]
    with subprocess.Popen(command, env=os.environ | room.env, text=True, stdout=-1, stderr=-1) as run:
        assert run.stdout is not None
        first = run.stdout.readline() + run.stdout.readline()  # its phase, then its first batch
        run.send_signal(number)
        out, err = run.communicate(timeout=60)
    room.faults()
    return Said(run.returncode, first + out, err)


@fault("ctrl-c")
def _(room: Room) -> Iterator[Said]:
    yield _until_first_batch(room, signal.SIGINT)


@fault("killed")
def _(room: Room) -> Iterator[Said]:
    assert _until_first_batch(room, signal.SIGKILL).code == -signal.SIGKILL
    yield room.starts("status", "--output-dir", str(room.folder))


@fault("torn-line")
def _(room: Room) -> Iterator[Said]:
    room.types()
    room.files.results.write_bytes(room.files.results.read_bytes()[:-7])
    yield room.starts("resume", "--output-dir", str(room.folder))


@fault("corrupt-ledger")
def _(room: Room) -> Iterator[Said]:
    room.types()
    results = room.files.results
    results.write_bytes(results.read_bytes().replace(b",success,", b",sucess,", 1))
    yield room.starts("status", "--output-dir", str(room.folder))


@fault("checkpoint-deleted")
def _(room: Room) -> Iterator[Said]:
    room.types()
    room.files.checkpoint.unlink()
    yield room.starts("resume", "--output-dir", str(room.folder))
    assert room.files.checkpoint.exists()


@fault("ready-rows-deleted")
def _(room: Room) -> Iterator[Said]:
    room.types()
    room.files.ready.unlink()
    yield room.types("resume", "--output-dir", str(room.folder))


@fault("disk-full")
def _(room: Room) -> Iterator[Said]:
    command = [sys.executable, "-m", "webex_provision.cli", *room.run]
    room.typed = room.run
    del room.env["DAGSTER_HOME"]
    ran = subprocess.run(
        command,
        env=os.environ | room.env,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (110_000, 110_000)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    yield Said(ran.returncode, ran.stdout, ran.stderr)


def _bound_by_modes() -> None:
    """In a child: the modes of files hold for root, too."""
    for capability in (_DAC_OVERRIDE, _DAC_READ_SEARCH):
        _LIBC.prctl(_DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)


@fault("not-writable")
def _(room: Room) -> Iterator[Said]:
    room.folder.mkdir(mode=0o500)
    command = [sys.executable, "-m", "webex_provision.cli", *room.run]
    ran = subprocess.run(
        command,
        env=os.environ | room.env,
        preexec_fn=_bound_by_modes,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ran.returncode, list(room.folder.iterdir())) == (5, [])
    assert "permissions" in ran.stderr
    assert "Traceback" not in ran.stderr
    room.folder.rmdir()
    room.folder.write_text("a file stands here")
    yield room.starts()
    room.folder.unlink()


@fault("folder-locked")
def _(room: Room) -> Iterator[Said]:
    room.folder.mkdir()
    with FolderLock(room.files, clock=Clock(), command="webex-provision run", input_name="site.csv"):
        said = room.starts()
    assert f"process {os.getpid()}" in said.err
    yield said


@fault("tenant-locked")
def _(room: Room) -> Iterator[Said]:
    server = room.server
    with TenantLock(server.base_url, server.tenant.org_id, clock=Clock(), command="webex-provision run"):
        said = room.starts()
    assert f"process {os.getpid()}" in said.err
    yield said


@fault("history-missing")
def _(room: Room) -> Iterator[Said]:
    yield room.starts(DAGSTER_HOME=str(room.csv.parent / "nowhere"))


@fault("history-damaged")
def _(room: Room) -> Iterator[Said]:
    del room.env["DAGSTER_HOME"]
    home = Path("output/.dagster").absolute()
    (home / "history").mkdir(parents=True)
    (home / "history" / "runs.db").write_bytes(b"no database" * 1_000)
    (home / "runs.db").write_bytes(b"no database" * 1_000)
    said = room.starts()
    yield said
    command = next(part for part in said.err.split("`") if part.startswith("mv "))
    subprocess.run(["sh", "-c", command], check=True, timeout=10)


@fault("database-url")
def _(room: Room) -> Iterator[Said]:
    yield room.types(DAGSTER_POSTGRES_URL="postgresql://me:a-p@ssword@db/runs")


@fault("database-down")
def _(room: Room) -> Iterator[Said]:
    said = room.types(DAGSTER_POSTGRES_URL="postgresql://me:a-password@127.0.0.1:1/runs")
    assert "a-password" not in said.err
    yield said


@fault("port-taken")
def _(room: Room) -> Iterator[Said]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield room.starts("ui", "--port", str(taken.getsockname()[1]))
