"""What every blob store promises."""

from collections.abc import Callable

import pytest

from kernel.errors import InvalidInputError, NotFoundError
from kernel.ports.blob_store import BlobStore

JSON = "application/json"
BYTES = "application/octet-stream"


class BlobStoreContract:
    @pytest.fixture
    def blobs(self) -> BlobStore:
        raise NotImplementedError

    @pytest.fixture
    def content_type_of(self) -> Callable[[str], str]:
        raise NotImplementedError

    def test_what_was_put_can_be_read_at_once(self, blobs: BlobStore) -> None:
        blobs.put("runs/run-1/out.json", b'{"a": 1}', content_type=JSON)

        content = blobs.get("runs/run-1/out.json")

        assert content == b'{"a": 1}'

    @pytest.mark.parametrize(
        "content", [b"", bytes(range(256)), b"x" * 200_000], ids=["nothing", "bytes", "much"]
    )
    def test_bytes_come_out_as_they_went_in(self, blobs: BlobStore, content: bytes) -> None:
        blobs.put("blob", content, content_type=BYTES)

        again = blobs.get("blob")

        assert again == content

    def test_a_blob_keeps_its_content_type(
        self, blobs: BlobStore, content_type_of: Callable[[str], str]
    ) -> None:
        blobs.put("report", b"<p>", content_type="text/html; charset=utf-8")

        kept = content_type_of("report")

        assert kept == "text/html; charset=utf-8"

    def test_the_last_put_counts(self, blobs: BlobStore) -> None:
        blobs.put("blob", b"old", content_type=BYTES)
        blobs.put("blob", b"new", content_type=BYTES)

        content = blobs.get("blob")

        assert content == b"new"

    def test_reading_what_is_not_there_names_it(self, blobs: BlobStore) -> None:
        blobs.put("runs/run-1/a", b"", content_type=BYTES)

        with pytest.raises(NotFoundError, match=r"^There is no blob under 'runs/run-1/b'\.$"):
            blobs.get("runs/run-1/b")

    def test_a_folder_is_no_blob(self, blobs: BlobStore) -> None:
        blobs.put("runs/run-1/a", b"", content_type=BYTES)

        found = blobs.exists("runs/run-1")

        assert not found

    def test_existence_follows_putting_and_deleting(self, blobs: BlobStore) -> None:
        before = blobs.exists("blob")
        blobs.put("blob", b"", content_type=BYTES)
        between = blobs.exists("blob")

        blobs.delete("blob")

        assert (before, between, blobs.exists("blob")) == (False, True, False)

    def test_deleting_what_is_not_there_is_fine(self, blobs: BlobStore) -> None:
        blobs.put("blob", b"", content_type=BYTES)

        blobs.delete("other")

        assert blobs.exists("blob")

    def test_keys_are_those_that_begin_so_in_order(self, blobs: BlobStore) -> None:
        for key in ["runs/10/a", "runs/1/z", "runs/1/b/c", "runs/1/B", "runs/1/é", "other"]:
            blobs.put(key, b"", content_type=BYTES)

        keys = blobs.keys("runs/1/")

        assert list(keys) == ["runs/1/B", "runs/1/b/c", "runs/1/z", "runs/1/é"]

    def test_there_may_be_no_keys(self, blobs: BlobStore) -> None:
        blobs.put("blob", b"", content_type=BYTES)

        keys = blobs.keys("runs/")

        assert list(keys) == []

    @pytest.mark.parametrize(
        "key",
        [
            "Überraschung/日本語.txt",
            "a b/c+d",
            "100%/%2F",
            "q?x=1&y=2#z",
            "a\\b",
            "~(!)*'\"",
            "🎉",
        ],
    )
    def test_a_key_is_taken_as_it_is_written(self, blobs: BlobStore, key: str) -> None:
        blobs.put(key, b"here", content_type=BYTES)

        content = blobs.get(key)

        assert content == b"here"
        assert blobs.exists(key)
        assert list(blobs.keys("")) == [key]

    def test_what_lies_under_a_prefix_is_purged_and_nothing_else(self, blobs: BlobStore) -> None:
        for key in ("runs/one/a", "runs/one/b/c", "runs/one-too/a", "others/a"):
            blobs.put(key, b"here", content_type=BYTES)

        left = blobs.purge("runs/one/", limit=10)

        assert not left
        assert list(blobs.keys("")) == ["others/a", "runs/one-too/a"]

    def test_a_purge_says_whether_something_may_be_left(self, blobs: BlobStore) -> None:
        for number in range(5):
            blobs.put(f"runs/one/{number}", b"here", content_type=BYTES)

        first = blobs.purge("runs/one/", limit=2)
        between = len(blobs.keys("runs/one/"))
        rounds = [blobs.purge("runs/one/", limit=2) for _ in range(5)]

        assert first
        assert between == 3
        assert not rounds[-1]
        assert list(blobs.keys("")) == []

    @pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "a/../b", "./a", "a\nb"])
    def test_a_key_that_could_go_astray_is_refused(self, blobs: BlobStore, key: str) -> None:
        with pytest.raises(InvalidInputError, match="cannot be the key of a blob"):
            blobs.put(key, b"", content_type=BYTES)
        with pytest.raises(InvalidInputError):
            blobs.get(key)
        with pytest.raises(InvalidInputError):
            blobs.exists(key)
        with pytest.raises(InvalidInputError):
            blobs.delete(key)
