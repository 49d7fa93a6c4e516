"""What workflow authors import."""

from kernel.authoring.ai import AI
from kernel.authoring.answers import CallStats, ObjectResult, TextResult
from kernel.authoring.batches import (
    BatchItem,
    BatchProgress,
    BatchResults,
    ItemFailed,
    ItemSucceeded,
)
from kernel.authoring.builder import WorkflowBuilder, workflow
from kernel.authoring.context import StageContext, StageLog, StageStorage
from kernel.authoring.decorators import batch_stage, stage
from kernel.authoring.private_model import PrivateModel
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
from kernel.model.money import Usd

__all__ = [
    "AI",
    "Artifact",
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
    "ToolCall",
    "Usage",
    "Usd",
    "Workflow",
    "WorkflowBuilder",
    "batch_stage",
    "stage",
    "workflow",
]
