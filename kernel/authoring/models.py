"""What `kernel.authoring` hands on for language models, loaded when somebody asks for it."""

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
    "AsyncAI",
    "AsyncTextStream",
    "BatchItem",
    "BatchProgress",
    "BatchResults",
    "CallStats",
    "Finish",
    "ItemFailed",
    "ItemSucceeded",
    "Media",
    "Message",
    "ModelReply",
    "ModelRequest",
    "ObjectResult",
    "PrivateModel",
    "Reasoning",
    "Text",
    "TextResult",
    "TextStream",
    "ToolCall",
    "Usage",
]
