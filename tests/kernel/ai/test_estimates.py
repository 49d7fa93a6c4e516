"""How much a request may come to."""

import pytest

from kernel.ai.estimates import USUAL_ANSWER, of_request, of_texts, tokens
from kernel.model.message import EmbedRequest, Message, ModelRequest, Text


@pytest.mark.parametrize(("text", "expected"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2)])
def test_four_characters_are_a_token(text: str, expected: int) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(("most", "expected"), [(None, USUAL_ANSWER), (7, 7)])
def test_an_answer_may_be_as_long_as_was_said(most: int | None, expected: int) -> None:
    asked = (Message(role="user", parts=(Text(text="x" * 400),)),)

    usage = of_request(ModelRequest(model="a:b", messages=asked, max_tokens=most))

    assert usage.output == expected
    assert usage.input >= 100


def test_each_text_to_embed_is_counted() -> None:
    usage = of_texts(EmbedRequest(model="a:b", texts=("abcd", "abcde")))

    assert (usage.input, usage.output) == (3, 0)
