"""What people get to read: one logger, one logbook."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.settings import log_level, service
from kernel.model.json import Json
from kernel.ports.logbook import LogEntry

# Most lines come through the logbook, so the place in the code says nothing.
logger: Final = Logger(service=service(), level=log_level(), location=None)

# `logging` refuses fields with the names of its own; the other ones would be overwritten.
_TAKEN: Final = {
    *vars(logging.makeLogRecord({})),
    *("asctime", "level", "location", "message", "service", "timestamp"),
}


class PowertoolsLogbook:
    """Writes lines as JSON to standard output, where CloudWatch finds them."""

    def write(self, entry: LogEntry) -> None:
        write = getattr(logger, entry.level.lower())
        with suppress(Exception):
            write(entry.message, extra=_renamed(entry.fields))


def begin(context: LambdaContext) -> None:
    """Let every line that this thread writes from now on tell its invocation.

    Powertools' own decorator keeps one invocation for the whole process, and the local stack has
    several at a time.
    """
    logger.thread_safe_clear_keys()
    logger.thread_safe_append_keys(
        function_name=context.function_name, function_request_id=context.aws_request_id
    )


def _renamed(fields: Mapping[str, Json]) -> dict[str, Json]:
    return {f"{name}_" if name in _TAKEN else name: value for name, value in fields.items()}
