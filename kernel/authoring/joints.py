"""Where one group ends and the next begins: what is given there has to fit what is taken."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from kernel.authoring.fitting import fits, gaps
from kernel.authoring.schema import Schema
from kernel.authoring.shapes import keyed
from kernel.authoring.stage import Stage
from kernel.authoring.type_names import shown

Group: TypeAlias = tuple[Stage[Any, Any], ...]


@dataclass(frozen=True, kw_only=True)
class _Offer:
    """What is there for whoever comes next, as a type and in words."""

    of: Any
    words: str


def problems_between(
    taken: Schema, groups: tuple[Group, ...], given: Schema | None
) -> Iterator[str]:
    offer = _Offer(of=taken.of, words=f"the run's input is {shown(taken.of)}")
    for group in groups:
        for stage in group:
            yield from _misfit(offer, stage.input, f"stage '{stage.id}' takes")
        offer = _offer_of(group)
    yield from _misfit(offer, given, "the workflow's output is")


def _misfit(offer: _Offer, wanted: Schema | None, who: str) -> Iterator[str]:
    if wanted is None or fits(offer.of, wanted.of):
        return
    reasons = gaps(offer.of, wanted.of)
    details = f": {' and '.join(reasons)}" if reasons else ""
    yield f"{who} {shown(wanted.of)}, but {offer.words}{details}"


def _offer_of(group: Group) -> _Offer:
    """One stage gives its output; several give an object with each output under its stage's id."""
    if any(stage.signature.problems for stage in group):
        return _Offer(of=Any, words="")
    members = {stage.id: _given_by(stage) for stage in group}
    if len(group) == 1:
        [(stage_id, of)] = members.items()
        return _Offer(of=of, words=f"stage '{stage_id}' gives {shown(of)}")
    ids = ", ".join(f"'{stage_id}'" for stage_id in members)
    return _Offer(of=keyed(members), words=f"the group before gives an object of {ids}")


def _given_by(stage: Stage[Any, Any]) -> Any:
    return stage.output.of | None if stage.when else stage.output.of
