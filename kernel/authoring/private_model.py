"""A model that a workflow brings along, or whose price only its authors know."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    # Loaded by those who use it: it takes milliseconds of every start.
    from kernel.model.message import ModelReply, ModelRequest

NAME_RULE: Final = "it is written '<provider>:<name>', such as 'offline:reviewer'"


@dataclass(frozen=True, kw_only=True)
class PrivateModel:
    """What `register_models` takes.

    Args:
        name: As stages ask for it: `<provider>:<name>`.
        answer: Takes a request, returns the answer; without it and *embed*, whoever serves
            *name* is asked, and only the prices are ours.
        embed: Takes texts, returns a vector for each.
        input_price: In US dollars, for a million tokens that go in; None where nobody knows.
        output_price: The same for what comes out.
    """

    name: str
    answer: "Callable[[ModelRequest], str | ModelReply] | None" = None
    embed: Callable[[Sequence[str]], Iterable[Sequence[float]]] | None = None
    input_price: Decimal | None = None
    output_price: Decimal | None = None


def problems_of_models(models: Sequence[Any]) -> Iterator[str]:
    """Yield what is wrong with *models*, each as a clause of its own."""
    names = [model.name for model in models if isinstance(model, PrivateModel)]
    yield from (f"two models are registered as {name!r}" for name in _doubled(names))
    for model in models:
        if isinstance(model, PrivateModel):
            yield from (f"model {model.name!r}: {problem}" for problem in _about(model))
        else:
            yield f"{model!r} is no PrivateModel"


def _about(model: PrivateModel) -> Iterator[str]:
    name: Any = model.name
    if not isinstance(name, str) or not all(map(str.strip, name.partition(":"))):
        yield f"that is no name; {NAME_RULE}"
    prices = {"input_price": model.input_price, "output_price": model.output_price}
    for what, price in prices.items():
        if price is not None and not _is_amount(price):
            yield f"its {what} must be a Usd of 0 or more, not {price!r}"
    if model.answer is None and model.embed is None and not any(_given(prices.values())):
        yield "it needs an answer, an embed or a price"


def _is_amount(price: object) -> bool:
    return isinstance(price, Decimal) and price.is_finite() and price >= 0


def _given(prices: Iterable[Decimal | None]) -> Iterator[bool]:
    return (price is not None for price in prices)


def _doubled(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
