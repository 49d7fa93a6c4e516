"""Types as their authors wrote them, for sentences about them."""

from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin


def shown(annotation: Any) -> str:
    origin, parts = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return shown(parts[0])
    if origin in (Union, UnionType):
        return " | ".join(map(shown, parts))
    if not parts:
        return _plain(annotation)
    words = map(repr, parts) if origin is Literal else map(shown, parts)
    return f"{_plain(origin)}[{', '.join(words)}]"


def _plain(annotation: Any) -> str:
    if annotation is None or annotation is NoneType:
        return "None"
    if annotation is Ellipsis:
        return "..."
    if isinstance(annotation, list):  # The arguments of a callable.
        return f"[{', '.join(map(shown, annotation))}]"
    return str(getattr(annotation, "__name__", annotation)).removeprefix("typing.")
