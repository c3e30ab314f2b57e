"""Sets up this program's logs: one JSON object (or one line of text) per record, without secrets, on one line.

Rooms log with `logging.getLogger("webex_provision.<room>")` and put their facts into `extra`, or with
`structlog.get_logger`; both come out alike. Only the logger `webex_provision` is touched: Dagster's own logging
and the root logger stay as they are, and nothing is handed up to them that has not been redacted. With LOG_FORMAT,
where a collector reads stderr, `collect_other_logs` makes the warnings of all others come out in that format, too.
"""

import json as json_library
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

import structlog
from pydantic import SecretStr

from webex_provision.config import LogFormat, log_format_of_environment, tokens_of_environment
from webex_provision.safe_text import spellings

ROOT = "webex_provision"
REDACTED = "***"

# As JSON writes them, so that a rendered object stays one.
_LINE_BREAKS = {
    code: json_library.dumps(chr(code))[1:-1] if code < 32 else f"\\u{code:04x}"
    for code in (*range(32), *range(127, 160), 0x2028, 0x2029)
}


class PrivateFileHandler(logging.FileHandler):
    """Appends to a file that only its owner can read (0600), also if it was there before with other rights.

    On a full disk it says so once, on stderr: the standard library would show each record there, secrets and all.
    """

    _has_failed = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """A record could not be written."""
        del record
        if not self._has_failed:
            self._has_failed = True
            why = sys.exc_info()[1]
            with suppress(OSError):
                sys.stderr.write(f"{self.baseFilename} cannot be written ({why}); the run goes on without its log.\n")

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        os.fchmod(descriptor, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace")

    def close(self) -> None:
        """Closed, also when what is still to be written no longer fits."""
        with suppress(OSError):
            super().close()


class RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Renders a record, exception text included, then takes out every secret and every line break.

    `facts` stand in every record that has none of the same name; `extra` reads what else a record carries.
    """

    def __init__(
        self,
        secrets: Sequence[SecretStr],
        log_format: LogFormat,
        facts: Mapping[str, str] | None = None,
        extra: structlog.typing.Processor | None = None,
    ) -> None:
        def with_facts(
            _logger: object, _method: str, event: structlog.typing.EventDict
        ) -> structlog.typing.ProcessorReturnValue:
            return {**(facts or {}), **event}

        super().__init__(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                with_facts,
                _renderer(log_format),
            ],
            foreign_pre_chain=[*_shared_processors(), extra or structlog.stdlib.ExtraAdder()],
        )
        self._spellings = spellings(secret.get_secret_value() for secret in secrets)

    def format(self, record: logging.LogRecord) -> str:
        """One line without secrets."""
        line = super().format(record)
        for spelling in self._spellings:
            line = line.replace(spelling, REDACTED)
        return line.translate(_LINE_BREAKS)


def configure(
    level: str = "INFO",
    file: Path | None = None,
    *,
    json: bool = True,
    secrets: Sequence[SecretStr] = (),
    stderr: LogFormat | None = None,
    facts: Mapping[str, str] | None = None,
) -> None:
    """Send this program's logs to `file` (appended, 0600, folder made), or to stderr where it is None.

    `secrets` never appear in a line, in any usual spelling; `facts` (roll-out, run) stand in every line. With `stderr`
    the records go there, too, in that format. Calling it again replaces the earlier set-up.
    """
    shutdown()
    root = logging.getLogger(ROOT)
    log_format = LogFormat.JSON if json else LogFormat.TEXT
    if file is None:
        _add(root, logging.StreamHandler(sys.stderr), RedactingFormatter(secrets, log_format, facts))
    else:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _add(root, PrivateFileHandler(file), RedactingFormatter(secrets, log_format, facts))
    if stderr is not None:
        _add(root, logging.StreamHandler(sys.stderr), RedactingFormatter(secrets, stderr, facts))
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


def collect_other_logs() -> bool:
    """With LOG_FORMAT, the warnings of every library and Python's own are from now on lines of that format on stderr.

    False where there is none. Once for a process; calling it again replaces the earlier set-up. What has handlers of
    its own (Dagster's daemon with `--log-format`) keeps them.
    """
    log_format = log_format_of_environment()
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler.formatter, RedactingFormatter):
            root.removeHandler(handler)
    logging.captureWarnings(log_format is not None)
    if log_format is None:
        return False
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.WARNING)
    _add(root, handler, RedactingFormatter(tokens_of_environment(), log_format))
    return True


def _add(logger: logging.Logger, handler: logging.Handler, formatter: RedactingFormatter) -> None:
    handler.setFormatter(formatter)
    logger.addHandler(handler)


def _renderer(log_format: LogFormat) -> structlog.typing.Processor:
    if log_format is LogFormat.JSON:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "logger", "event"], bool_as_flag=False)


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
