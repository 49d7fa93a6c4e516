"""A bill of its own, for whoever asks models outside of a run."""

import threading
from dataclasses import replace
from decimal import Decimal
from itertools import count

from kernel.ai.ledger import Draft
from kernel.errors import BudgetExceededError, UnpricedModelError
from kernel.model.call import CallState, ModelCall, Tally
from kernel.model.money import dollars, nanos
from kernel.ports.clock import Clock


class MemoryCallLog:
    """Remembers every call in the order they were begun; keeps to *budget*, if there is one."""

    def __init__(self, clock: Clock, *, budget: Decimal | None = None) -> None:
        self._clock = clock
        self._limit = None if budget is None else nanos(budget)
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._calls: dict[str, ModelCall] = {}

    @property
    def calls(self) -> list[ModelCall]:
        with self._lock:
            return list(self._calls.values())

    def begin(self, draft: Draft) -> ModelCall:
        call = self.drafted(draft)
        with self._lock:
            if call.id in self._calls:
                return self._calls[call.id]
            self._refuse_beyond(draft)
            self._calls[call.id] = call
            return call

    def drafted(self, draft: Draft) -> ModelCall:
        return ModelCall(
            id=draft.id or f"call-{next(self._numbers):04}",
            run_id="none",
            workflow_id="none",
            stage_id="none",
            generation=0,
            attempt=1,
            topic=draft.topic,
            model=draft.model,
            kind=draft.kind,
            begun_at=self._clock.now(),
            requests=draft.requests,
            reserved=draft.reserve or 0,
            prompt=draft.prompt,
        )

    def settle(self, call: ModelCall) -> None:
        with self._lock:
            known = self._calls.get(call.id)
            if known is not None and known.state is CallState.BEGUN:
                self._calls[call.id] = call

    def record(self, call: ModelCall) -> None:
        with self._lock:
            self._calls.setdefault(call.id, replace(call))

    def tally(self, prefix: str = "") -> Tally:
        return sum((call.tally for call in self.calls if call.is_under(prefix)), start=Tally())

    def _refuse_beyond(self, draft: Draft) -> None:
        if self._limit is None:
            return
        if draft.reserve is None:
            message = f"There is a budget, and nobody knows what {draft.model!r} charges."
            raise UnpricedModelError(message, model=draft.model)
        gone = sum(call.tally.committed for call in self._calls.values())
        if gone + draft.reserve > self._limit:
            message = f"The budget of ${dollars(self._limit)} does not allow this call."
            raise BudgetExceededError(message, model=draft.model)
