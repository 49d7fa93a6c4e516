"""Payloads in S3: one object each, under the key they were given."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from adapters.aws.client import LazyClient
from adapters.aws.errors import code_of, translated
from kernel.errors import NotFoundError, UnavailableError
from kernel.model.blob_key import checked

if TYPE_CHECKING:
    # For its types only: boto3 loads S3's transfers, which takes as long as all the kernel.
    from boto3.session import Session

# What S3 lists and removes in one request.
_MOST: Final = 1_000


class S3BlobStore:
    """A bucket."""

    def __init__(self, *, bucket: str, session: "Session | None" = None) -> None:
        self._bucket = bucket
        self._s3 = LazyClient(session, lambda session, config: session.client("s3", config=config))

    def put(self, key: str, content: bytes, *, content_type: str) -> None:
        with self._translated():
            self._s3().put_object(
                Bucket=self._bucket, Key=checked(key), Body=content, ContentType=content_type
            )

    def get(self, key: str) -> bytes:
        with self._translated(), _found(key):
            return self._s3().get_object(Bucket=self._bucket, Key=checked(key))["Body"].read()

    def exists(self, key: str) -> bool:
        try:
            with self._translated(), _found(key):
                self._s3().head_object(Bucket=self._bucket, Key=checked(key))
        except NotFoundError:
            return False
        return True

    def delete(self, key: str) -> None:
        with self._translated():
            self._s3().delete_object(Bucket=self._bucket, Key=checked(key))

    def purge(self, prefix: str, *, limit: int) -> bool:
        """At most a thousand at a time, as S3 has it; one request to list and one to remove."""
        with self._translated():
            page = self._s3().list_objects_v2(
                Bucket=self._bucket, Prefix=prefix, MaxKeys=min(limit, _MOST)
            )
            found = [blob["Key"] for blob in page.get("Contents", [])]
            if not found:
                return False
            answer = self._s3().delete_objects(
                Bucket=self._bucket,
                Delete={"Objects": [{"Key": key} for key in found], "Quiet": True},
            )
            for kept in answer.get("Errors", []):
                key, code = kept.get("Key"), kept.get("Code")
                message = f"The bucket {self._bucket!r} keeps {key!r}, which was to go: {code}."
                raise UnavailableError(message, key=key, aws=code)
            return page["IsTruncated"]

    def keys(self, prefix: str) -> Sequence[str]:
        with self._translated():
            pages = (
                self._s3()
                .get_paginator("list_objects_v2")
                .paginate(Bucket=self._bucket, Prefix=prefix)
            )
            return sorted(blob["Key"] for page in pages for blob in page.get("Contents", []))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        with translated(f"The bucket {self._bucket!r}", variable="HEADRACE_BUCKET"):
            yield


@contextmanager
def _found(key: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        # A HEAD has no body to name the error in; it says the status alone.
        if code_of(error) in {"NoSuchKey", "404"}:
            raise NotFoundError(f"There is no blob under {key!r}.", key=key) from error
        raise
