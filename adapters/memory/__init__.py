"""The test doubles: everything the engine needs, in one process."""

from adapters.memory.batch_model import Ending, ScriptedBatches
from adapters.memory.blob_store import MemoryBlobStore
from adapters.memory.call_log import MemoryCallLog
from adapters.memory.clock import FrozenClock, SkippingClock
from adapters.memory.entropy import SeededEntropy
from adapters.memory.event_sink import MemoryEventSink
from adapters.memory.executor import InlineExecutor
from adapters.memory.job_transport import MemoryJobTransport
from adapters.memory.language_model import ScriptedModel
from adapters.memory.logbook import MemoryLogbook
from adapters.memory.meter import MemoryMeter
from adapters.memory.persistence import MemoryPersistence
from adapters.memory.price_book import NoPrices
from adapters.memory.sandbox import InlineSandbox
from adapters.memory.scheduler import ForgetfulScheduler, MemoryScheduler, Ring
from adapters.system.registry import ProcessRegistry as MemoryRegistry

__all__ = [
    "Ending",
    "ForgetfulScheduler",
    "FrozenClock",
    "InlineExecutor",
    "InlineSandbox",
    "MemoryBlobStore",
    "MemoryCallLog",
    "MemoryEventSink",
    "MemoryJobTransport",
    "MemoryLogbook",
    "MemoryMeter",
    "MemoryPersistence",
    "MemoryRegistry",
    "MemoryScheduler",
    "NoPrices",
    "Ring",
    "ScriptedBatches",
    "ScriptedModel",
    "SeededEntropy",
    "SkippingClock",
]
