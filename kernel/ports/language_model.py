"""One request, one reply, with usage: nothing is kept, nothing is tried again here."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Protocol

from kernel.model.message import Delta, EmbedReply, EmbedRequest, ModelReply, ModelRequest


class LanguageModel(Protocol):
    """Any model of any provider, by the name in the request.

    Every method makes one call of the provider and raises:

    - `UnknownModelError`: nobody here knows the model.
    - `ModelDeniedError`: the key or the permission is missing or wrong.
    - `ModelRejectedError`: the provider will not take the request as it is.
    - `ModelBusyError`: it throttles, or is out of order; `context["retry_after"]` is how many
      seconds it asked for, where it did.
    - `ModelTimeoutError`: it did not answer *within* its time. It may bill the call all the same.

    A refusal and an answer that was cut off are replies, and say so in `finish`.
    """

    def complete(self, request: ModelRequest, *, within: timedelta) -> ModelReply:
        """Return the whole answer."""
        ...

    def stream(self, request: ModelRequest, *, within: timedelta) -> Iterator[Delta]:
        """Yield the answer as it comes; the last piece holds the whole reply.

        What is closed early has no reply, and may be billed all the same.
        """
        ...

    def embed(self, request: EmbedRequest, *, within: timedelta) -> EmbedReply:
        """Return one vector a text, in their order."""
        ...
