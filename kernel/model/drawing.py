"""The state machines as diagrams for Mermaid, drawn of the tables that the engine follows."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from kernel.model.status import Status

Arrows: TypeAlias = Mapping[Status, frozenset[Status]]


def drawn(arrows: Arrows) -> str:
    """Return the diagram: all begins PENDING, and ends where no arrow leads on."""
    return "\n".join(["stateDiagram-v2", *_lines(arrows)]) + "\n"


def arrows_of(arrows: Arrows) -> Iterator[tuple[Status, Status]]:
    """Yield every arrow, from where to where, in the order of `Status`."""
    for source in Status:
        yield from ((source, target) for target in Status if target in arrows.get(source, ()))


def _lines(arrows: Arrows) -> Iterator[str]:
    yield f"    [*] --> {Status.PENDING}"
    yield from (f"    {source} --> {target}" for source, target in arrows_of(arrows))
    yield from (f"    {last} --> [*]" for last in Status if last in arrows and not arrows[last])
