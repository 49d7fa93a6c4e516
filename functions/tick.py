"""Cron in: one round of chores, within the time that this invocation has."""

import functions.start  # noqa: F401 - see there

from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import wiring
from functions.host import ServerlessHost
from functions.metering import meter, of_tick
from functions.telemetry import begin, logger
from kernel.errors import UnavailableError

# Kept back for the record that is in hand when the time is up.
FINISHING: Final = timedelta(seconds=10)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    begin(context)
    host = ServerlessHost(wiring.kernel(), worker_id=context.log_stream_name)
    remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
    with meter.sending():
        try:
            done = host.run_maintenance_tick(remaining - FINISHING)
        except UnavailableError as error:
            logger.error(error.message, extra={"code": error.code, "context": error.context})
            meter.count({"TickUnavailable": 1})
            return {}
        meter.count(of_tick(done))
    counts: dict[str, int] = asdict(done)
    logger.info("tick", extra=counts)
    return counts


wiring.prepare()
