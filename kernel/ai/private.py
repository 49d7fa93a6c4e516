"""Models that a workflow brought along, before those of the providers."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from kernel.ai.estimates import of_request, of_texts, tokens
from kernel.authoring.private_model import PrivateModel
from kernel.errors import AnswerMisfitError
from kernel.model.message import (
    Delta,
    EmbedReply,
    EmbedRequest,
    ModelReply,
    ModelRequest,
    Text,
    Usage,
)
from kernel.ports.language_model import LanguageModel
from kernel.ports.price_book import Price, PriceBook

_MILLION: Final = Decimal(1_000_000)
_HALF: Final = Decimal("0.5")
_NOTHING: Final = Decimal(0)


class OwnModels:
    """Answers by the functions of *own*, and hands all else on."""

    def __init__(self, own: Sequence[PrivateModel], others: LanguageModel) -> None:
        self._own = {model.name: model for model in own}
        self._others = others

    def complete(self, request: ModelRequest, *, within: timedelta) -> ModelReply:
        own = self._own.get(request.model)
        if own is None or own.answer is None:
            return self._others.complete(request, within=within)
        answer = own.answer(request)
        if isinstance(answer, ModelReply):
            return answer
        usage = Usage(input=of_request(request).input, output=tokens(answer))
        return ModelReply(parts=(Text(text=answer),), usage=usage, model=own.name)

    def stream(self, request: ModelRequest, *, within: timedelta) -> Iterator[Delta]:
        own = self._own.get(request.model)
        if own is None or own.answer is None:
            yield from self._others.stream(request, within=within)
            return
        reply = self.complete(request, within=within)
        yield Delta(text=reply.text, reasoning=reply.reasoning)
        yield Delta(reply=reply)

    def embed(self, request: EmbedRequest, *, within: timedelta) -> EmbedReply:
        own = self._own.get(request.model)
        if own is None or own.embed is None:
            return self._others.embed(request, within=within)
        vectors = tuple(tuple(map(float, vector)) for vector in own.embed(request.texts))
        if len(vectors) != len(request.texts):
            message = f"{own.name!r} made {len(vectors)} vectors of {len(request.texts)} texts."
            raise AnswerMisfitError(message, model=own.name)
        return EmbedReply(vectors=vectors, usage=of_texts(request), model=own.name)


class OwnPrices:
    """Knows the prices of *own*, and asks *others* for all else."""

    def __init__(self, own: Sequence[PrivateModel], others: PriceBook) -> None:
        self._own = {model.name: model for model in own if _is_priced(model)}
        self._others = others

    def price(
        self, model: str, usage: Usage, *, at: datetime, batch: bool = False
    ) -> Price | None:
        own = self._own.get(model)
        if own is None:
            return self._others.price(model, usage, at=at, batch=batch)
        factor = _HALF if batch else Decimal(1)
        rates = [(rate or _NOTHING) * factor for rate in (own.input_price, own.output_price)]
        cost = (usage.input * rates[0] + usage.output * rates[1]) / _MILLION
        return Price(cost=cost, input_rate=rates[0], output_rate=rates[1], version="own")


def _is_priced(model: PrivateModel) -> bool:
    return model.input_price is not None or model.output_price is not None
