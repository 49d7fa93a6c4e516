"""Something that happened, as it waits in the outbox of the record it was committed with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from kernel.model.json import Json


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event of one run.

    Args:
        id: Derived from what happened, so that a repeat is recognisable.
        type: The wire name, `workflow:created` and the like.
        sequence: Sorts the events of one run, as text.
        detail: What the type adds: an error, a duration in seconds, whether a retry follows.
        refusals: How often it was refused; counted with it wherever it waits, and never sent.
    """

    id: str
    type: str
    at: datetime
    run_id: str
    workflow_id: str
    generation: int
    sequence: str
    stage_id: str | None = None
    attempt: int | None = None
    detail: Mapping[str, Json] = field(default_factory=dict)
    refusals: int = 0
