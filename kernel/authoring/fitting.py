"""Whether what one stage gives is what the next one takes."""

from collections.abc import Mapping, MutableMapping
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    Never,
    NewType,
    NoReturn,
    NotRequired,
    Required,
    TypeAlias,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from pydantic import JsonValue, RootModel

from kernel.authoring.shapes import Field, shape_of
from kernel.authoring.type_names import shown

_Pairs: TypeAlias = tuple[tuple[Any, Any], ...]

_WRAPPERS: Final = (Annotated, Required, NotRequired)
_OBJECTS: Final = (dict, Mapping, MutableMapping)


def fits(offered: Any, wanted: Any, above: _Pairs = ()) -> bool:
    """Whether JSON written as *offered* can be read as *wanted*, as far as types tell.

    Args:
        above: What is being asked already; a type that holds itself ends there.
    """
    offered, wanted = _bare(offered), _bare(wanted)
    if wanted in (Any, object) or offered in (Any, Never, NoReturn, wanted):
        return True
    if (offered, wanted) in above:
        return True
    inside = (*above, (offered, wanted))
    if alternatives := _alternatives(offered):
        return all(fits(one, wanted, inside) for one in alternatives)
    if alternatives := _alternatives(wanted):
        return any(fits(offered, one, inside) for one in alternatives)
    return _fits_alone(offered, wanted, inside)


def gaps(offered: Any, wanted: Any, above: _Pairs = ()) -> list[str]:
    """Say which fields of *wanted* have nothing to be read from."""
    given, taken = shape_of(_bare(offered)), shape_of(_bare(wanted))
    if given is None or taken is None:
        return []
    written = {field.written: field for field in given.fields}
    found = [_gap(field, written, above) for field in taken.fields]
    read = {key for field in taken.fields for key in field.read}
    unread = sorted(written.keys() - read) if taken.closed else []
    return [*filter(None, found), *(f"it forbids the field '{key}'" for key in unread)]


def _gap(field: Field, written: dict[str, Field], above: _Pairs) -> str:
    given = next((written[key] for key in field.read if key in written), None)
    if field.required and not (given and given.certain):
        return f"its field '{field.read[0]}' is missing"
    if given is None or fits(given.of, field.of, above):
        return ""
    return f"its field '{given.written}' is {shown(field.of)}, which {shown(given.of)} is not"


def _fits_alone(offered: Any, wanted: Any, above: _Pairs) -> bool:
    if get_origin(offered) is Literal:
        return fits(type(get_args(offered)[0]), wanted, above)
    given = shape_of(offered)
    if given and shape_of(wanted):
        return not gaps(offered, wanted, above)
    if given and (get_origin(wanted) or wanted) in _OBJECTS:
        member = (get_args(wanted) or (str, Any))[1]
        return all(fits(field.of, member, above) for field in given.fields)
    return _fits_by_class(offered, wanted, above)


def _fits_by_class(offered: Any, wanted: Any, above: _Pairs) -> bool:
    given, taken = get_origin(offered) or offered, get_origin(wanted) or wanted
    if not isinstance(given, type) or not isinstance(taken, type):
        return False
    if taken is float and issubclass(given, int):
        return True
    return _is_narrower(given, taken) and _arguments_fit(offered, wanted, above)


def _is_narrower(given: type, taken: type) -> bool:
    if issubclass(given, str | bytes) and taken.__module__ == "collections.abc":
        return False  # Text is a sequence in Python, but no list in JSON.
    try:
        return issubclass(given, taken)
    except TypeError:  # A protocol that cannot be asked.
        return True


def _arguments_fit(offered: Any, wanted: Any, above: _Pairs) -> bool:
    given, taken = get_args(offered), get_args(wanted)
    if not given or not taken:
        return True
    if get_origin(offered) is tuple:
        return _tuple_fits(given, taken, above, to_tuple=get_origin(wanted) is tuple)
    pairs = zip(given, taken, strict=False)
    return len(given) != len(taken) or all(fits(one, other, above) for one, other in pairs)


def _tuple_fits(
    given: tuple[Any, ...], taken: tuple[Any, ...], above: _Pairs, *, to_tuple: bool
) -> bool:
    members = [member for member in given if member is not Ellipsis]
    if to_tuple and Ellipsis not in taken:
        pairs = zip(given, taken, strict=False)
        return len(given) == len(taken) and all(fits(one, other, above) for one, other in pairs)
    return all(fits(member, taken[0], above) for member in members)


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    parts = get_args(annotation)
    if get_origin(annotation) is Literal and len(parts) > 1:
        return tuple(Literal[part] for part in parts)
    return parts if get_origin(annotation) in (Union, UnionType) else ()


def _bare(annotation: Any) -> Any:
    """Return *annotation* without what does not change how its JSON looks."""
    while annotation is not JsonValue and (inner := _under(annotation)) is not annotation:
        annotation = inner
    if annotation is JsonValue or isinstance(annotation, TypeVar):
        return Any
    return NoneType if annotation is None else annotation


def _under(annotation: Any) -> Any:
    if get_origin(annotation) in _WRAPPERS:
        return get_args(annotation)[0]
    if isinstance(annotation, NewType):
        return annotation.__supertype__
    if isinstance(annotation, type) and issubclass(annotation, RootModel):
        return annotation.model_fields["root"].annotation
    return getattr(annotation, "__value__", annotation)
