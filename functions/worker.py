"""SQS in, one bell per record; what failed is reported record by record and comes again."""

import functions.start  # noqa: F401 - see there

import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import wiring
from functions.host import ServerlessHost
from functions.metering import A_MILLISECOND, meter
from functions.settings import on_lambda
from functions.telemetry import begin, logger
from kernel.errors import EngineError
from kernel.model.bell import Bell, BellKind
from kernel.model.bell_wire import decode
from kernel.ports.job_transport import Delivery
from kernel.procedures.execute_job import JobOutcome

# Kept back from the time of every job, for settling it and for ringing on.
SETTLING: Final = timedelta(seconds=10)
# From when SQS counts.
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_Record: TypeAlias = Mapping[str, Any]


# Powertools has this loop as well, and to import it takes a tenth of a start.
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    begin(context)
    host = ServerlessHost(wiring.kernel(), worker_id=context.log_stream_name)
    failed: list[str] = []
    records: list[_Record] = event.get("Records", [])
    with meter.sending():
        for nth, record in enumerate(records):
            share = _time_left(context) / (len(records) - nth)
            try:
                _answer(host, record, share)
            except Exception:  # noqa: BLE001 - it is in the log, and must not hold up others
                failed.append(record["messageId"])
        meter.count({"BellsGivenBack": len(failed)})
    if host.tainted:
        _give_up(record for record in records if record["messageId"] not in failed)
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}


def _time_left(context: LambdaContext) -> timedelta:
    return timedelta(milliseconds=context.get_remaining_time_in_millis()) - SETTLING


def _answer(host: ServerlessHost, record: _Record, time_left: timedelta) -> None:
    """Answer the bell in *record*; raise to have it come again."""
    try:
        bell = decode(record["body"])
        began = _now()
        outcome = host.handle_job(bell, time_left).outcome
        _measure(record, bell, outcome, began)
    except EngineError as error:
        facts = {"message_id": record["messageId"], "code": error.code, "context": error.context}
        logger.error(error.message, extra=facts)
        raise
    except Exception as error:
        logger.exception(repr(error), extra={"message_id": record["messageId"]})
        raise


def _measure(record: _Record, bell: Bell, outcome: JobOutcome, began: datetime) -> None:
    """Note how long the bell waited and its stage took; one rung in vain tells neither."""
    if outcome is JobOutcome.DISCARDED:
        meter.count({"BellsDiscarded": 1})
        return
    with suppress(Exception):
        sent_at = EPOCH + int(record["attributes"]["SentTimestamp"]) * A_MILLISECOND
        meter.measure("BellWait", began - max(sent_at, bell.not_before or sent_at))
        if bell.kind is BellKind.EXECUTE:
            meter.measure("StageDuration", _now() - began)


def _now() -> datetime:
    return wiring.ports().clock.now()


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
