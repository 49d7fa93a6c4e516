"""What workflow authors import.

What has to do with language models is loaded when somebody asks for it: it takes some milliseconds
of the start of every function, and most workflows ask no model.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from kernel.authoring.builder import WorkflowBuilder, workflow
from kernel.authoring.context import StageContext, StageLog, StageStorage
from kernel.authoring.decorators import batch_stage, stage
from kernel.authoring.stage import Stage
from kernel.authoring.verdict import (
    Artifact,
    Completed,
    Failed,
    Fatal,
    NotReady,
    Ready,
    Retry,
    RetryAfter,
    Suspend,
)
from kernel.authoring.workflow import Workflow
from kernel.model.money import Usd

if TYPE_CHECKING:
    from kernel.authoring.ai import AI, AsyncAI, AsyncTextStream, TextStream
    from kernel.authoring.answers import CallStats, ObjectResult, TextResult
    from kernel.authoring.batches import (
        BatchItem,
        BatchProgress,
        BatchResults,
        ItemFailed,
        ItemSucceeded,
    )
    from kernel.authoring.private_model import PrivateModel
    from kernel.model.message import (
        Finish,
        Media,
        Message,
        ModelReply,
        ModelRequest,
        Reasoning,
        Text,
        ToolCall,
        Usage,
    )

__all__ = [
    "AI",
    "Artifact",
    "AsyncAI",
    "AsyncTextStream",
    "BatchItem",
    "BatchProgress",
    "BatchResults",
    "CallStats",
    "Completed",
    "Failed",
    "Fatal",
    "Finish",
    "ItemFailed",
    "ItemSucceeded",
    "Media",
    "Message",
    "ModelReply",
    "ModelRequest",
    "NotReady",
    "ObjectResult",
    "PrivateModel",
    "Ready",
    "Reasoning",
    "Retry",
    "RetryAfter",
    "Stage",
    "StageContext",
    "StageLog",
    "StageStorage",
    "Suspend",
    "Text",
    "TextResult",
    "TextStream",
    "ToolCall",
    "Usage",
    "Usd",
    "Workflow",
    "WorkflowBuilder",
    "batch_stage",
    "stage",
    "workflow",
]

_LATER: Final = {
    "kernel.authoring.ai": ("AI", "AsyncAI", "AsyncTextStream", "TextStream"),
    "kernel.authoring.answers": ("CallStats", "ObjectResult", "TextResult"),
    "kernel.authoring.batches": (
        *("BatchItem", "BatchProgress", "BatchResults", "ItemFailed", "ItemSucceeded"),
    ),
    "kernel.authoring.private_model": ("PrivateModel",),
    "kernel.model.message": (
        *("Finish", "Media", "Message", "ModelReply", "ModelRequest"),
        *("Reasoning", "Text", "ToolCall", "Usage"),
    ),
}


def __getattr__(name: str) -> Any:
    for module, names in _LATER.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
