"""Lines of Bedrock's batches: each a request or an answer of Converse, as it goes over the wire.

Botocore writes and reads them, so that they cannot differ from what a direct call says.
"""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from botocore.model import OperationModel, ServiceModel, Shape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from adapters.ai.bedrock_replies import reply_of
from adapters.ai.bedrock_requests import conversation
from kernel.errors import ModelBusyError, ModelRejectedError
from kernel.model.failure import Failure
from kernel.ports.batch_model import BatchAnswer, BatchLine

_WIRE: Final = "rest-json"
_UNREADABLE: Final = "ANSWER_UNREADABLE"


class Lines:
    """Writes and reads them. *service*: botocore's model of Bedrock's runtime."""

    def __init__(self, service: ServiceModel) -> None:
        self._operation: OperationModel = service.operation_model("Converse")
        self._answer: Shape = self._operation.output_shape or Shape("none", {"type": "structure"})
        self._serializer = create_serializer(_WIRE)
        self._parser = create_parser(_WIRE)

    def written(self, line: BatchLine) -> bytes:
        """Return *line* as Bedrock reads it, with its end."""
        said = {"modelId": "none", **conversation(line.request)}
        body = self._serializer.serialize_to_request(said, self._operation)["body"]
        return json.dumps({"recordId": line.id, "modelInput": json.loads(body)}).encode() + b"\n"

    def read(self, text: bytes) -> BatchAnswer | None:
        """Return what a line of Bedrock's says; None where it is of no request of ours."""
        try:
            said = json.loads(text)
            id_ = said["recordId"]
        except (ValueError, KeyError, TypeError):
            return None
        if not isinstance(id_, str):
            return None
        if error := said.get("error"):
            return BatchAnswer(id=id_, error=_failure(error))
        if not isinstance(said.get("modelOutput"), dict):
            message = "Bedrock's line has neither an answer nor an error."
            return BatchAnswer(id=id_, error=Failure.of(_UNREADABLE, message, retryable=True))
        return BatchAnswer(id=id_, reply=reply_of(self._parsed(said["modelOutput"])))

    def _parsed(self, output: Mapping[str, Any]) -> Mapping[str, Any]:
        response = {"body": json.dumps(output).encode(), "headers": {}, "status_code": 200}
        parsed: Mapping[str, Any] = self._parser.parse(response, self._answer)
        return parsed


def _failure(error: Any) -> Failure:
    facts = error if isinstance(error, dict) else {"errorMessage": str(error)}
    code = facts.get("errorCode")
    later = code == HTTPStatus.TOO_MANY_REQUESTS or (
        isinstance(code, int) and code >= HTTPStatus.INTERNAL_SERVER_ERROR
    )
    kind = ModelBusyError.code if later else ModelRejectedError.code
    return Failure.of(kind, str(facts.get("errorMessage") or "no reason given"), retryable=later)


class Upload(io.RawIOBase):
    """Pieces that come one by one, as a file to read from: never all of them in memory."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._rest:
            self._rest = next(self._pieces, b"")
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size
