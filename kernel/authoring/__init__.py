"""What workflow authors import.

What has to do with language models is loaded when somebody asks for it: it takes some milliseconds
of the start of every function, and most workflows ask no model.
"""

from typing import TYPE_CHECKING, Any

from kernel.authoring.budget import Budget
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
    from kernel.authoring.models import (
        AI,
        AsyncAI,
        AsyncTextStream,
        BatchItem,
        BatchProgress,
        BatchResults,
        CallStats,
        Finish,
        ItemFailed,
        ItemSucceeded,
        Media,
        Message,
        ModelReply,
        ModelRequest,
        ObjectResult,
        PrivateModel,
        Reasoning,
        Text,
        TextResult,
        TextStream,
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
    "Budget",
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


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kernel.authoring import models  # noqa: PLC0415

    return getattr(models, name)
