"""`headrace cost`: what models cost a run, or all runs under a topic, or may cost another one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from functions.local.refusal import RefusalError
from functions.local.remote import RemoteApi
from functions.local.terminal import Terminal


@dataclass(frozen=True, kw_only=True)
class Order:
    """What to tell the costs of: exactly one of a run, a topic and a workflow to be run."""

    run_id: str | None = None
    topic: str | None = None
    estimate: str | None = None
    months: int = 1


def tell_costs(order: Order, terminal: Terminal, *, url: str | None) -> dict[str, Any]:
    """Ask for them and say them; return what the API answered.

    Raises:
        RefusalError: There is something wrong with the order, or no answer.
    """
    if sum(each is not None for each in (order.run_id, order.topic, order.estimate)) != 1:
        hint = "Give the id of a run, or --topic, or --estimate with the id of a workflow."
        raise RefusalError("Costs are told of one thing at a time.", hint=hint)
    api = RemoteApi(url)
    if order.run_id is not None:
        answer = api.get(f"/runs/{quote(order.run_id, safe='')}", promised=("run_id", "bill"))
        lines = _of_run(answer)
    else:
        topic = order.topic or f"workflow.{order.estimate}"
        query = urlencode({"topic": topic, "months": order.months})
        answer = api.get(f"/costs?{query}", promised=("total", "runs"))
        lines = _of_topic(answer) if order.estimate is None else _of_next(order.estimate, answer)
    for line in lines:
        terminal.say(line)
    return answer


def _of_run(run: Mapping[str, Any]) -> Iterator[str]:
    bill = run["bill"]
    if bill is None:
        yield f"Run {run['run_id']} has asked no models, and has no budget."
        return
    for stage, tally in bill["stages"].items():
        yield f"{stage}: {_told(tally)}"
    yield f"Run {run['run_id']}: {_told(bill['total'])}"
    if bill["budget"] is not None:
        left = Decimal(bill["budget"]) - Decimal(bill["committed"])
        yield f"Its budget is ${bill['budget']}, of which ${left:f} are left."


def _of_topic(costs: Mapping[str, Any]) -> Iterator[str]:
    for name, tally in (*costs["topics"].items(), *costs["months"].items()):
        yield f"{name}: {_told(tally)}"
    runs = _counted(costs["runs"]["count"], "run")
    yield f"All under {costs['topic']}, in {runs}: {_told(costs['total'])}"


def _of_next(workflow_id: str, costs: Mapping[str, Any]) -> Iterator[str]:
    """Yield what past runs say of another one: nothing else is known before it is run."""
    runs = costs["runs"]
    if not runs["count"]:
        yield f"No run of '{workflow_id}' has asked models in that time, so nobody can tell."
        return
    yield (
        f"A run of '{workflow_id}' cost ${runs['mean']} on average, ${runs['least']} at least and"
        f" ${runs['most']} at most, in {_counted(runs['count'], 'run')}."
    )
    if unpriced := costs["total"]["unpriced"]:
        yield f"{_counted(unpriced, 'call')} without a known price come on top."


def _told(tally: Mapping[str, Any]) -> str:
    tokens = tally["input_tokens"] + tally["output_tokens"]
    unknown = tally["unpriced"]
    more = f", {unknown} of them without a known price" if unknown else ""
    return f"${tally['cost']} for {_counted(tally['calls'], 'call')}{more}, {tokens:,} tokens."


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
