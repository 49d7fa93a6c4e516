"""An answer that is still coming, with its line on the bill open until it has ended."""

from collections.abc import Generator, Iterator
from contextlib import suppress
from decimal import Decimal

from kernel.ai.answers import refuse_useless, text_result
from kernel.ai.desk import Answered, Desk, Effort
from kernel.ai.estimates import of_request, tokens
from kernel.authoring.answers import TextResult
from kernel.errors import IllegalTransitionError, ModelBusyError
from kernel.model.call import CallKind
from kernel.model.message import Finish, ModelReply, ModelRequest, Reasoning, Text, Usage


class Stream:
    """Iterate over it once. It is not tried again: what was shown cannot be taken back."""

    def __init__(
        self, desk: Desk, topic: str, request: ModelRequest, *, effort: Effort, partial: bool
    ) -> None:
        self._desk = desk
        self._topic = topic
        self._request = request
        self._effort = effort
        self._partial = partial
        self._pieces = self._asked()
        self._answered: Answered | None = None
        self.text = ""
        self.reasoning = ""

    def __iter__(self) -> Iterator[str]:
        return self._pieces

    def close(self) -> None:
        """Want no more; what has come is billed as far as it can be told."""
        self._pieces.close()

    @property
    def result(self) -> TextResult:
        if self._answered is None:
            message = "The stream has not ended; read it to its end first."
            raise IllegalTransitionError(message)
        return text_result(self._request, [self._answered])

    @property
    def usage(self) -> Usage:
        return self.result.usage

    @property
    def cost(self) -> Decimal | None:
        return self.result.cost

    def _asked(self) -> Generator[str, None, None]:
        request, desk = self._request, self._desk
        within = desk.within(self._effort)
        reply: ModelReply | None = None
        with desk.line(self._topic, request, kind=CallKind.STREAM) as line:
            pieces = desk.models.stream(request, within=within)
            try:
                for piece in pieces:
                    self.text += piece.text
                    self.reasoning += piece.reasoning
                    reply = piece.reply or reply
                    if piece.text:
                        yield piece.text
            except GeneratorExit:
                # Nobody says how much that was; the provider bills what it made.
                reply = self._so_far()
            finally:
                with suppress(AttributeError):
                    pieces.close()  # type: ignore[attr-defined]  # an iterator may be a generator
            if reply is None:
                raise ModelBusyError(f"The answer of {request.model!r} broke off.")
            desk.note(line, reply)
        self._answered = Answered(reply=reply, cost=line.cost)
        refuse_useless(request, reply, partial=self._partial)

    def _so_far(self) -> ModelReply:
        said = tokens(self.text) + tokens(self.reasoning)
        parts = [Text(text=self.text)] if self.text else []
        thought = [Reasoning(text=self.reasoning)] if self.reasoning else []
        usage = Usage(input=of_request(self._request).input, output=said)
        return ModelReply(parts=(*thought, *parts), usage=usage, finish=Finish.OTHER)
