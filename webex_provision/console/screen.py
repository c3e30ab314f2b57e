"""Where words go: results to stdout, the rest to stderr. With `--json`, stdout carries one JSON document only."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

_PLAIN_WIDTH = 200  # without a terminal, lines are not folded to a guessed width


def stdout() -> Console:
    """Stdout as it is now; plain text unless it is a terminal."""
    return _console(stderr=False)


def stderr() -> Console:
    """Stderr as it is now; plain text unless it is a terminal."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, soft_wrap=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(stderr=stderr, highlight=False, soft_wrap=True, markup=False, emoji=False, width=_PLAIN_WIDTH)
    return console


def say(text: str, *, style: str = "", error: bool = False) -> None:
    """One line, never folded, so that a command in it can be copied."""
    console = stderr() if error else stdout()
    console.print(Text(text, style=style), soft_wrap=True)


def say_json(document: Mapping[str, Any]) -> None:
    """The one JSON document of a `--json` run."""
    stdout().file.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")
