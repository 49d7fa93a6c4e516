"""Random workflows. There are some dozen of them, so that each is built once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, TypeAlias

from kernel.authoring import Workflow, workflow
from kernel.authoring.stage import Stage
from tests.simulation import askers
from tests.simulation.bodies import called, conditional, plain, polled
from tests.simulation.chance import Chance

FLOWS: Final = 64

Maker: TypeAlias = Callable[[str, int], Stage[Any, Any]]

MAKERS: Final[Mapping[str, Maker]] = {
    "plain": plain,
    "conditional": conditional,
    "polled": polled,
    "called": called,
    "asking": askers.asking,
    "asking in checks": askers.asking_in_checks,
}
# Most stages are plain, as in life.
KINDS: Final = ("plain", "plain", "conditional", "polled")
WIDTHS: Final = (1, 1, 1, 2, 2, 3, 4)
LENGTHS: Final = (1, 1, 2, 2, 3)
MOST_STAGES: Final = 4


@dataclass(frozen=True, kw_only=True)
class Part:
    """One stage of a flow."""

    id: str
    kind: str
    attempts: int


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A workflow's groups, and the workflow.

    Args:
        next: How it looks after a deployment that fits what runs have made.
        other: How it looks after one that does not.
    """

    groups: tuple[tuple[Part, ...], ...]
    workflow: Workflow
    next: Workflow
    other: Workflow

    @property
    def parts(self) -> list[Part]:
        return [part for group in self.groups for part in group]


@cache
def flow(number: int) -> Flow:
    """Return the flow of that *number*, below `FLOWS`."""
    return assembled(f"flow-{number}", tuple(_groups(Chance(f"flow {number}"))))


@cache
def assembled(name: str, groups: tuple[tuple[Part, ...], ...]) -> Flow:
    """Return the flow of *groups*; deployments add a group at its end, or rename the first."""
    more = (*groups, (Part(id="added", kind="plain", attempts=2),))
    renamed = tuple(replace(part, id=f"x{part.id}") for part in groups[0])
    return Flow(
        groups=groups,
        workflow=_built(name, groups),
        next=_built(name, more),
        other=_built(name, (renamed, *groups[1:])),
    )


def _groups(chance: Chance) -> Iterator[tuple[Part, ...]]:
    left = MOST_STAGES
    for letter in "abc"[: chance.one_of(LENGTHS)]:
        group = _group(chance, letter, min(chance.one_of(WIDTHS), left))
        left = max(left - len(group), 1)
        yield group


def _group(chance: Chance, letter: str, width: int) -> tuple[Part, ...]:
    return tuple(
        Part(
            id=f"{letter}{place}" if width > 1 else letter,
            kind=chance.one_of(KINDS),
            attempts=chance.between(1, 3),
        )
        for place in range(1, width + 1)
    )


def _built(name: str, groups: tuple[tuple[Part, ...], ...]) -> Workflow:
    builder = workflow(name, input=int)
    if any(part.kind in askers.KINDS for group in groups for part in group):
        builder = builder.register_models(askers.PRICED)
    for group in groups:
        stages = [MAKERS[part.kind](part.id, part.attempts) for part in group]
        builder = builder.parallel(*stages) if len(stages) > 1 else builder.pipe(stages[0])
    return builder.build()
