"""The S3 blob store keeps its port's promises on the second emulator too."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from boto3.session import Session

from adapters.s3.blob_store import S3BlobStore
from tests.conformance.blob_store import BlobStoreContract
from tests.support.aws import REGION, a_session
from tests.support.ministack import Ministack

pytestmark = pytest.mark.ministack


@pytest.fixture(scope="module")
def session(on_ministack: Ministack) -> Session:
    return a_session()


@pytest.fixture
def bucket(session: Session) -> str:
    name = f"bucket-{uuid4()}"
    session.client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION}
    )
    return name


class TestS3BlobStoreOnMinistack(BlobStoreContract):
    @pytest.fixture
    def blobs(self, bucket: str, session: Session) -> S3BlobStore:
        return S3BlobStore(bucket=bucket, session=session)

    @pytest.fixture
    def content_type_of(self, bucket: str, session: Session) -> Callable[[str], str]:
        s3 = session.client("s3")
        return lambda key: s3.head_object(Bucket=bucket, Key=key)["ContentType"]
