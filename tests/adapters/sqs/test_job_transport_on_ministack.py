"""The SQS transport keeps its port's promises on the second emulator too."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from adapters.sqs.job_transport import SqsJobTransport
from tests.conformance.job_transport import JobTransportContract
from tests.conformance.job_transport_queues import NamedQueuesContract
from tests.support.aws import a_session
from tests.support.ministack import Ministack

pytestmark = pytest.mark.ministack


@pytest.fixture(scope="module")
def sqs(on_ministack: Ministack) -> Any:
    return a_session().client("sqs")


@pytest.fixture
def urls(sqs: Any) -> Mapping[str, str]:
    """Make the queues of one test, with what the contract says of them."""
    name = str(uuid4())
    dead: str = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    answer = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    redrive = {
        "deadLetterTargetArn": answer["Attributes"]["QueueArn"],
        "maxReceiveCount": JobTransportContract.max_receives,
    }
    attributes = {
        "VisibilityTimeout": str(int(JobTransportContract.visibility.total_seconds())),
        "RedrivePolicy": json.dumps(redrive),
    }
    made = {
        kind: sqs.create_queue(QueueName=f"{name}-{kind}", Attributes=attributes)["QueueUrl"]
        for kind in ("ordinary", "urgent", "heavy")
    }
    return {"dead": dead, **made}


class TestSqsJobTransportOnMinistack(NamedQueuesContract):
    @pytest.fixture
    def transport(self, urls: Mapping[str, str]) -> SqsJobTransport:
        return SqsJobTransport(
            queue_url=urls["ordinary"],
            urgent_queue_url=urls["urgent"],
            queues={"heavy": urls["heavy"]},
            wait=timedelta(),
            session=a_session(),
        )

    @pytest.fixture
    def let_pass(self, on_ministack: Ministack) -> Callable[[timedelta], None]:
        return on_ministack.skip

    @pytest.fixture
    def post(self, sqs: Any, urls: Mapping[str, str]) -> Callable[[str], None]:
        return lambda text: sqs.send_message(QueueUrl=urls["ordinary"], MessageBody=text)

    @pytest.fixture
    def dead(self, sqs: Any, urls: Mapping[str, str]) -> Callable[[], Sequence[str]]:
        def letters() -> Sequence[str]:
            answer = sqs.receive_message(QueueUrl=urls["dead"], MaxNumberOfMessages=10)
            return [message["Body"] for message in answer.get("Messages", [])]

        return letters
