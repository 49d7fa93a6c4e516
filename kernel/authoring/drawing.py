"""A workflow as a flowchart for Mermaid."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from kernel.authoring.stage import Stage

# Mermaid reads "#name;" as a character, and the rest as its own grammar or as HTML.
_ESCAPES = {'"': "#quot;", "#": "#35;", "&": "#amp;", "<": "#lt;", ">": "#gt;", "`": "#96;"}


def drawn(groups: tuple[tuple[Stage[Any, Any], ...], ...]) -> str:
    return "\n".join(["flowchart TD", *_lines(groups)]) + "\n"


def _lines(groups: tuple[tuple[Stage[Any, Any], ...], ...]) -> Iterator[str]:
    # Stage ids may be words of Mermaid's own, such as "end", so nodes are numbered.
    nodes = {stage.id: f"s{nth}" for nth, stage in enumerate(_each(groups), start=1)}
    for number, group in enumerate(groups, start=1):
        yield from _group_lines(number, [_node(nodes[stage.id], stage) for stage in group])
    ends = [_end(number, group, nodes) for number, group in enumerate(groups, start=1)]
    yield from (f"    {one} --> {other}" for one, other in pairwise(ends))
    for stage in _each(groups):
        yield from (f"    {nodes[one]} -.-> {nodes[stage.id]}" for one in stage.dependencies)


def _group_lines(number: int, nodes: list[str]) -> Iterator[str]:
    if len(nodes) == 1:
        yield f"    {nodes[0]}"
        return
    yield f'    subgraph g{number}["Group {number}"]'
    yield from (f"        {node}" for node in nodes)
    yield "    end"


def _node(node: str, stage: Stage[Any, Any]) -> str:
    """A stage that may be skipped has another outline."""
    left, right = ("{{", "}}") if stage.when else ("[", "]")
    return f'{node}{left}"{_escaped(stage.name)}"{right}'


def _end(number: int, group: tuple[Stage[Any, Any], ...], nodes: dict[str, str]) -> str:
    return nodes[group[0].id] if len(group) == 1 else f"g{number}"


def _each(groups: tuple[tuple[Stage[Any, Any], ...], ...]) -> Iterator[Stage[Any, Any]]:
    return (stage for group in groups for stage in group)


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(letter, letter) for letter in " ".join(text.split()))
