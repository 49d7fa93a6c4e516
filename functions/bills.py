"""What clients get to see of money; it is text, since no JSON number is exact everywhere."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from kernel.model.call import Bill, ModelCall, Tally
from kernel.model.money import dollars
from kernel.queries.list_calls import CallsView
from kernel.queries.show_costs import CostsView


def bill_shown(bill: Bill) -> dict[str, Any]:
    return {
        "budget": _dollars(bill.limit),
        "committed": _dollars(bill.committed),
        "total": _tally(bill.total),
        "stages": _tallies(bill.stages),
    }


def calls_shown(run_id: str, found: CallsView) -> dict[str, Any]:
    return {"run_id": run_id, "calls": [_call(call) for call in found.calls], "more": found.more}


def costs_shown(costs: CostsView) -> dict[str, Any]:
    """Return the costs, and how they spread over runs, which says what another one may cost."""
    spent = sorted(tally.cost for tally in costs.runs.values())
    return {
        "topic": costs.topic,
        "total": _tally(costs.total),
        "months": _tallies(costs.months),
        "topics": _tallies(costs.topics),
        "runs": {"count": len(spent), **_spread(spent)},
    }


def _spread(spent: Sequence[int]) -> dict[str, str | None]:
    if not spent:
        return {"least": None, "mean": None, "most": None}
    mean = sum(spent) // len(spent)
    return {"least": _dollars(spent[0]), "mean": _dollars(mean), "most": _dollars(spent[-1])}


def _call(call: ModelCall) -> dict[str, Any]:
    error = call.error
    return {
        **{name: value for name, value in asdict(call).items() if name != "run_id"},
        "latency": None if call.latency is None else call.latency.total_seconds(),
        "reserved": _dollars(call.reserved),
        "cost": _dollars(call.cost),
        "input_price": _dollars(call.input_price),
        "output_price": _dollars(call.output_price),
        "error": error and {"code": error.code, "message": error.message},
    }


def _tallies(tallies: Mapping[str, Tally]) -> dict[str, Any]:
    return {name: _tally(tally) for name, tally in sorted(tallies.items())}


def _tally(tally: Tally) -> dict[str, Any]:
    return {**asdict(tally), "cost": _dollars(tally.cost), "held": _dollars(tally.held)}


def _dollars(amount: int | None) -> str | None:
    """Return the amount; None where nobody knows it, which is never 0."""
    return None if amount is None else f"{dollars(amount):f}"
