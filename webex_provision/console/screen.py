"""Where words go: results to stdout, the rest to stderr. With `--json`, stdout carries one JSON document only.

Words of a CSV or of a tenant are shown, never obeyed: no markup is read, no control character reaches the terminal.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from webex_provision.safe_text import printable

# JSON leaves them as they are, some terminals obey them: C1 controls, line ends beyond ASCII, marks of direction.
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
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


def harmless(text: str, style: str = "") -> Text:
    """A text of any origin for a line or a table."""
    return Text(printable(text), style=style)


def say(text: str, *, style: str = "", error: bool = False) -> None:
    """One line, never folded, so that a command in it can be copied."""
    console = stderr() if error else stdout()
    console.print(harmless(text, style), soft_wrap=True)


def say_json(document: Mapping[str, Any]) -> None:
    """The one JSON document of a `--json` run."""
    text = json.dumps(document, indent=2, ensure_ascii=False, default=str)
    stdout().file.write(_UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")
