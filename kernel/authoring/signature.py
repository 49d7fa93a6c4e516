"""The types of a stage, from the annotations of the function or class that it is made of."""

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Final, get_args

from kernel.authoring.annotations import Body, Said, kind, needed_by, said_by
from kernel.authoring.fitting import fits
from kernel.authoring.type_names import shown
from kernel.authoring.verdict import Completed, Failed, NotReady, Ready, Suspend

_SAID_BY_CHECK: Final = (Ready, NotReady, Failed)


@dataclass(frozen=True, kw_only=True)
class Signature:
    """The types of a stage; None stands for what it does not have."""

    input: Any = None
    config: Any = None
    output: Any = None
    state: Any = None
    problems: tuple[str, ...] = ()


def signature_of(body: Body, *, polls: bool) -> Signature:
    """Read what *body* takes and gives; what is wrong is in the answer."""
    problems = tuple(_problems_of_shape(body, polls=polls))
    if problems:
        return Signature(problems=problems)
    if not isinstance(body, type):
        return _of_one(said_by(body, body.__name__, ("ctx",)))
    made: Any = body
    execute = said_by(made.execute, f"{body.__name__}.execute", ("self", "ctx"))
    if not polls:
        return _of_one(execute)
    check = said_by(made.check, f"{body.__name__}.check", ("self", "ctx", "state"))
    return _of_both(execute, check)


def _of_one(execute: Said) -> Signature:
    plain = [part for part in execute.results if kind(part) is not Suspend]
    return Signature(
        input=execute.input,
        config=execute.config,
        # A stage that only suspends gets its output from a callback, which may bring anything.
        output=_union(plain) if plain else Any,
        state=_union(part for part in execute.results if kind(part) is Suspend),
        problems=(*execute.problems, *_misplaced(execute)),
    )


def _of_both(execute: Said, check: Said) -> Signature:
    state = _union(part for part in execute.results if kind(part) is Suspend)
    return Signature(
        input=execute.input,
        config=execute.config,
        output=_union(part for part in check.results if kind(part) is Ready),
        state=state,
        problems=(
            *execute.problems,
            *check.problems,
            *([] if execute.problems or check.problems else _disagreements(execute, check)),
        ),
    )


def _misplaced(execute: Said) -> Iterator[str]:
    if any(kind(part) in _SAID_BY_CHECK for part in execute.results):
        yield f"`{execute.where}` returns what only the check of a batch stage may return"


def _disagreements(execute: Said, check: Said) -> Iterator[str]:
    first, then = execute.where, check.where
    state = _union(part for part in execute.results if kind(part) is Suspend)
    if {kind(part) for part in execute.results} - {Completed} != {Suspend}:
        yield f"`{first}` must return Suspend[State], or Completed[Output] when it need not wait"
    elif not fits(state, check.state):
        yield f"`{first}` suspends with {shown(state)}, but `{then}` takes {shown(check.state)}"
    if not Ready in {kind(part) for part in check.results} <= set(_SAID_BY_CHECK):
        yield f"`{then}` must return Ready[Output], and may return NotReady or Failed"
    if (execute.input, execute.config) != (check.input, check.config):
        yield f"`{first}` and `{then}` must take the same StageContext"


def _union(parts: Iterable[Any]) -> Any:
    """Return what is inside the verdicts, as one type; None for no parts."""
    inside = [_inside(part) for part in parts]
    return reduce(or_, inside) if inside else None


def _inside(part: Any) -> Any:
    if kind(part) in (Completed, Ready, Suspend):
        return (get_args(part) or (Any,))[0]
    return part


def _problems_of_shape(body: Body, *, polls: bool) -> Iterator[str]:
    if not isinstance(body, type):
        if polls:
            yield f"`{body.__name__}` is a function; a batch stage is a class"
        return
    wanted = ("execute", "check") if polls else ("execute",)
    lacking = [name for name in wanted if not inspect.isfunction(getattr(body, name, None))]
    yield from (f"`{body.__name__}` has no method {name}" for name in lacking)
    if hasattr(body, "check") and not polls:
        yield f"`{body.__name__}` has a check; decorate it with @batch_stage"
    if not lacking and needed_by(body):
        yield f"`{body.__name__}` cannot be made without arguments; give them defaults"
