"""The scripted model says what it was told to say, and nothing else."""

import pytest

from adapters.memory import ScriptedModel
from kernel.errors import EngineError, ModelBusyError, UnknownModelError
from kernel.model.message import EmbedRequest, ModelReply
from kernel.ports.language_model import LanguageModel
from tests.conformance.language_model import A_WHILE, LanguageModelContract


class TestScriptedModel(LanguageModelContract):
    scripted: ScriptedModel

    @pytest.fixture
    def model(self) -> LanguageModel:
        self.scripted = ScriptedModel()
        return self.scripted

    def will_say(self, reply: ModelReply) -> None:
        self.scripted.say(reply)

    def will_raise(self, error: EngineError) -> None:
        self.scripted.say(error)

    def test_lines_are_said_once_and_requests_remembered(self, model: LanguageModel) -> None:
        self.scripted.say("one", "two")

        said = [model.complete(self.asking(), within=A_WHILE).text for _ in range(2)]

        assert said == ["one", "two"]
        assert self.scripted.asked == [self.asking()] * 2
        with pytest.raises(AssertionError, match="Nobody told the model what to say"):
            model.complete(self.asking(), within=A_WHILE)

    def test_a_line_that_is_an_error_is_raised(self, model: LanguageModel) -> None:
        self.will_raise(ModelBusyError("Not now."))

        with pytest.raises(ModelBusyError):
            list(model.stream(self.asking(), within=A_WHILE))

    def test_a_script_answers_what_no_line_does(self) -> None:
        model = ScriptedModel("first", script=lambda request: request.model)

        said = [model.complete(self.asking(), within=A_WHILE).text for _ in range(3)]

        assert said == ["first", self.name, self.name]

    def test_it_may_go_by_some_names_only(self) -> None:
        model = ScriptedModel("so", models=frozenset({"scripted:two"}))

        with pytest.raises(UnknownModelError, match="only scripted:two"):
            model.complete(self.asking(), within=A_WHILE)
        with pytest.raises(UnknownModelError):
            model.embed(EmbedRequest(model=self.name, texts=("a",)), within=A_WHILE)

    def test_vectors_are_as_long_as_they_are_wanted(self, model: LanguageModel) -> None:
        request = EmbedRequest(model=self.name, texts=("a b c",), dimensions=16)

        (vector,) = model.embed(request, within=A_WHILE).vectors

        assert len(vector) == 16
        assert sum(number * number for number in vector) == pytest.approx(1)
