"""The day that the README describes is typed as it stands there, in a fresh checkout, and prints what it says.

Every `bash` block is played, in order, but for the commands of NOT_PLAYED; what it exports holds for those behind it.
The section about one's own tenant has a tenant of its own, and a shell of its own, which the Spanish guide shares.
"""

import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from webex_provision.webex.organisation import organisation_uuid
from webex_provision_tests.cli.typed import TOKEN
from webex_provision_tests.readme import ANYTHING, ROOT, Block, blocks

# A pattern of a command that is not typed here: why, and who plays it.
NOT_PLAYED = {
    r"python3 -m venv .*pytest": "is this very suite",
    r"webex-provision ui": "serves until Ctrl-C: cli/test_ui.py",
    r"export WEBEX_TOKENS=": "needs several administrators: webex/test_tokens.py, cli/test_doctor.py",
}
# Sections that need more than this machine has.
NOT_PLAYED_HERE = ("More than one machine",)
# What scale/test_wheel.py does is not done again: the command behind it is typed.
INSTALLS = "python3 -m venv .venv && .venv/bin/pip install -q -e . && .venv/bin/"
OWN_TENANT = ("On your own tenant", "Guía rápida para operadores")
WEBEX = "https://webexapis.com/v1"
PORT = "8765"
_SERVES = "webex-provision sandbox "

pytestmark = pytest.mark.timeout(900)


@dataclass
class Shell:
    """Bash in the checkout; what a block exports holds for the next one."""

    folder: Path
    variables: dict[str, str]

    def types(self, script: str) -> str:
        """What is printed; every command must end with 0."""
        kept = self.folder.parent / "exported"
        ran = subprocess.run(
            ["bash", "-euc", f'{script}\nenv -0 > "$0"', kept],
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        assert ran.returncode == 0, f"{script}\nended with {ran.returncode}:\n{ran.stdout}"
        self.variables = dict(entry.split("=", 1) for entry in kept.read_text().split("\0") if "=" in entry)
        return ran.stdout

    @contextmanager
    def serves(self, command: str) -> Iterator[str]:
        """A command that runs until Ctrl-C: the URL that it prints when it is ready."""
        words = ["bash", "-c", f"exec {command}"]
        with subprocess.Popen(
            words, cwd=self.folder, env=self.variables, text=True, stdout=-1, stderr=subprocess.STDOUT
        ) as process:
            assert process.stdout is not None
            told: list[str] = []
            try:
                for line in process.stdout:
                    told.append(line)
                    if line.startswith("http"):
                        break
                assert told, f"{command} ended before it served"
                assert told[-1].startswith("http"), f"{command} printed {told}"
                yield told[-1].strip()
            finally:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=60)


def _checkout(folder: Path) -> Path:
    """What a clone would hold."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def _variables(checkout: Path, scratch: Path) -> dict[str, str]:
    """Nothing of this machine but the programs: `webex-provision` is this checkout's, `dagster` this interpreter's."""
    programs = scratch / "bin"
    programs.mkdir()
    program = programs / "webex-provision"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m webex_provision.cli "$@"\n')
    program.chmod(0o700)
    return {
        "PATH": os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(scratch),
        "LANG": "C.UTF-8",
        "COLUMNS": "120",
        "PYTHONPATH": str(checkout),
        "WEBEX_PROVISION_STATE_DIR": str(scratch / "state"),
        "REQUESTS_PER_SECOND": "1000",  # a simulated tenant need not be spared
    }


def _free_port() -> str:
    """One that nobody listens on, below those that systems give out for connections."""
    for port in random.sample(range(20_000, 32_000), 50):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return str(port)
    raise AssertionError("no free port")


def _organisation(base_url: str) -> str:
    with httpx.Client(trust_env=False) as client:
        answer = client.get(f"{base_url}/people/me", headers={"Authorization": f"Bearer {TOKEN}"})
    found = organisation_uuid(answer.json()["orgId"])
    assert found
    return found


def _collapsed(line: str) -> str:
    return " ".join(line.split())


def assert_prints(promised: Iterable[str], printed: str) -> None:
    """Each promised line is printed as a whole, in this order; other lines may stand between."""
    lines = iter([_collapsed(line) for line in printed.splitlines()])
    for line in filter(None, map(_collapsed, promised)):
        pattern = ".*".join(re.escape(part) for part in line.split(ANYTHING))
        assert any(re.fullmatch(pattern, found) for found in lines), f"not printed, or not there: {line}\n{printed}"


def _played(block: Block, given: Mapping[str, str]) -> str:
    """What of a block is typed, with what the reader puts in the place of `…`."""
    lines = [line for line in block.commands if not any(re.match(pattern, line) for pattern in NOT_PLAYED)]
    lines = [line.removeprefix(INSTALLS) for line in lines]
    for number, line in enumerate(lines):
        named = re.fullmatch(rf"export (\w+)={ANYTHING}", line)
        if named and named[1] in given:
            lines[number] = f"export {named[1]}={given[named[1]]}"
        assert ANYTHING not in lines[number], f"nobody can type this: {line}"
    return "\n".join(lines)


def _blocks_as_typed() -> Iterator[Block]:
    """The `bash` blocks in their order, but for those that were typed before and promise nothing new."""
    typed: set[tuple[str, ...]] = set()
    for block in blocks():
        if block.language != "bash" or block.section in NOT_PLAYED_HERE:
            continue
        if block.prints or block.commands not in typed:
            typed.add(block.commands)
            yield block


def test_the_documented_day_prints_what_the_readme_says(tmp_path: Path) -> None:
    checkout = _checkout(tmp_path / "checkout")
    (csv,) = [block for block in blocks() if block.language == "csv"]
    (checkout / "site.csv").write_text("\n".join(csv.lines) + "\n", encoding="utf-8")
    fresh = _variables(checkout, tmp_path)
    first_hour, own = Shell(checkout, fresh), Shell(checkout, dict(fresh))
    port, told = _free_port(), ""
    with ExitStack() as serving:
        tenant = serving.enter_context(own.serves(f"{_SERVES}--seed-csv site.csv"))
        given = {"WEBEX_TOKEN": TOKEN, "WEBEX_ORG_ID": _organisation(tenant)}
        for block in _blocks_as_typed():
            if not (script := _played(block, given)):
                continue
            shell = own if block.section in OWN_TENANT else first_hour
            script = script.replace(WEBEX, tenant).replace(PORT, port)
            serves = script.startswith(_SERVES)
            printed = serving.enter_context(shell.serves(script)) if serves else shell.types(script)
            assert_prints((line.replace(WEBEX, tenant).replace(PORT, port) for line in block.prints), printed)
            told += printed
    assert TOKEN not in told
    assert "Traceback" not in told


def test_what_is_not_played_is_still_in_the_readme() -> None:
    typed = [command for block in blocks() if block.language == "bash" for command in block.commands]
    for pattern in NOT_PLAYED:
        assert any(re.match(pattern, command) for command in typed), pattern


def test_a_line_that_is_not_printed_or_comes_too_early_is_noticed() -> None:
    assert_prints(["a  1", "b …"], "x\n  a 1\ny\nb anything\n")
    for promised in (["a"], ["b …", "a 1"], ["c"]):
        with pytest.raises(AssertionError):
            assert_prints(promised, "a 1\nb 2\n")
