"""`AWS::LanguageExtensions` as far as `template.yaml` needs it: each loop, spelt out.

CloudFormation does it when it deploys. Whoever looks at the template here, or holds it in an
account of its own, cannot.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

_LOOP: Final = "Fn::ForEach::"
_EXTENSIONS: Final = "AWS::LanguageExtensions"


def expand(
    template: Mapping[str, Any], *, parameters: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Return *template* without loops.

    Args:
        parameters: Values for the template's parameters, where not the defaults.
    """
    values = {name: each.get("Default") for name, each in template.get("Parameters", {}).items()}
    values |= parameters or {}
    transforms = [each for each in _listed(template.get("Transform", [])) if each != _EXTENSIONS]
    expanded: dict[str, Any] = _expanded(template, values)
    return {**expanded, "Transform": transforms}


def _expanded(node: Any, values: Mapping[str, Any]) -> Any:
    match node:
        case dict():
            return dict(_entries(node, values))
        case list():
            return [_expanded(each, values) for each in node]
        case _:
            return node


def _entries(node: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if not key.startswith(_LOOP):
            yield key, _expanded(value, values)
            continue
        name, collection, body = value
        for each in _items(collection, values):
            yield from _entries(_named(body, name, each), values)


def _items(collection: Any, values: Mapping[str, Any]) -> list[str]:
    match collection:
        case {"Ref": str(parameter)}:
            return [part.strip() for part in str(values[parameter]).split(",")]
        case list():
            return collection
    raise ValueError(f"Nobody here knows how to go through {collection!r}.")


def _named(node: Any, name: str, value: str) -> Any:
    """Return *node* with the loop's *name* replaced by one *value*."""
    match node:
        case {"Ref": str(referred)} if referred == name:
            return value
        case dict():
            return _plain(
                {
                    _replaced(key, name, value): _named(each, name, value)
                    for key, each in node.items()
                }
            )
        case list():
            return [_named(each, name, value) for each in node]
        case str():
            return _replaced(node, name, value)
        case _:
            return node


def _plain(node: dict[str, Any]) -> Any:
    """Return what *node* comes to where nothing in it is left to be put in."""
    match node:
        case {"Fn::Sub": str(text)} if "${" not in text:
            return text
    return node


def _replaced(text: str, name: str, value: str) -> str:
    return text.replace(f"${{{name}}}", value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
