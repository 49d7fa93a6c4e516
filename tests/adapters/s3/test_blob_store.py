"""The S3 blob store keeps its port's promises on moto, and speaks of trouble in our words."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from boto3.session import Session
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from moto import mock_aws

from adapters.aws.errors import DeniedError
from adapters.s3.blob_store import S3BlobStore
from kernel.errors import NotFoundError, UnavailableError
from tests.conformance.blob_store import BYTES, BlobStoreContract
from tests.support.aws import REGION, Mouth, a_session, refusal


@pytest.fixture(scope="module", autouse=True)
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture(scope="module")
def session(aws: None) -> Session:
    return a_session()


@pytest.fixture
def bucket(session: Session) -> str:
    name = f"bucket-{uuid4()}"
    session.client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    return name


class TestS3BlobStore(BlobStoreContract):
    @pytest.fixture
    def blobs(self, bucket: str, session: Session) -> S3BlobStore:
        return S3BlobStore(bucket=bucket, session=session)

    @pytest.fixture
    def content_type_of(self, bucket: str, session: Session) -> Callable[[str], str]:
        s3 = session.client("s3")
        return lambda key: s3.head_object(Bucket=bucket, Key=key)["ContentType"]


def test_more_keys_than_fit_a_page_are_all_found(
    bucket: str, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")
    blobs = S3BlobStore(bucket=bucket, session=session)
    written = [f"runs/{nth}" for nth in range(8)]
    for key in written:
        blobs.put(key, b"", content_type=BYTES)

    keys = blobs.keys("runs/")

    assert list(keys) == written


def test_a_bucket_that_is_not_there_says_which_setting_to_check(session: Session) -> None:
    blobs = S3BlobStore(bucket="nowhere", session=session)
    complaint = r"^The bucket 'nowhere' does not exist; check HEADRACE_BUCKET\.$"

    with pytest.raises(UnavailableError, match=complaint):
        blobs.put("blob", b"", content_type=BYTES)
    with pytest.raises(UnavailableError, match=complaint):
        blobs.get("blob")
    with pytest.raises(UnavailableError, match=complaint):
        blobs.delete("blob")
    with pytest.raises(UnavailableError, match=complaint):
        blobs.keys("")


@pytest.mark.parametrize(
    "trouble",
    [
        refusal("SlowDown", status=503),
        refusal("InternalError", status=500),
        EndpointConnectionError(endpoint_url="https://example.org"),
        ReadTimeoutError(endpoint_url="https://example.org"),
    ],
    ids=["busy", "broken", "unreachable", "slow"],
)
def test_a_bucket_that_does_not_answer_is_named(
    bucket: str, trouble: dict[str, object] | Exception
) -> None:
    session = a_session()
    Mouth(session, "s3.GetObject", trouble)
    blobs = S3BlobStore(bucket=bucket, session=session)

    with pytest.raises(UnavailableError, match=f"^The bucket '{bucket}' is "):
        blobs.get("blob")


def test_a_head_without_a_body_still_says_that_nothing_is_there(bucket: str) -> None:
    session = a_session()
    Mouth(session, "s3.HeadObject", refusal("404", status=404))
    blobs = S3BlobStore(bucket=bucket, session=session)

    found = blobs.exists("blob")

    assert not found


def test_a_missing_permission_is_named(bucket: str) -> None:
    session = a_session()
    Mouth(session, "s3.GetObject", refusal("AccessDenied", status=403))
    blobs = S3BlobStore(bucket=bucket, session=session)

    with pytest.raises(DeniedError, match="its role must allow s3:GetObject"):
        blobs.get("blob")


def test_what_is_missing_keeps_its_cause(bucket: str, session: Session) -> None:
    blobs = S3BlobStore(bucket=bucket, session=session)

    with pytest.raises(NotFoundError) as missing:
        blobs.get("blob")

    assert isinstance(missing.value.__cause__, ClientError)
    assert missing.value.context == {"key": "blob"}


def test_what_a_bucket_does_not_let_go_is_no_reason_to_ask_for_ever(bucket: str) -> None:
    session = a_session()
    kept = {"Key": "runs/one/a", "Code": "AccessDenied", "Message": "Locked."}
    Mouth(session, "s3.DeleteObjects", {"Errors": [kept]})
    blobs = S3BlobStore(bucket=bucket, session=session)
    blobs.put("runs/one/a", b"", content_type=BYTES)

    with pytest.raises(UnavailableError, match=r"keeps 'runs/one/a'.*AccessDenied") as caught:
        blobs.purge("runs/one/", limit=10)

    assert caught.value.context["key"] == "runs/one/a"
    assert not blobs.purge("runs/one/", limit=10)
