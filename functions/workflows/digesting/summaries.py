"""What to ask the provider, and what its answers make of each document."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from pydantic import BaseModel, Field, PositiveInt

from functions.workflows.digesting.clusters import Cluster
from functions.workflows.digesting.documents import Document, Texts
from functions.workflows.digesting.embedding import OFFLINE
from functions.workflows.digesting.language import sentences_of
from functions.workflows.digesting.phrases import KeyPhrases
from functions.workflows.digesting.picking import Pick, Request, best_picks


class SummariseConfig(BaseModel):
    sentences: PositiveInt = 3
    checks: int = Field(default=4, ge=1, le=50, description="How many checks the batch takes.")
    poll_seconds: float = Field(default=0.4, gt=0, le=3600)
    embedding: str = Field(default=OFFLINE, description="The model that makes vectors of texts.")
    nearness: float = Field(
        default=0.4, gt=0, le=1, description="How near documents belong together."
    )


class Summary(BaseModel):
    document: str
    sentences: list[str]


class Summaries(BaseModel):
    documents: list[Summary]
    clusters: list[Cluster] = []


def requests_for(texts: Texts, phrases: KeyPhrases, sentences: int) -> list[Request]:
    return [
        request
        for number, document in enumerate(texts.documents)
        for request in _requests(number, document, phrases, sentences)
    ]


def summaries_from(texts: Texts, picks: Sequence[Pick], sentences: int) -> Summaries:
    picked: dict[int, list[Pick]] = defaultdict(list)
    for pick in picks:
        picked[pick.document].append(pick)
    return Summaries(
        documents=[
            Summary(
                document=document.name,
                sentences=[*_notes(document), *best_picks(picked[number], sentences)],
            )
            for number, document in enumerate(texts.documents)
        ]
    )


def _requests(
    number: int, document: Document, phrases: KeyPhrases, most: int
) -> Iterator[Request]:
    hints = [phrase.text for phrase in phrases.documents[number].phrases]
    for nth, passage in enumerate(document.passages):
        sentences = [
            sentence
            for prose in passage.prose
            for sentence in sentences_of(prose, document.language)
        ]
        if sentences:
            yield Request(
                document=number,
                passage=nth,
                language=document.language,
                sentences=sentences,
                hints=hints,
                most=most,
            )


def _notes(document: Document) -> list[str]:
    return [block.text for block in document.blocks if block.kind == "note"]
