"""Proves the smallest workflow: three stages, one greeting."""

import pytest

from functions.workflows.hello import Greeting, Guest, cheer, greet, hello, tidy
from tests.functions.workflows.fake_context import FakeContext


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Ada", "Hello, Ada!"),
        ("  Ada   Lovelace ", "Hello, Ada Lovelace!"),
        ("", "Hello, world!"),
        ("ليلى 🌙", "Hello, ليلى 🌙!"),
    ],
)
def test_a_name_goes_in_and_a_greeting_comes_out(name: str, text: str) -> None:
    guest = tidy.execute(FakeContext(input=Guest(name=name)))

    greeting = cheer.execute(FakeContext(input=greet.execute(FakeContext(input=guest))))

    assert greeting == Greeting(text=text)


def test_hello_has_three_stages_in_a_row() -> None:
    groups = [[stage.id for stage in group] for group in hello.groups]

    assert groups == [["tidy"], ["greet"], ["cheer"]]
