"""Ids and names that follow from what was decorated, where the author gives none."""

import inspect
import re
from typing import Final

IDENTIFIER: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
# A name becomes part of names in AWS, beside the queues of everybody else: those two are taken.
QUEUE: Final = re.compile(r"(?!(?:default|urgent)$)[a-z][a-z0-9]{0,29}")
QUEUE_RULE: Final = (
    "start with a small letter, then up to 29 small letters or digits; 'default' and 'urgent' are"
    " the queues of stages that name none"
)
RULE: Final = "start with a small letter, then up to 63 small letters, digits, '_' or '-'"

_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def is_identifier(text: object) -> bool:
    return isinstance(text, str) and IDENTIFIER.fullmatch(text) is not None


def is_queue_name(text: object) -> bool:
    return isinstance(text, str) and QUEUE.fullmatch(text) is not None


def identifier_of(body: type | object) -> str:
    """Return the function's name, or the class's in snake_case."""
    name = str(getattr(body, "__name__", type(body).__name__))
    return _HUMP.sub("_", name).lower() if isinstance(body, type) else name


def in_words(identifier: object) -> str:
    words = re.sub(r"[_-]+", " ", str(identifier)).strip()
    return words[:1].upper() + words[1:]


def first_line_about(body: object) -> str:
    return inspect.cleandoc(body.__doc__ or "").partition("\n")[0]
