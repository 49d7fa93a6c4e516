"""A helper that asks a scripted model, outside of any run."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from adapters.ai.prices import NoPrices
from adapters.memory import MemoryCallLog, ScriptedModel, SeededEntropy, SkippingClock
from kernel.ai.asking import AIHelper
from kernel.ai.desk import Desk
from kernel.ai.keeping import Keeping
from kernel.ai.private import OwnPrices
from kernel.authoring import PrivateModel, Usd

MODEL = "scripted:one"
PRICED = PrivateModel(name=MODEL, input_price=Usd("2"), output_price=Usd("10"))


@dataclass
class Office:
    """*ai* with all that is around it."""

    model: ScriptedModel = field(default_factory=ScriptedModel)
    clock: SkippingClock = field(default_factory=SkippingClock)
    keeping: Keeping = field(default_factory=Keeping)
    lasts: timedelta | None = None

    def __post_init__(self) -> None:
        self.log = MemoryCallLog(self.clock)
        desk = Desk(
            models=self.model,
            prices=OwnPrices([PRICED], NoPrices()),
            ledger=self.log,
            clock=self.clock,
            entropy=SeededEntropy(1),
            deadline=self.clock.now() + self.lasts if self.lasts else None,
            keeping=self.keeping,
        )
        self.ai: Any = AIHelper("a.b", desk)
