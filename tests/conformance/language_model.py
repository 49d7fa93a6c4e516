"""What every language model promises. An adapter proves itself by inheriting this."""

from datetime import timedelta
from typing import Any

import pytest

from kernel.errors import EngineError
from kernel.model.message import (
    EmbedRequest,
    Finish,
    Message,
    ModelReply,
    ModelRequest,
    Reasoning,
    Text,
    ToolCall,
    Usage,
)
from kernel.ports.language_model import LanguageModel

A_WHILE = timedelta(seconds=20)
USAGE = Usage(input=12, output=5)


class LanguageModelContract:
    """An adapter's test class gives the fixture `model`, and says what it is to answer."""

    name = "scripted:one"

    @pytest.fixture
    def model(self) -> LanguageModel:
        raise NotImplementedError

    def will_say(self, reply: ModelReply) -> None:
        """Have the model answer *reply* next."""
        raise NotImplementedError

    def will_raise(self, error: EngineError) -> None:
        """Have its provider do what makes *error* of it."""
        raise NotImplementedError

    def asking(self, **more: Any) -> ModelRequest:
        said = Message(role="user", parts=(Text(text="How?"),))
        return ModelRequest(model=self.name, messages=(said,), **more)

    @pytest.mark.parametrize(
        "reply",
        [
            ModelReply(parts=(Text(text="So, é."),), usage=USAGE),
            ModelReply(parts=(Text(text="So"),), usage=USAGE, finish=Finish.LENGTH),
            ModelReply(parts=(Reasoning(text="Hm."), Text(text="So.")), usage=USAGE),
            ModelReply(parts=(Reasoning(text="Hm."),), usage=USAGE),
            ModelReply(
                parts=(ToolCall(id="t1", name="look", arguments={"at": "it"}),),
                usage=USAGE,
                finish=Finish.TOOL_CALLS,
            ),
        ],
        ids=["text", "cut off", "reasoned", "only reasoned", "tool"],
    )
    def test_an_answer_comes_whole_and_as_a_stream(
        self, model: LanguageModel, reply: ModelReply
    ) -> None:
        self.will_say(reply)
        whole = model.complete(self.asking(), within=A_WHILE)
        self.will_say(reply)

        pieces = list(model.stream(self.asking(), within=A_WHILE))

        streamed = pieces[-1].reply
        assert streamed is not None
        for got in (whole, streamed):
            assert (got.text, got.reasoning) == (reply.text, reply.reasoning)
            assert (got.tool_calls, got.finish, got.usage) == (
                reply.tool_calls,
                reply.finish,
                reply.usage,
            )
        assert "".join(piece.text for piece in pieces) == reply.text
        assert "".join(piece.reasoning for piece in pieces) == reply.reasoning
        assert all(piece.reply is None for piece in pieces[:-1])

    def test_each_text_has_a_vector_and_the_same_text_the_same(self, model: LanguageModel) -> None:
        request = EmbedRequest(model=self.name, texts=("a river", "a hill", "a river"))

        made = model.embed(request, within=A_WHILE)

        river, hill, again = made.vectors
        assert river == again
        assert river != hill
        assert len(river) == len(hill)
        assert made.usage.input > 0
