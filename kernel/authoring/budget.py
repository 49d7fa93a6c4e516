"""What a run may spend on models, and what is to happen when that is spent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

from kernel.authoring.verdict import NO_TIME, TEN_YEARS
from kernel.model.money import fault_of


@dataclass(frozen=True)
class Budget:
    """What `workflow(budget=...)` takes.

    Args:
        limit: In US dollars, for all attempts of all generations together.
        then: What becomes of a stage whose call does not fit: it fails, and the run with it, or
            it is suspended and asks for a larger budget.
        max_wait: How long it waits for that; then it fails.
    """

    limit: Decimal
    then: Literal["fail", "ask"] = "fail"
    max_wait: timedelta = timedelta(days=7)


def amount_of(budget: Any) -> dict[str, Any]:
    """Return the fields of a workflow that *budget* stands for."""
    if not isinstance(budget, Budget):
        return {"budget": budget}
    return {"budget": budget.limit, "asks": budget.max_wait if budget.then == "ask" else None}


def problems_of_budget(budget: Any) -> Iterator[str]:
    """Yield what is wrong with *budget*, each as a clause of its own."""
    if budget is None:
        return
    limit = budget.limit if isinstance(budget, Budget) else budget
    if fault := fault_of(limit):
        yield f"its budget is none: {fault}"
    if not isinstance(budget, Budget):
        return
    if budget.then not in {"fail", "ask"}:
        yield f"its budget is none: then is 'fail' or 'ask', and not {budget.then!r}"
    wait: Any = budget.max_wait
    if not isinstance(wait, timedelta) or not NO_TIME < wait <= TEN_YEARS:
        yield f"its budget is none: max_wait is more than nothing, and not {wait!r}"
