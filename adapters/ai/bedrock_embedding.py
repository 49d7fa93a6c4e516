"""How each family of models that Bedrock has makes vectors of texts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from adapters.ai.bedrock_requests import model_id
from kernel.errors import UnknownModelError
from kernel.model.message import EmbedRequest

# Cohere takes that many texts at once; the others take one.
_MOST: Final = 96


class Family(Protocol):
    @property
    def most(self) -> int: ...

    def body(self, request: EmbedRequest, texts: Sequence[str]) -> dict[str, Any]: ...

    def vectors(self, answer: Mapping[str, Any]) -> Sequence[Sequence[float]]: ...


@dataclass(frozen=True)
class _Titan:
    most: int = 1

    def body(self, request: EmbedRequest, texts: Sequence[str]) -> dict[str, Any]:
        size = {"dimensions": request.dimensions} if request.dimensions else {}
        return {"inputText": texts[0], **size, **request.options}

    def vectors(self, answer: Mapping[str, Any]) -> Sequence[Sequence[float]]:
        return [answer["embedding"]]


@dataclass(frozen=True)
class _Cohere:
    most: int = _MOST

    def body(self, request: EmbedRequest, texts: Sequence[str]) -> dict[str, Any]:
        size = {"output_dimension": request.dimensions} if request.dimensions else {}
        use = {"input_type": "search_document", "embedding_types": ["float"]}
        return {"texts": [*texts], **use, **size, **request.options}

    def vectors(self, answer: Mapping[str, Any]) -> Sequence[Sequence[float]]:
        found: Any = answer["embeddings"]
        vectors: Sequence[Sequence[float]] = found["float"] if isinstance(found, dict) else found
        return vectors


@dataclass(frozen=True)
class _Nova:
    most: int = 1

    def body(self, request: EmbedRequest, texts: Sequence[str]) -> dict[str, Any]:
        size = {"embeddingDimension": request.dimensions} if request.dimensions else {}
        text = {"truncationMode": "NONE", "value": texts[0]}
        what = {"embeddingPurpose": "GENERIC_INDEX", "text": text, **size, **request.options}
        return {"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": what}

    def vectors(self, answer: Mapping[str, Any]) -> Sequence[Sequence[float]]:
        return [found["embedding"] for found in answer["embeddings"]]


_FAMILIES: Final[Mapping[str, Family]] = {
    "amazon.titan-embed": _Titan(),
    "cohere.embed": _Cohere(),
    "amazon.nova": _Nova(),
}


def family_of(model: str) -> Family:
    """Return how *model* is asked, in whichever region's profile it is.

    Raises:
        UnknownModelError: It makes no vectors, as far as is known here.
    """
    name = model_id(model)
    for part, family in _FAMILIES.items():
        if part in name:
            return family
    known = ", ".join(f"{part}..." for part in _FAMILIES)
    message = f"Nobody here knows how {model!r} makes vectors of texts. Known are {known}."
    raise UnknownModelError(message, model=model)


def tokens_of(answer: Mapping[str, Any], headers: Mapping[str, str]) -> int:
    """Return how many tokens went in: some say so in the answer, all in a header."""
    counted = headers.get("x-amzn-bedrock-input-token-count") or answer.get("inputTextTokenCount")
    return int(counted or 0)


def written(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()
