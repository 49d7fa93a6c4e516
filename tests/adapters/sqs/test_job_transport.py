"""The SQS transport keeps its port's promises on moto, and does what only SQS asks of it."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from boto3.session import Session
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from adapters.aws.errors import DeniedError
from adapters.sqs.job_transport import SqsJobTransport
from functions.local.atomic_moto import atomic_moto
from kernel.errors import UnavailableError
from kernel.model import bell_wire
from kernel.model.ids import short
from kernel.ports.job_transport import Delivery
from tests.conformance.job_transport import JobTransportContract, a_bell, names, received
from tests.conformance.job_transport_queues import NamedQueuesContract
from tests.support.aws import Mouth, a_session, refusal
from tests.support.moto import QueueTime

NO_TIME = timedelta()


@dataclass(frozen=True, kw_only=True)
class Queues:
    """The queues of one test, and what is put there and found there past the adapter."""

    sqs: Any
    ordinary: str
    urgent: str
    heavy: str
    dead: str

    def transport(self, session: Session, *, wait: timedelta = NO_TIME) -> SqsJobTransport:
        return SqsJobTransport(
            queue_url=self.ordinary,
            urgent_queue_url=self.urgent,
            queues={"heavy": self.heavy},
            wait=wait,
            session=session,
        )

    def post(self, text: str) -> None:
        self.sqs.send_message(QueueUrl=self.ordinary, MessageBody=text)

    def messages(self, url: str) -> Sequence[Any]:
        answer = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        )
        return list(answer.get("Messages", []))


@pytest.fixture(scope="module", autouse=True)
def aws() -> Iterator[None]:
    with atomic_moto(), mock_aws():
        yield


@pytest.fixture(scope="module")
def session(aws: None) -> Session:
    return a_session()


@pytest.fixture(scope="module")
def sqs(session: Session) -> Any:
    return session.client("sqs")


@pytest.fixture
def queues(sqs: Any) -> Queues:
    contract = JobTransportContract
    name = str(uuid4())
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    redrive = {
        "deadLetterTargetArn": arn["Attributes"]["QueueArn"],
        "maxReceiveCount": contract.max_receives,
    }
    attributes = {
        "VisibilityTimeout": str(int(contract.visibility.total_seconds())),
        "RedrivePolicy": json.dumps(redrive),
    }
    urls = {
        kind: sqs.create_queue(QueueName=f"{name}-{kind}", Attributes=attributes)["QueueUrl"]
        for kind in ("ordinary", "urgent", "heavy")
    }
    return Queues(sqs=sqs, dead=dead, **urls)


@pytest.fixture
def transport(queues: Queues, session: Session) -> SqsJobTransport:
    return queues.transport(session)


class TestSqsJobTransport(NamedQueuesContract):
    @pytest.fixture
    def transport(self, queues: Queues, session: Session) -> SqsJobTransport:
        return queues.transport(session)

    @pytest.fixture
    def let_pass(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
        return QueueTime(monkeypatch).skip

    @pytest.fixture
    def post(self, queues: Queues) -> Callable[[str], None]:
        return queues.post

    @pytest.fixture
    def dead(self, queues: Queues) -> Callable[[], Sequence[str]]:
        return lambda: [message["Body"] for message in queues.messages(queues.dead)]


def test_a_bell_goes_to_the_queue_it_names_or_that_its_hurry_names(
    queues: Queues, transport: SqsJobTransport
) -> None:
    transport.send(
        [
            a_bell("ordinary"),
            a_bell("urgent", urgent=True),
            replace(a_bell("heavy"), queue="heavy"),
        ]
    )

    found = {
        url: sorted(json.loads(message["Body"])["run_id"] for message in queues.messages(url))
        for url in (queues.ordinary, queues.urgent, queues.heavy)
    }

    assert found == {
        queues.ordinary: ["ordinary"],
        queues.urgent: ["urgent"],
        queues.heavy: ["heavy"],
    }


@pytest.mark.parametrize(
    ("tenant", "group"),
    [
        ("acme", "acme"),
        (None, "reports"),
        ("", "reports"),
        ("Größe & Söhne", short("Größe & Söhne", 32)),
        ("x" * 129, short("x" * 129, 32)),
    ],
    ids=["tenant", "workflow", "empty", "letters", "long"],
)
def test_every_message_says_whose_share_it_is_charged_to(
    queues: Queues, transport: SqsJobTransport, tenant: str | None, group: str
) -> None:
    transport.send([replace(a_bell(), tenant=tenant)])

    (message,) = queues.messages(queues.ordinary)

    assert message["Attributes"]["MessageGroupId"] == group


def test_what_sqs_refused_is_sent_once_more(queues: Queues) -> None:
    session = a_session()
    mouth = Mouth(session, "sqs.SendMessageBatch", {"Failed": [{"Id": "1"}]})
    bells = [a_bell(f"run-{nth}") for nth in range(3)]

    queues.transport(session).send(bells)

    assert len(mouth.calls) == 2
    assert names(received(queues.transport(session))) == ["run-1"]


def test_what_sqs_refuses_twice_is_reported(queues: Queues) -> None:
    session = a_session()
    refused = {"Failed": [{"Id": "0"}, {"Id": "1"}]}
    Mouth(session, "sqs.SendMessageBatch", refused, refused)

    with pytest.raises(UnavailableError, match="refused 2 bells, twice"):
        queues.transport(session).send([a_bell("run-0"), a_bell("run-1"), a_bell("run-2")])


def test_an_errand_is_split_where_a_request_would_be_too_large(queues: Queues) -> None:
    session = a_session()
    mouth = Mouth(session, "sqs.SendMessageBatch")
    heavy = [replace(a_bell(f"run-{nth}"), payload={"input": "x" * 300_000}) for nth in range(4)]

    queues.transport(session).send(heavy)

    assert len(mouth.calls) == 2
    assert names(received(queues.transport(session))) == ["run-0", "run-1", "run-2", "run-3"]


def test_a_payload_too_large_for_a_message_stays_behind(transport: SqsJobTransport) -> None:
    transport.send([replace(a_bell(), payload={"input": "x" * 1_100_000})])

    (delivery,) = transport.receive()

    assert delivery.bell == replace(a_bell(), payload=None)


def test_a_receipt_without_its_queue_is_for_the_queue_of_its_bell(
    queues: Queues, transport: SqsJobTransport
) -> None:
    urgent = a_bell(urgent=True)
    transport.send([urgent])
    (message,) = queues.messages(queues.urgent)

    transport.give_back(Delivery(bell=urgent, receipt=message["ReceiptHandle"]))

    assert [delivery.count for delivery in transport.receive()] == [2]


@pytest.mark.parametrize("queue", ["heavy", "gone"])
def test_a_receipt_without_its_queue_is_for_the_named_one_if_there_is_one(
    queues: Queues, transport: SqsJobTransport, queue: str
) -> None:
    url, bell = getattr(queues, queue, queues.ordinary), replace(a_bell(), queue=queue)
    queues.sqs.send_message(QueueUrl=url, MessageBody=bell_wire.encode(bell))
    (message,) = queues.messages(url)

    transport.acknowledge(Delivery(bell=bell, receipt=message["ReceiptHandle"]))

    left = queues.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    assert left["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_a_receipt_that_is_no_longer_valid_changes_nothing(transport: SqsJobTransport) -> None:
    unknown = Delivery(bell=a_bell(), receipt="unknown")

    transport.acknowledge(unknown)
    transport.give_back(unknown)

    assert list(transport.receive()) == []


def test_only_the_last_look_at_an_empty_queue_waits(queues: Queues) -> None:
    session = a_session()
    mouth = Mouth(session, "sqs.ReceiveMessage", {}, {}, {})

    deliveries = queues.transport(session, wait=timedelta(minutes=1)).receive()

    looks = [json.loads(call["body"]) for call in mouth.calls]
    assert [(look["QueueUrl"], look["WaitTimeSeconds"]) for look in looks] == [
        (queues.urgent, 0),
        (queues.ordinary, 5),
        (queues.urgent, 5),
    ]
    assert list(deliveries) == []


def test_a_queue_full_of_what_is_no_bell_is_not_taken_for_an_empty_one(
    queues: Queues, transport: SqsJobTransport
) -> None:
    queues.post("ding")
    queues.post("dong")
    transport.send([a_bell()])

    deliveries = transport.receive()

    assert names(deliveries) == ["run-1"]


def test_a_queue_that_is_not_there_says_which_setting_to_check(
    queues: Queues, session: Session
) -> None:
    nowhere = queues.ordinary + "-nowhere"
    lost = replace(queues, ordinary=nowhere, urgent=nowhere + "-urgent").transport(session)

    with pytest.raises(UnavailableError, match=r"does not exist; check HEADRACE_QUEUE_URL\.$"):
        lost.send([a_bell()])
    with pytest.raises(UnavailableError, match=r"check HEADRACE_URGENT_QUEUE_URL\.$"):
        lost.receive()


@pytest.mark.parametrize(
    "trouble",
    [
        refusal("RequestThrottled", status=403),
        refusal("ServiceUnavailable", status=503),
        EndpointConnectionError(endpoint_url="https://example.org"),
    ],
    ids=["throttled", "broken", "unreachable"],
)
def test_a_queue_that_does_not_answer_is_named(
    queues: Queues, trouble: dict[str, object] | Exception
) -> None:
    session = a_session()
    Mouth(session, "sqs.SendMessageBatch", trouble)

    with pytest.raises(UnavailableError, match=queues.ordinary):
        queues.transport(session).send([a_bell()])


def test_a_missing_permission_is_named(queues: Queues) -> None:
    session = a_session()
    Mouth(session, "sqs.DeleteMessage", refusal("AccessDenied", status=403))

    with pytest.raises(DeniedError, match="its role must allow DeleteMessage"):
        queues.transport(session).acknowledge(Delivery(bell=a_bell(), receipt="r"))
