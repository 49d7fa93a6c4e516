"""Ports: all that the kernel needs, tied together."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kernel.ports.blob_store import BlobStore
from kernel.ports.clock import Clock
from kernel.ports.entropy import Entropy
from kernel.ports.event_sink import EventSink
from kernel.ports.executor import Executor
from kernel.ports.job_transport import JobTransport
from kernel.ports.logbook import Logbook
from kernel.ports.meter import Meter
from kernel.ports.persistence import Persistence
from kernel.ports.registry import Registry
from kernel.ports.sandbox import Sandbox
from kernel.ports.scheduler import Scheduler

if TYPE_CHECKING:
    # Loaded by those who use it: it takes milliseconds of every start.
    from kernel.ports.batch_model import BatchModel
    from kernel.ports.language_model import LanguageModel
    from kernel.ports.price_book import PriceBook


@dataclass(frozen=True, kw_only=True)
class Ports:
    """One of each."""

    persistence: Persistence
    blobs: BlobStore
    transport: JobTransport
    sink: EventSink
    scheduler: Scheduler
    clock: Clock
    entropy: Entropy
    registry: Registry
    executor: Executor
    sandbox: Sandbox
    logbook: Logbook
    meter: Meter
    models: "LanguageModel"
    batches: "BatchModel"
    prices: "PriceBook"
