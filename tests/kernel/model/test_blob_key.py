"""Which keys a blob may have."""

import pytest

from kernel.errors import InvalidInputError
from kernel.model import blob_key


@pytest.mark.parametrize(
    "key", ["a", "runs/run-1/split/0-1/out.json", "Überraschung/日本 語.txt", "a/...", "x" * 1_024]
)
def test_a_relative_path_of_printable_characters_is_a_key(key: str) -> None:
    checked = blob_key.checked(key)

    assert checked == key


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("", "it is empty"),
        ("/a", "a part of it is empty"),
        ("a/", "a part of it is empty"),
        ("a//b", "a part of it is empty"),
        ("..", "a part of it is empty, `.` or `..`"),
        ("a/../b", "a part of it is empty, `.` or `..`"),
        ("./a", "a part of it is empty, `.` or `..`"),
        ("a\nb", "cannot be printed"),
        ("a\x00", "cannot be printed"),
        ("\ud800", "cannot be printed"),
        ("é" * 513, "longer than 1024 bytes"),
    ],
)
def test_a_key_that_could_go_astray_is_refused(key: str, problem: str) -> None:
    with pytest.raises(InvalidInputError, match=problem):
        blob_key.checked(key)
