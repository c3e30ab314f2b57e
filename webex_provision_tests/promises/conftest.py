"""What lives that ended in a kill leave in this process."""

import logging


def _of_the_living(record: logging.LogRecord) -> bool:
    """A loop that was killed leaves tasks, perhaps until Python ends: they are not mourned on stderr."""
    return not record.getMessage().startswith("Task was destroyed but it is pending")


logging.getLogger("asyncio").addFilter(_of_the_living)
