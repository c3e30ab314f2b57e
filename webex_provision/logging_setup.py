"""Sets up this program's logs: one JSON object (or one line of text) per record, without secrets, on one line.

Rooms log with `logging.getLogger("webex_provision.<room>")` and put their facts into `extra`, or with
`structlog.get_logger`; both come out alike. Only the logger `webex_provision` is touched: Dagster's own logging
and the root logger stay as they are, and nothing is handed up to them that has not been redacted.
"""

import json as json_library
import logging
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from io import TextIOWrapper
from pathlib import Path
from urllib.parse import quote, quote_plus

import structlog
from pydantic import SecretStr

ROOT = "webex_provision"
REDACTED = "***"
SHORTEST_SECRET = 4  # anything shorter would blot out ordinary words

# As JSON writes them, so that a rendered object stays one.
_LINE_BREAKS = {
    code: json_library.dumps(chr(code))[1:-1] if code < 32 else f"\\u{code:04x}"
    for code in (*range(32), *range(127, 160), 0x2028, 0x2029)
}

_WAYS_OF_WRITING: tuple[Callable[[str], str], ...] = (
    lambda text: json_library.dumps(text)[1:-1],
    lambda text: json_library.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: repr(text)[1:-1],
    lambda text: text.replace('"', '\\"'),
    lambda text: quote(text, safe=""),
    quote_plus,
)


class PrivateFileHandler(logging.FileHandler):
    """Appends to a file that only its owner can read (0600), also if it was there before with other rights."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.fchmod(descriptor, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")


class RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Renders a record, exception text included, then takes out every secret and every line break."""

    def __init__(self, secrets: Sequence[SecretStr], renderer: structlog.typing.Processor) -> None:
        super().__init__(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[*_shared_processors(), structlog.stdlib.ExtraAdder()],
        )
        self._spellings = _spellings(secret.get_secret_value() for secret in secrets)

    def format(self, record: logging.LogRecord) -> str:
        """One line without secrets."""
        line = super().format(record)
        for spelling in self._spellings:
            line = line.replace(spelling, REDACTED)
        return line.translate(_LINE_BREAKS)


def configure(
    level: str = "INFO", file: Path | None = None, *, json: bool = True, secrets: Sequence[SecretStr] = ()
) -> None:
    """Send this program's logs to `file` (appended, 0600, folder made), or to stderr where it is None.

    `secrets` never appear in a line, in any usual spelling. Calling it again replaces the earlier set-up.
    """
    shutdown()
    handler: logging.Handler
    if file is None:
        handler = logging.StreamHandler(sys.stderr)
    else:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = PrivateFileHandler(file)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.processors.LogfmtRenderer(
            key_order=["timestamp", "level", "logger", "event"], bool_as_flag=False
        )
    )
    handler.setFormatter(RedactingFormatter(secrets, renderer))
    root = logging.getLogger(ROOT)
    root.addHandler(handler)
    root.setLevel(level)
    root.propagate = False
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_processors(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def shutdown() -> None:
    """Take down what `configure` has set up and close its file."""
    root = logging.getLogger(ROOT)
    for handler in list(root.handlers):
        if isinstance(handler.formatter, RedactingFormatter):
            root.removeHandler(handler)
            handler.close()
    root.setLevel(logging.NOTSET)
    root.propagate = True
    structlog.reset_defaults()


def _shared_processors() -> list[structlog.typing.Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]


def _spellings(secrets: Iterable[str]) -> list[str]:
    """Each secret as it is and as a log line may write it, once or twice over (a list in a line); longest first."""
    found = {secret.strip() for secret in secrets if len(secret.strip()) >= SHORTEST_SECRET}
    for _ in range(2):
        found |= {write(spelling) for spelling in found for write in _WAYS_OF_WRITING}
    return sorted(found, key=len, reverse=True)
