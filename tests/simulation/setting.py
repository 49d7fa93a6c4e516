"""What is settled before a schedule begins."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Final

from kernel.model.json import Json
from kernel.model.policy import Policy
from tests.simulation.director import Fate
from tests.simulation.flows import Flow

RECORDS: Final = "records"
ITEMS: Final = "items"


@dataclass(frozen=True, kw_only=True)
class Cue:
    """An act, and after how many port calls somebody begins it."""

    step: int
    act: str


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Everything that is settled beforehand.

    Args:
        layout: Whether records lie as they are, or as the items of the cursor layout.
        turns: The run's config: what each stage does.
        reruns: From which stages the run may be rerun, each once.
        workers: How many bells are answered at once, at most.
        skew: How far the clock of a process may be off, either way, while things go wrong.
        starts_in: How long the run is to wait before it starts.
        lease: How long workers take leases for, and renew them; None for all the time there is.
        lasts: How long the body of a stage takes, by its id; no time for those left out.
        budget: What the run may spend on models.
        poisoned: The types of events that nobody outside takes until they were given up on.
    """

    layout: str = ITEMS
    flow: Flow
    turns: Mapping[str, Json]
    reruns: tuple[str, ...] = ()
    policy: Policy
    fate: Fate
    workers: int = 1
    visibility: timedelta = timedelta(minutes=15)
    skew: timedelta = timedelta()
    starts_in: timedelta | None = None
    lease: timedelta | None = None
    lasts: Mapping[str, timedelta] = field(default_factory=dict)
    budget: Decimal | None = None
    poisoned: tuple[str, ...] = ()
    cues: tuple[Cue, ...] = ()

    @property
    def remembers_index(self) -> bool:
        """Whether somebody may be told what the index `due` said earlier."""
        return "stale" in self.fate.rates
