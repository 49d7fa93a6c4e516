"""The model that needs no network: rules about the text at hand, no more and no less.

It has prices, made up and low, so that there is a bill; nobody sends one.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from pydantic import BaseModel

from functions.workflows.reviewing.prompts import SUMMARY
from functions.workflows.reviewing.words import (
    OFFLINE,
    Facts,
    Kind,
    Mood,
    Summary,
    Theme,
    Verdict,
)
from kernel.authoring import ModelRequest, PrivateModel, Text, Usd

THEMES: Final[dict[Theme, str]] = {
    "delivery": r"deliver|parcel|courier|shipping|tracking|packag|packed|arrived|late\b|missing",
    "quality": r"broke|motor|lid\b|solid|sharp|burn|material|quality|handle|loud|quiet|pours",
    "service": r"support|service|answer|warranty|agent|rude|polite|friendly|mails?\b|phone",
    "price": r"price|expensive|cheap|cost|value|discount|cent\b|worth",
}
HAPPY: Final = re.compile(
    r"\b(best|great|good|excellent|perfect|wonderful|friendly|solid|fast|fine|nice|well)\b",
    re.IGNORECASE,
)
UNHAPPY: Final = re.compile(
    r"\b(broke|broken|late|damaged|dent|missing|rude|slow|annoying|bad|cheap|nobody|never"
    r"|expensive|stopped|burns|loud|hot)\b",
    re.IGNORECASE,
)
STARS: Final = re.compile(r"(\d) of 5 stars\. ")
PRODUCT: Final = re.compile(r"\b((?:[A-Z]\w+ )?(?:\d )?(?:grinder|kettle|toaster))\b")
ORDER: Final = re.compile(r"\bHR-\d+\b")
AMOUNT: Final = re.compile(r"\$(\d+(?:\.\d\d)?)")
REFUND: Final = re.compile(r"\brefund\b|money back", re.IGNORECASE)
WORD: Final = re.compile(r"[a-z]{4,}")
SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")
HAPPY_STARS: Final = 4
UNHAPPY_STARS: Final = 2
MOST_SCORE: Final = 5


def answer(request: ModelRequest) -> str:
    """Do what the schema of *request* asks for."""
    said = "".join(
        part.text
        for message in request.messages
        for part in message.parts
        if isinstance(part, Text)
    )
    title = str((request.schema or {}).get("title"))
    return TASKS[title](said).model_dump_json()


def classified(review: str) -> Kind:
    counts = {
        theme: len(re.findall(rule, review, re.IGNORECASE)) for theme, rule in THEMES.items()
    }
    theme = max(counts, key=lambda each: counts[each])
    return Kind(theme=theme if counts[theme] else "other", mood=_mood(review))


def extracted(review: str) -> Facts:
    product, order = PRODUCT.search(review), ORDER.search(review)
    amount = AMOUNT.search(review)
    return Facts(
        product=product[1].removeprefix("The ").removeprefix("My ") if product else None,
        order=order[0] if order else None,
        dollars=float(amount[1]) if amount else None,
        wants_refund=bool(REFUND.search(review)),
    )


def summarised(reviews: str) -> Summary:
    """Say how people feel, then the sentence that shares most words with all the others."""
    lines = [line.removeprefix("- ") for line in reviews.splitlines() if line.strip()]
    moods = Counter(_mood(line) for line in lines)
    sentences = [each for line in lines for each in SENTENCE.split(STARS.sub("", line))]
    heard = Counter(word for sentence in sentences for word in _words(sentence))
    typical = max(sentences, key=lambda each: (_weight(each, heard), -len(each)))
    return Summary(
        text=f"{moods['unhappy']} unhappy, {moods['happy']} happy of {len(lines)}. {typical}"
    )


def judged(question: str) -> Verdict:
    """Score by how many of the summary's words its reviews have, too."""
    summary, _, reviews = question.removeprefix(SUMMARY).partition("\n\n")
    words = _words(summary) - {"happy", "unhappy"}
    borne_out = words & _words(reviews)
    share = len(borne_out) / len(words) if words else 1
    return Verdict(
        score=max(1, round(MOST_SCORE * share)),
        reason=f"{len(borne_out)} of {len(words)} words of the summary are in its reviews.",
    )


TASKS: Final[dict[str, Callable[[str], BaseModel]]] = {
    "Kind": classified,
    "Facts": extracted,
    "Summary": summarised,
    "Verdict": judged,
}

reviewer: Final = PrivateModel(
    name=OFFLINE, answer=answer, input_price=Usd("0.80"), output_price=Usd("4.00")
)


def _mood(review: str) -> Mood:
    stars = STARS.search(review)
    if stars is None:
        likes = len(HAPPY.findall(review)) - len(UNHAPPY.findall(review))
        return "happy" if likes > 0 else "unhappy" if likes < 0 else "mixed"
    count = int(stars[1])
    return "happy" if count >= HAPPY_STARS else "unhappy" if count <= UNHAPPY_STARS else "mixed"


def _words(text: str) -> set[str]:
    return set(WORD.findall(text.lower()))


def _weight(sentence: str, heard: Counter[str]) -> float:
    words: Sequence[str] = sorted(_words(sentence))
    return sum(heard[word] for word in words) / (len(words) + 3)
