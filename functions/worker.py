"""SQS in, one bell per record; what failed is reported record by record and comes again."""

import functions.start  # noqa: F401 - see there

import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final, TypeAlias

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import wiring
from functions.host import ServerlessHost
from functions.settings import on_lambda
from functions.telemetry import begin, count, logger
from kernel.errors import EngineError
from kernel.model.bell_wire import decode
from kernel.ports.job_transport import Delivery

# Kept back from the time of every job, for settling it and for ringing on.
SETTLING: Final = timedelta(seconds=10)

_Record: TypeAlias = Mapping[str, Any]


# Powertools has this loop as well, and to import it takes a tenth of a start.
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin(context)
    host = ServerlessHost(wiring.kernel(), worker_id=context.log_stream_name)
    counts: Counter[str] = Counter()
    failed: list[str] = []
    records: list[_Record] = event.get("Records", [])
    for nth, record in enumerate(records):
        share = _time_left(context) / (len(records) - nth)
        try:
            counts[_answered(host, record, share)] += 1
        except Exception:  # noqa: BLE001 - it is in the log, and one bell must not hold up others
            failed.append(record["messageId"])
    counts["BellsGivenBack"] += len(failed)
    count(counts)
    if host.tainted:
        _give_up(record for record in records if record["messageId"] not in failed)
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def _time_left(context: LambdaContext) -> timedelta:
    return timedelta(milliseconds=context.get_remaining_time_in_millis()) - SETTLING


def _answered(host: ServerlessHost, record: _Record, time_left: timedelta) -> str:
    """Return by what name to count what became of it; raise to have it come again."""
    try:
        bell = decode(record["body"])
        result = host.handle_job(bell, time_left)
    except EngineError as error:
        facts = {"message_id": record["messageId"], "code": error.code, "context": error.context}
        logger.error(error.message, extra=facts)
        raise
    except Exception as error:
        logger.exception(repr(error), extra={"message_id": record["messageId"]})
        raise
    return f"{bell.kind.capitalize()}{result.outcome.capitalize()}"


def _give_up(done: Iterable[_Record]) -> None:
    """End this process, since a body that cannot be stopped may still be running in it.

    Lambda calls nobody between an answer and the next event, and whoever ended then would take
    somebody else's bell along. So the process ends before it answers: Lambda counts this
    invocation as failed and starts a new process for the next. The answer is lost with it: what
    is done is put away by hand, and the rest comes again by itself.
    """
    if not on_lambda():
        logger.warning("A body that cannot be stopped may still be running in this process.")
        return
    for record in done:
        delivery = Delivery(bell=decode(record["body"]), receipt=record["receiptHandle"])
        try:
            wiring.transport().acknowledge(delivery)
        except Exception as error:  # noqa: BLE001 - it comes again, and the process ends anyway
            logger.warning(repr(error))
    logger.error("This process ends: a body that cannot be stopped may still be running in it.")
    sys.stdout.flush()
    # Leaving in an orderly way would wait for the body's own threads, perhaps for ever.
    os._exit(1)


wiring.prepare(rings=True, publishes=True)
