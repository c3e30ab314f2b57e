"""A compose file played without a container engine: each service's own command, environment, secrets and health check.

What an engine would give is put in its place: addresses and ports of this machine, folders below one base, the image's
files from the checkout, a database of a real server.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "webex_provision" / "deploy"
HEALTHY_SECONDS = 240
STOP_SECONDS = 30
_VARIABLE = re.compile(r"\$\{([A-Z_]+):-([^}]*)\}")
_IMAGE_FILES = "/opt/dagster"


def compose() -> dict[str, Any]:
    """The compose file, its anchors resolved."""
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def image_environment() -> dict[str, str]:
    """What the last stage of the Containerfile sets."""
    last = (DEPLOY / "Containerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    return dict(re.findall(r"^(?:ENV|   ) ([A-Z_]+)=(\S+)", last, re.MULTILINE))


class PlainProcesses:
    """The services of the compose file; `database` is a URL with user and password, `secrets` stand in files."""

    def __init__(self, base: Path, database: str, secrets: Mapping[str, str], given: Mapping[str, str]) -> None:
        self.base, self.ports = base, {port: free_port() for port in ("3000", "4000", "8080")}
        self.services = {name: service for name, service in compose()["services"].items() if "command" in service}
        self._given = given
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        user, _, rest = database.removeprefix("postgresql://").partition(":")
        password, _, place = rest.partition("@")
        self._in_place = {
            "postgresql://provision@postgres:5432/provision": f"postgresql://{user}@{place}",
            f"{_IMAGE_FILES}/sample.csv": str(ROOT / "data" / "sample.csv"),
            _IMAGE_FILES: str(base / "image"),
            "/tmp/dagster": str(base / "scratch"),  # noqa: S108 - of the container
            "/output": str(base / "output"),
            "/inbox": str(base / "inbox"),
            "code-server": "127.0.0.1",
            "0.0.0.0": "127.0.0.1",  # noqa: S104 - what is replaced
            **{port: str(mine) for port, mine in self.ports.items()},
        }
        for folder in ("output", "inbox", "secrets", "bin", "logs"):
            (base / folder).mkdir()
        # An engine mounts into a container the secrets that its service lists, and no others.
        for name, service in self.services.items():
            (base / "secrets" / name).mkdir()
            for secret in service["secrets"]:
                value = {"PGPASSWORD": password, **secrets}[secret]
                (base / "secrets" / name / secret).write_text(value + "\n", encoding="utf-8")
        # Where the project is not installed, its command is this.
        command = base / "bin" / "webex-provision"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m webex_provision.cli "$@"\n', encoding="utf-8")
        command.chmod(0o755)
        build = re.search(r"^RUN (.* sed .*)$", (DEPLOY / "Containerfile").read_text(encoding="utf-8"), re.MULTILINE)
        assert build is not None, "the image's DAGSTER_HOME is made by one RUN with sed"
        subprocess.run(["sh", "-c", self._placed(build[1])], cwd=ROOT, check=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._running.values():
            process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def start(self, *names: str) -> None:
        """Start services, each with its standard streams in a file of its own."""
        for name in names:
            with self.log(name).open("wb") as log:
                self._running[name] = subprocess.Popen(
                    ["sh", DEPLOY / "entrypoint.sh", *self.command(name)],
                    cwd=self.base / "output",
                    env=self.environment(name),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )

    def wait_until_healthy(self, *names: str) -> None:
        """Each service's own health check passes; fails with the service's words when it ends or takes too long."""
        until = time.monotonic() + HEALTHY_SECONDS
        for name in names:
            kind, *check = self.services[name]["healthcheck"]["test"]
            assert kind == "CMD"
            while self._checked(name, [self._placed(part) for part in check]) != 0:
                assert self._running[name].poll() is None, self.log(name).read_text()
                assert time.monotonic() < until, self.log(name).read_text()
                time.sleep(0.2)

    def log(self, name: str) -> Path:
        """What a service has printed."""
        return self.base / "logs" / f"{name}.log"

    def command(self, name: str) -> list[str]:
        """The service's command, with places of this machine."""
        return [self._placed(part) for part in self.services[name]["command"]]

    def environment(self, name: str) -> dict[str, str]:
        """The image's environment and the service's own, what was `given` in place of its defaults."""
        mine = {**image_environment(), **self.services[name]["environment"]}
        resolved = {key: _VARIABLE.sub(lambda found: found[2], value) for key, value in mine.items()}
        placed = {key: self._placed(value) for key, value in resolved.items()}
        path = f"{self.base / 'bin'}:{Path(sys.executable).parent}:/usr/bin:/bin"
        return placed | {
            "PATH": path,
            "PYTHONPATH": str(ROOT),
            "SECRETS_DIR": str(self.base / "secrets" / name),
            **self._given,
        }

    def _checked(self, name: str, check: list[str]) -> int:
        command = ["sh", DEPLOY / "entrypoint.sh", *check]
        ran = subprocess.run(command, env=self.environment(name), cwd=self.base, capture_output=True, check=False)
        return ran.returncode

    def _placed(self, text: str) -> str:
        for there, here in self._in_place.items():
            text = re.sub(rf"{re.escape(there)}(?![\w.])", here, text)
        return text
