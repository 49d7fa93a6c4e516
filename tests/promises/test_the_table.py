"""The page of promises names tests that there are, and leaves no number out."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

TESTS: Final = Path(__file__).parents[1]
PAGE: Final = (TESTS.parent / "docs" / "promises.md").read_text(encoding="utf-8")
ROW: Final = re.compile(r"^\| ([VTDEIP]\d\d) \| (.+?) \| (.+) \|$", re.MULTILINE)
TEST: Final = re.compile(r"`([\w/]+\.py::test_\w+)`( \*\(to come\)\*)?")
LAST: Final = {"V": 20, "T": 36, "D": 26, "E": 16, "I": 18, "P": 49}


def rows() -> dict[str, str]:
    """Return what shows each rule, by its number."""
    return {number: shown for number, _, shown in ROW.findall(PAGE)}


def named(*, to_come: bool) -> list[str]:
    return [test for test, mark in TEST.findall(PAGE) if bool(mark) is to_come]


@cache
def there() -> frozenset[str]:
    """Return every test that is written down, be it a function or a method."""
    return frozenset(_written())


def _written() -> Iterator[str]:
    for path in TESTS.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        place = path.relative_to(TESTS).as_posix()
        yield from (f"{place}::{name}" for name in functions if name.startswith("test_"))


@pytest.mark.parametrize("kind", LAST)
def test_no_number_is_left_out(kind: str) -> None:
    numbers = [number for number in rows() if number.startswith(kind)]

    assert numbers == [f"{kind}{nth:02}" for nth in range(1, LAST[kind] + 1)]


def test_every_test_that_is_named_is_there() -> None:
    missing = {*named(to_come=False)} - there()

    assert not missing


def test_a_test_that_has_come_is_marked_no_more() -> None:
    come = {*named(to_come=True)} & there()

    assert not come


def test_every_rule_is_shown_by_a_test_or_says_why_not() -> None:
    bare = [
        number
        for number, shown in rows().items()
        if not TEST.search(shown) and not shown.startswith("Does not apply: ")
    ]

    assert not bare


def test_every_promise_that_is_tested_here_is_in_the_table() -> None:
    numbered = {test for test in there() if re.search(r"^promises/.*::test_[vtdeip]\d\d_", test)}

    assert not numbered - {*named(to_come=False)}
