"""Stages that ask models, with everything going wrong: each answer is on the bill once.

Money is spent by who holds the lease, and a budget is kept by all who share it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Final

import pytest

from kernel.authoring import Usd
from kernel.model.call import Spending
from kernel.model.change import AddSpending, AddToBill, Change, RequireStage
from tests.simulation.campaign import all_cores
from tests.simulation.chance import Chance
from tests.simulation.crash_points import usual
from tests.simulation.director import Fate
from tests.simulation.drawing import DEFAULT, ROUGH
from tests.simulation.flows import Part, assembled
from tests.simulation.perils import PERILS
from tests.simulation.play import Play, Report
from tests.simulation.setting import ITEMS, RECORDS, Cue, Setting
from tests.simulation.tampering import NOTHING, Tampering
from tests.simulation.trace import Trace

SCHEDULES: Final = 600
AT_ONCE: Final = 50
KINDS: Final = (
    (("asking", "asking", "asking"),),
    (("asking",), ("asking", "asking in checks")),
    (("asking in checks", "asking in checks"), ("asking",)),
)
# Each of up to six calls a stage costs $0.00011; more than $0.0002 is held back for it.
BUDGETS: Final = (None, Usd("1"), Usd("0.0005"), Usd("0.0007"))
ACTS: Final = ("cancel", "rerun 0", "rerun 1", "delete")


def drawn(seed: int, budgets: Sequence[Decimal | None] = BUDGETS) -> Setting:
    chance = Chance(f"models {seed}")
    number = chance.below(len(KINDS))
    groups = tuple(
        tuple(Part(id=f"{'abc'[nth]}{place}", kind=kind, attempts=3) for place, kind in group)
        for nth, group in enumerate(map(enumerate, KINDS[number]))
    )
    flow = assembled(f"askers-{number}", groups)
    rates = {peril.name: peril.rate for peril in PERILS if chance.happens(0.5)}
    acts = [act for act in ACTS if chance.happens(0.15)]
    return Setting(
        layout=chance.one_of((ITEMS, RECORDS)),
        flow=flow,
        turns={part.id: usual(part) for part in flow.parts},
        reruns=tuple(chance.one_of(flow.parts).id for _ in range(2)),
        policy=DEFAULT,
        fate=Fate(rates=rates, switching=chance.one_of((0.05, 0.2, 0.4)), until=300),
        workers=3,
        budget=chance.one_of(budgets),
        cues=tuple(Cue(step=chance.below(400), act=act) for act in acts),
    )


def rough(seed: int) -> Setting:
    """Return a setting in which everybody stalls, and sleeps on leases."""
    setting = drawn(seed, budgets=BUDGETS[2:])
    return replace(setting, fate=Fate(rates=ROUGH, switching=0.2, until=400))


def play(setting: Setting, seed: int, tampering: Tampering = NOTHING) -> Report:
    return Play(setting, seed=seed, tampering=tampering, trace=Trace()).perform()


def failures(seeds: Sequence[int]) -> list[str]:
    reports = ((seed, play(drawn(seed), seed)) for seed in seeds)
    return [
        f"seed {seed}: {report.violations[0]}" for seed, report in reports if report.violations
    ]


def test_each_answer_is_on_the_bill_once_whatever_goes_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shares = [range(first, first + AT_ONCE) for first in range(1, SCHEDULES + 1, AT_ONCE)]

    with all_cores() as cores:
        failed = [one for part in cores.map(failures, shares) for one in part]

    with capsys.disabled():
        print(f"\nmodels: {SCHEDULES} schedules, {len(failed)} violations")
    assert failed == []


def _without_lease(change: Change) -> Change:
    return replace(change, requires=()) if isinstance(change, RequireStage) else change


def _without_limit(change: Change) -> Change:
    if not isinstance(change, AddToBill):
        return change
    kept = tuple(each for each in change.requires if each.field != "committed")
    return replace(change, requires=kept)


def _held_back_for_good(change: Change) -> Change:
    if not isinstance(change, AddToBill) or not change.adds.calls:
        return change
    return replace(change, adds=replace(change.adds, held=0))


def _spent_elsewhere(change: Change) -> Change:
    if not isinstance(change, AddSpending):
        return change
    spending: Spending = replace(change.spending, topic=f"{change.spending.topic}s")
    return replace(change, spending=spending)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (_without_lease, "was begun by a worker that does not hold its stage"),
        (_without_limit, "the run may spend"),
        (_held_back_for_good, "and its calls came to"),
        (_spent_elsewhere, "topics say"),
    ],
)
def test_an_engine_that_keeps_the_bill_badly_is_found_out(
    changed: Callable[[Change], Change], said: str
) -> None:
    tampering = Tampering(change=changed)

    found = next(_found(tampering, said), None)

    assert found is not None


def _found(tampering: Tampering, said: str) -> Iterator[int]:
    """Yield the seeds whose schedules say so, of the engine so changed and of no other."""
    for seed in range(1, 400):
        reports = map(partial(play, rough(seed), seed), (tampering, NOTHING))
        tampered, sound = reports
        if any(said in each for each in tampered.violations) and not sound.violations:
            yield seed
