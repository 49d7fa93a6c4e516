"""Amazon Bedrock: its models by Converse, with the function's own role and no key."""

import json
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from boto3.session import Session
from botocore.config import Config

from adapters.ai.bedrock_embedding import family_of, tokens_of, written
from adapters.ai.bedrock_errors import translated
from adapters.ai.bedrock_replies import Gathering, reply_of
from adapters.ai.bedrock_requests import conversation, model_id
from adapters.aws.client import making
from kernel.errors import ModelBusyError, ModelTimeoutError
from kernel.model.message import (
    Delta,
    EmbedReply,
    EmbedRequest,
    ModelReply,
    ModelRequest,
    Usage,
)

if TYPE_CHECKING:
    # There are types only; the package is not there when it runs.
    from mypy_boto3_bedrock_runtime import BedrockRuntimeClient

_CONNECT: Final = 5.0
# Clients are kept by how long they wait, which calls usually have in common.
_KEPT: Final = 8
_AT_ONCE: Final = 8
# Finer than this nobody waits: each other time would be another client.
_STEP: Final = 1.0


class BedrockModels:
    """Nothing is tried again here, not even by boto3: each call is one line of a bill.

    Of models that take one text a call, `embed` asks for several at once; where one of those
    fails, the others may be billed all the same.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._clients: OrderedDict[float, BedrockRuntimeClient] = OrderedDict()

    def complete(self, request: ModelRequest, *, within: timedelta) -> ModelReply:
        said = conversation(request)
        with translated(request.model):
            client = self._client(within)
            return reply_of(client.converse(modelId=model_id(request.model), **said))

    def stream(self, request: ModelRequest, *, within: timedelta) -> Iterator[Delta]:
        until = monotonic() + within.total_seconds()
        said, gathering = conversation(request), Gathering()
        with translated(request.model):
            client = self._client(within)
            events = client.converse_stream(modelId=model_id(request.model), **said)["stream"]
            try:
                for event in events:
                    if monotonic() > until:
                        message = f"The model {request.model!r} did not end in its time."
                        raise ModelTimeoutError(message, model=request.model)
                    if delta := gathering.add(event):
                        yield delta
            finally:
                events.close()
        if not gathering.is_whole:
            message = f"The answer of {request.model!r} broke off."
            raise ModelBusyError(message, model=request.model)
        yield Delta(reply=gathering.reply())

    def embed(self, request: EmbedRequest, *, within: timedelta) -> EmbedReply:
        family = family_of(request.model)
        chunks = [
            request.texts[start : start + family.most]
            for start in range(0, len(request.texts), family.most)
        ]
        client = self._client(within)

        def ask(texts: Sequence[str]) -> tuple[Sequence[Sequence[float]], int]:
            answer, tokens = _invoke(client, request, written(family.body(request, texts)))
            return family.vectors(answer), tokens

        if len(chunks) == 1:
            found = [ask(chunks[0])]
        else:
            with ThreadPoolExecutor(_AT_ONCE) as threads:
                found = [*threads.map(ask, chunks)]
        return EmbedReply(
            vectors=tuple(tuple(vector) for vectors, _ in found for vector in vectors),
            usage=Usage(input=sum(tokens for _, tokens in found)),
        )

    def _client(self, within: timedelta) -> "BedrockRuntimeClient":
        wait = max(within.total_seconds(), 0.001)
        wait = wait // _STEP * _STEP if wait > _STEP else wait
        with making:
            if wait not in self._clients:
                self._clients[wait] = self._session.client(
                    "bedrock-runtime", config=_patience(wait)
                )
            self._clients.move_to_end(wait)
            while len(self._clients) > _KEPT:
                self._clients.popitem(last=False)
            return self._clients[wait]


def _patience(wait: float) -> Config:
    return Config(
        connect_timeout=min(_CONNECT, wait),
        read_timeout=wait,
        # Whoever asks again must write it down, and know how much time there is.
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=32,
        tcp_keepalive=True,
    )


def _invoke(
    client: "BedrockRuntimeClient", request: EmbedRequest, body: bytes
) -> tuple[dict[str, Any], int]:
    with translated(request.model):
        answer = client.invoke_model(
            modelId=model_id(request.model),
            body=body,
            accept="application/json",
            contentType="application/json",
        )
        content: dict[str, Any] = json.loads(answer["body"].read())
        return content, tokens_of(content, answer["ResponseMetadata"]["HTTPHeaders"])
