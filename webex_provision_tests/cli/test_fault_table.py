"""The table of faults in the README is true: each row is played, told as promised, mended, and gone on from."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from webex_provision.assets.home import dagster_home
from webex_provision.sandbox import SandboxServer
from webex_provision_tests.cli.fault_cases import CASES
from webex_provision_tests.cli.fault_room import Room
from webex_provision_tests.cli.typed import TOKEN, Said

README = Path(__file__).parents[2] / "README.md"
_ROW = re.compile(r'^\| <a id="([a-z0-9-]+)"></a>(.+) \| (.+) \| (.+) \|$', re.MULTILINE)


class Promise(NamedTuple):
    """What a row of the table says: the exit code, the words that the tool must say, the commands to type."""

    code: int | None
    words: tuple[str, ...]
    commands: tuple[str, ...]
    again: bool


def _promises() -> dict[str, Promise]:
    section = README.read_text(encoding="utf-8").split("## When something goes wrong", 1)[1].split("\n## ", 1)[0]
    found = {}
    for slug, _, does, do in _ROW.findall(section):
        code = re.search(r"[Ee]xit (\d+)", does)
        quoted = tuple(re.findall(r"`([^`]+)`", do))
        commands = tuple(word for word in quoted if word.startswith("webex-provision"))
        found[slug] = Promise(
            int(code[1]) if code else None,
            tuple(word for word in quoted if word not in commands),
            commands,
            "the same command" in do,
        )
    rows = sum(line.startswith("| ") for line in section.splitlines()) - 2
    assert len(found) == rows, "a row of the table has no anchor, or shares one"
    return found


PROMISES = _promises()


Shared = tuple[SandboxServer, Mapping[str, Any], Path]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """One tenant with what it holds at first, and one history: to make either costs as much as a run."""
    with SandboxServer() as server:
        yield server, deepcopy(server.tenant.dump()), dagster_home(tmp_path_factory.mktemp("history"))


def test_every_row_of_the_table_is_played_and_nothing_else() -> None:
    assert set(CASES) == set(PROMISES)


@pytest.mark.parametrize("slug", sorted(set(CASES) & set(PROMISES)))
def test_the_fault_is_told_and_gone_on_from_as_the_readme_says(slug: str, shared: Shared, tmp_path: Path) -> None:
    promise, room = PROMISES[slug], Room(*shared, tmp_path)
    case = CASES[slug](room)
    said = next(case)
    _decent(said)
    assert promise.code in (None, said.code), said.all
    for word in promise.words:
        assert word in said.all, said.all
    again = room.typed
    next(case, None)
    for command in promise.commands:
        said = _gone_on(room, said, command)
    if promise.again:
        said = room.types(*again)
        _decent(said)
    if promise.commands or promise.again:
        assert said.code == 0, said.all
        assert set(room.states) == {"success"}
        assert len(room.creates) == len(set(room.creates))


def _gone_on(room: Room, said: Said, command: str) -> Said:
    """Types the command of the table as the tool has printed it; it must end well."""
    printed = re.findall(rf"{command} --[^`#\n]+|{command}[^`#\n]*", said.all)
    assert printed, said.all
    answered = room.goes_on(printed[0])
    _decent(answered)
    assert answered.code == 0, answered.all
    return answered


def _decent(said: Said) -> None:
    """No traceback, no word of the libraries below, no token."""
    assert "Traceback" not in said.all
    assert 'File "' not in said.all
    assert "sqlalche.me" not in said.all
    assert TOKEN not in said.all
