"""Where words go: results to stdout, the rest to stderr. With `--json`, stdout carries one JSON document only.

Words of a CSV or of a tenant are shown, never obeyed: no markup is read, no control character reaches the terminal.
"""

import codecs
import io
import json
import logging
import os
import re
import sys
import textwrap
import unicodedata
from collections.abc import Mapping
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from webex_provision.safe_text import printable

# JSON leaves them as they are, some terminals obey them: C1 controls, line ends beyond ASCII, marks of direction.
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_NEAREST = "webex_provision.nearest"
_PLAIN_WIDTH = 200  # without a terminal, lines are not folded to a guessed width


class _MayBeClosed(io.FileIO):
    """A pipe whose reader may go at any time (`| head`): what comes after that is dropped, and the command goes on."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return memoryview(data).nbytes


def fit_any_reader() -> None:
    """From now on, neither a reader that goes nor an encoding that lacks a letter is a fault of this process.

    A run whose output nobody reads any more goes on, and ends with its own exit code. A letter that the terminal's
    encoding lacks is shown by the nearest that it has.
    """
    codecs.register_error(_NEAREST, _nearest)
    sys.stdout, sys.stderr = _fitted(sys.stdout), _fitted(sys.stderr)


def _fitted(stream: TextIO) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    pipe = io.BufferedWriter(_MayBeClosed(stream.fileno(), "w", closefd=False))
    return io.TextIOWrapper(pipe, stream.encoding, _NEAREST, line_buffering=stream.line_buffering)


def _nearest(error: UnicodeError) -> tuple[str, int]:
    """A letter without its accent, an ellipsis as three dots; a question mark for what has no such form."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = unicodedata.normalize("NFKD", error.object[error.start : error.end])
    plain = "".join(sign if sign.isascii() else "?" for sign in lacking if not unicodedata.combining(sign))
    return plain, error.end


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
    """One line, never folded, so that a command in it can be copied. Where a collector reads stderr, a log record."""
    if error and _said_in_log(text, style):
        return
    console = stderr() if error else stdout()
    console.print(harmless(text, style), soft_wrap=True)


def say_folded(text: str, *, first: str = "", rest: str = "", style: str = "") -> None:
    """One text, folded at its spaces where the terminal is narrower: what has none stays whole, to be copied.

    Its lines begin with `first` and `rest`.
    """
    console = stdout()
    width = console.width if console.is_terminal else sys.maxsize
    for line in textwrap.wrap(
        printable(text),
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    ):
        say(line, style=style)


def _said_in_log(text: str, style: str) -> bool:
    """Whether LOG_FORMAT asked for log records on stderr and this is one now."""
    if not os.environ.get("LOG_FORMAT"):
        return False
    from webex_provision.logging_setup import collect_other_logs

    if not collect_other_logs():
        return False
    logging.getLogger(__name__).log(logging.WARNING if style == "yellow" else logging.ERROR, "%s", text)
    return True


def say_json(document: Mapping[str, Any]) -> None:
    """The one JSON document of a `--json` run."""
    whole = (sys.stdout.encoding or "").lower().startswith("utf")  # what a screen may simplify, a script must not get
    text = json.dumps(document, indent=2, ensure_ascii=not whole, default=str)
    stdout().file.write(_UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")
