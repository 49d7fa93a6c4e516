"""What the annotations of one function say, and what they fail to say."""

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Final, TypeAlias, Union, get_args, get_origin, get_type_hints

from kernel.authoring.context import StageContext
from kernel.authoring.type_names import shown

Body: TypeAlias = Callable[..., Any]

_ADVICE: Final = "write `ctx: StageContext[Input, Config]`, with None for what it does not need"
_LATER: Final = (Awaitable, Coroutine)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What one function takes and may return; *results* are the parts of a union."""

    where: str
    input: Any = None
    config: Any = None
    state: Any = None
    results: tuple[Any, ...] = ()
    problems: tuple[str, ...] = ()


def said_by(function: Body, where: str, arguments: tuple[str, ...]) -> Said:
    """Read *function*, which takes the *arguments*; what is wrong is in the answer."""
    names = needed_by(function)
    if len(names) != len(arguments):
        problem = f"`{where}` must take {' and '.join(arguments)}, and nothing else"
        return Said(where=where, problems=(problem,))
    try:
        hints = get_type_hints(function, include_extras=True)
    except NameError as error:
        return Said(where=where, problems=(_unknown_name(function, where, error),))
    except (AttributeError, SyntaxError, TypeError) as error:
        problem = f"the annotations of `{where}` cannot be read: {error}"
        return Said(where=where, problems=(problem,))
    return _said(where, hints, dict(zip(arguments, names, strict=True)))


def needed_by(function: Body) -> list[str]:
    """Return the arguments that a call cannot leave out."""
    return [
        name
        for name, one in inspect.signature(function).parameters.items()
        if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]


def kind(annotation: Any) -> Any:
    return get_origin(annotation) or annotation


def _said(where: str, hints: dict[str, Any], names: dict[str, str]) -> Said:
    input_type, config, problem = _context_types(where, hints.get(names["ctx"]))
    problems = [problem] if problem else []
    state = names.get("state")
    if state and state not in hints:
        problems.append(f"`{where}` does not say what `{state}` is; write `{state}: State`")
    if "return" not in hints:
        problems.append(f"`{where}` does not say what it returns; write `-> Output`")
    return Said(
        where=where,
        input=input_type,
        config=config,
        state=hints.get(state or ""),
        results=tuple(_parts(hints.get("return"))),
        problems=tuple(problems),
    )


def _context_types(where: str, annotation: Any) -> tuple[Any, Any, str]:
    if annotation is None:
        return None, None, f"`{where}` does not say what it takes; {_ADVICE}"
    if get_origin(annotation) is not StageContext:
        return None, None, f"`{where}` takes {shown(annotation)}; {_ADVICE}"
    input_type, config = (None if part is NoneType else part for part in get_args(annotation))
    return input_type, config, ""


def _parts(annotation: Any) -> Iterator[Any]:
    annotation = getattr(annotation, "__value__", annotation)
    if get_origin(annotation) in _LATER:
        yield from _parts(get_args(annotation)[-1])
    elif get_origin(annotation) in (Union, UnionType):
        for part in get_args(annotation):
            yield from _parts(part)
    else:
        yield annotation


def _unknown_name(function: Body, where: str, error: NameError) -> str:
    return (
        f"the annotations of `{where}` name {error.name}, which {function.__module__} does not "
        "define at its top; move it there, for annotations are read after the function was made"
    )
