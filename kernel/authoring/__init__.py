"""What workflow authors import."""

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

__all__ = [
    "Artifact",
    "Completed",
    "Failed",
    "Fatal",
    "NotReady",
    "Ready",
    "Retry",
    "RetryAfter",
    "Stage",
    "StageContext",
    "StageLog",
    "StageStorage",
    "Suspend",
    "Workflow",
    "WorkflowBuilder",
    "batch_stage",
    "stage",
    "workflow",
]
