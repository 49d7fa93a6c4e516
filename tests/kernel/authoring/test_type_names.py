"""How types are spelt in messages."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, Optional

import pytest

from kernel.authoring.type_names import shown
from tests.kernel.authoring.reports import Words


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (Words, "Words"),
        (None, "None"),
        (type(None), "None"),
        (Any, "Any"),
        (list, "list"),
        (list[Words], "list[Words]"),
        (dict[str, Words | None], "dict[str, Words | None]"),
        (Optional[int], "int | None"),  # noqa: UP045 - The old spelling is another type.
        (tuple[int, ...], "tuple[int, ...]"),
        (Literal["a", 1], "Literal['a', 1]"),
        (Annotated[Words, "long"], "Words"),
        (Callable[[int], str], "Callable[[int], str]"),
        ("Later", "Later"),
    ],
)
def test_a_type_is_shown_as_its_author_wrote_it(annotation: Any, text: str) -> None:
    assert shown(annotation) == text
