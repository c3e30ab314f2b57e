"""What Dagster says of a run on stderr, as lines of LOG_FORMAT; without it Dagster's own coloured logger stays."""

import logging
import sys
from typing import Any

import dagster as dg
import structlog

from webex_provision.config import log_format_of_environment, tokens_of_environment
from webex_provision.logging_setup import RedactingFormatter

NAME = "console"
_META = "dagster_meta"  # where Dagster's records carry their facts


def loggers() -> dict[str, dg.LoggerDefinition]:
    """The logger `console` of this code location, in place of Dagster's; none without LOG_FORMAT."""
    return {} if log_format_of_environment() is None else {NAME: _console_logger()}


def launch_config() -> dict[str, Any]:
    """The part of a run's config that makes it use that logger: Dagster takes its own unless one is named."""
    return {} if log_format_of_environment() is None else {"loggers": {NAME: {}}}


def _console_logger() -> dg.LoggerDefinition:
    @dg.logger(
        config_schema={"log_level": dg.Field(str, is_required=False, default_value="INFO")},
        description="A record a line on stderr, as LOG_FORMAT says.",
    )
    def console(context: dg.InitLoggerContext) -> logging.Logger:
        log_format = log_format_of_environment()
        logger = logging.getLogger(f"dagster.{NAME}")
        logger.setLevel(context.logger_config["log_level"].upper())
        logger.propagate, logger.handlers = False, []
        if log_format is not None:
            handler = logging.StreamHandler(sys.stderr)
            handler.setFormatter(RedactingFormatter(tokens_of_environment(), log_format, extra=_with_run))
            logger.addHandler(handler)
        return logger

    return console


def _with_run(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.ProcessorReturnValue:
    """The run, step and kind of a record of Dagster, and its message without them."""
    meta = getattr(event.get("_record"), _META, None) or {}
    facts = {name: meta[name] for name in ("run_id", "job_name", "step_key") if meta.get(name)}
    kind = getattr(meta.get("dagster_event"), "event_type_value", None)
    return {**event, **facts, **({"kind": kind} if kind else {}), "event": meta.get("orig_message") or event["event"]}
