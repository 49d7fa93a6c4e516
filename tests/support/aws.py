"""An AWS account that exists in tests only, and words to put into its mouth."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final

from boto3.session import Session

REGION: Final = "eu-central-1"


def a_session() -> Session:
    return Session(
        aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGION
    )


def refusal(code: str, *, status: int = 400) -> Mapping[str, Any]:
    """What AWS says when it does not do as it was told."""
    return {
        "Error": {"Code": code, "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }


class Mouth:
    """Answers for AWS, one call after the other; then AWS speaks for itself again.

    It must be made before the session's first client is.

    Args:
        call: The service and the operation, such as `sqs.SendMessageBatch`.
        answers: Each a reply, or an exception to raise.
    """

    def __init__(
        self, session: Session, call: str, *answers: Mapping[str, Any] | Exception
    ) -> None:
        self.calls: list[Any] = []
        self._answers = list(answers)
        session.events.register(f"before-call.{call}", self._answer)

    def _answer(self, params: Any, **_others: Any) -> Any:
        self.calls.append(params)
        if not self._answers:
            return None
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 200)
        return SimpleNamespace(status_code=status), dict(answer)
