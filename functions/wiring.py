"""Ports meet AWS adapters; the only place, but for the local stack."""

import threading
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final

from botocore.session import get_session

from adapters.ai.routing import OTHERS, LatePrices, RoutedBatches, RoutedModels
from adapters.aws.client import LeanSession
from adapters.aws.loader import OurLoader
from adapters.dynamodb.layout import GuardedItems
from adapters.dynamodb.persistence import DynamoPersistence
from adapters.dynamodb.table_items import TableItems
from adapters.eventbridge.event_sink import EventBridgeSink
from adapters.eventbridge.scheduler import EventBridgeScheduler
from adapters.s3.blob_store import S3BlobStore
from adapters.sqs.job_transport import SqsJobTransport
from adapters.system.clock import SystemClock
from adapters.system.entropy import RandomEntropy
from adapters.system.executor import LocalExecutor
from adapters.system.registry import ProcessRegistry
from adapters.system.sandbox import ProcessSandbox
from functions import start
from functions.discovery import discover
from functions.metering import meter
from functions.settings import Settings, on_lambda
from functions.telemetry import PowertoolsLogbook
from kernel.dispatch import Kernel
from kernel.engine import engine
from kernel.errors import UnavailableError, UnknownModelError
from kernel.model.policy import Policy
from kernel.ports.bundle import Ports
from kernel.ports.job_transport import JobTransport

if TYPE_CHECKING:
    # Loaded by those who use it: it takes milliseconds of every start.
    from kernel.ports.batch_model import BatchModel
    from kernel.ports.language_model import LanguageModel
    from kernel.ports.price_book import PriceBook

BATCHES: Final = "batches/"

_making = threading.Lock()


def kernel() -> Kernel:
    """Return this process's kernel; the first call makes it.

    Raises:
        SettingsError: The environment is not as it must be.
        DiscoveryError: The workflows cannot be loaded.
    """
    with _making:
        return _kernel()


def ports() -> Ports:
    return kernel().ports


def transport() -> JobTransport:
    return ports().transport


def prepare(*, rings: bool = False, publishes: bool = False) -> None:
    """Make the kernel while Lambda starts the process: that phase has a whole processor, and
    what is wrong with a deployment shows before a bell is taken. The way to the store is opened
    as well, by asking what time it is there: a table of another layout, or one that this
    function may not read, is wrong with the deployment too.

    Args:
        rings: Nearly every invocation rings, so that the way to the queues is opened, too.
        publishes: The same with events.
    """
    if on_lambda():
        ready = ports()
        for needed, port in ((rings, ready.transport), (publishes, ready.sink)):
            if needed and isinstance(port, SqsJobTransport | EventBridgeSink):
                port.make_client()
        with suppress(UnavailableError):
            # Whoever needs the time asks again.
            ready.clock.now()
    start.over(for_good=on_lambda())


def forget() -> None:
    """Make the kernel anew at the next call: the environment is another one."""
    with _making:
        _kernel.cache_clear()


def assemble(settings: Settings) -> Kernel:
    """Return a kernel over the resources that *settings* names. No AWS is called for it."""
    policy = Policy(
        published=settings.published_events,
        retention=settings.retention,
        callback_base=settings.api_url,
        keeps_prompts=settings.keep_prompts,
        redactions=settings.redactions,
    )
    return engine(_ports(settings), policy)


def _bedrock(region: str) -> "LanguageModel":
    # Loaded by who asks a model; no function's start pays for it.
    from boto3.session import Session

    from adapters.ai.bedrock import BedrockModels

    return BedrockModels(Session(region_name=region))


def _bedrock_batches(settings: Settings) -> "BatchModel":
    # Likewise.
    from boto3.session import Session

    from adapters.ai.bedrock_batch import BatchPlace, BedrockBatches

    place = BatchPlace(bucket=settings.bucket, prefix=BATCHES, role_arn=settings.batch_role_arn)
    return BedrockBatches(Session(region_name=settings.region), place)


def _others(settings: Settings) -> "LanguageModel":
    # Likewise; and it is an extra.
    from boto3.session import Session

    from adapters.ai.keys import ModelKeys

    try:
        from adapters.ai.pydantic_ai import PydanticModels
    except ImportError as error:
        message = f"Models beyond Bedrock's need the extra 'models' of headrace: {error}."
        raise UnknownModelError(message) from error
    session = Session(region_name=settings.region)
    return PydanticModels(ModelKeys(settings.model_keys, session=session))


def _prices() -> "PriceBook":
    # Likewise.
    from adapters.ai.prices import GenaiPrices

    return GenaiPrices()


@cache
def _kernel() -> Kernel:
    return assemble(Settings.from_environment())


def _ports(settings: Settings) -> Ports:
    # All clients load what they know of AWS through one session, also PynamoDB's.
    core = get_session()
    core.register_component("data_loader", OurLoader())
    session: Any = LeanSession(core, region=settings.region)
    clock, entropy, executor = SystemClock(), RandomEntropy(), LocalExecutor()
    items = GuardedItems(
        TableItems(
            table=settings.table,
            region=settings.region,
            clock=clock,
            entropy=entropy,
            listener=clock,
            session=core,
        ),
        table=settings.table,
    )
    # One question for both, once a process: how the table is laid out, and what time it is there.
    clock.consult_first(items.make_sure)
    return Ports(
        persistence=DynamoPersistence(items, due_shards=settings.due_shards),
        blobs=S3BlobStore(bucket=settings.bucket, session=session),
        transport=SqsJobTransport(
            queue_url=settings.queue_url,
            urgent_queue_url=settings.urgent_queue_url,
            queues=settings.queue_urls,
            session=session,
        ),
        sink=EventBridgeSink(bus=settings.bus, session=session),
        scheduler=EventBridgeScheduler(
            group=settings.schedule_group,
            role_arn=settings.scheduler_role_arn,
            queue_arn=settings.queue_arn,
            urgent_queue_arn=settings.urgent_queue_arn,
            queues=settings.queue_arns,
            session=session,
        ),
        clock=clock,
        entropy=entropy,
        registry=ProcessRegistry(discover(settings.workflows)),
        executor=executor,
        sandbox=ProcessSandbox(
            partial(discover, settings.workflows),
            package=settings.workflows,
            stopped=executor.stopped,
        ),
        logbook=PowertoolsLogbook(),
        meter=meter,
        models=RoutedModels(
            {
                "bedrock": partial(_bedrock, settings.region),
                # One for all of them, so that each key is read once.
                **dict.fromkeys(OTHERS, cache(partial(_others, settings))),
            }
        ),
        batches=RoutedBatches({"bedrock": partial(_bedrock_batches, settings)}),
        prices=LatePrices(_prices),
    )
