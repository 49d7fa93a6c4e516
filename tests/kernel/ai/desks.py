"""A helper that asks a scripted model, outside of any run."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from adapters.memory import MemoryCallLog, ScriptedModel, SeededEntropy, SkippingClock
from adapters.memory.price_book import NoPrices
from kernel.ai.asking import AIHelper
from kernel.ai.desk import Desk
from kernel.ai.keeping import Keeping
from kernel.ai.private import OwnPrices
from kernel.authoring import ModelReply, PrivateModel, Text, Usage, Usd

MODEL = "scripted:one"
# Of a reply of 1,000 tokens in and 100 out, at $2 and $10 a million.
COST = Decimal("0.003")
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


def reply(*parts: Any, **more: Any) -> ModelReply:
    said = tuple(Text(text=part) if isinstance(part, str) else part for part in parts)
    return ModelReply(parts=said, usage=Usage(input=1_000, output=100), **more)
