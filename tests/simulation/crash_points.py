"""Every single place at which a process can die, in some plain schedules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from kernel.authoring import Usd
from kernel.model.policy import Policy
from tests.simulation.director import Fate
from tests.simulation.drawing import ALL_EVENTS, DEFAULT
from tests.simulation.flows import Part, assembled
from tests.simulation.perils import PERILS
from tests.simulation.play import Play, Report
from tests.simulation.setting import ITEMS, RECORDS, Cue, Setting
from tests.simulation.trace import Trace

ENDLESS: Final = 100_000
CRASHES: Final = tuple(peril for peril in PERILS if peril.name in {"crash", "crash after"})
A_LEASE: Final = timedelta(seconds=30)
LOUD: Final = replace(DEFAULT, published=ALL_EVENTS)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A plain schedule: kinds of stages by group, what some of them do, who interferes."""

    name: str
    groups: tuple[tuple[str, ...], ...]
    turns: Mapping[str, Any] | None = None
    cues: tuple[Cue, ...] = ()
    reruns: tuple[str, ...] = ()
    policy: Policy = DEFAULT
    poisoned: tuple[str, ...] = ()
    lease: timedelta | None = None
    lasts: timedelta = timedelta()
    budget: Decimal | None = None


CASES: Final = (
    Case(name="one", groups=(("plain",),)),
    Case(name="three", groups=(("plain",), ("plain",), ("plain",)), policy=LOUD),
    Case(name="diamond", groups=(("plain",), ("plain", "plain"), ("plain",))),
    Case(name="fan", groups=(("plain", "plain", "plain"),), policy=LOUD),
    Case(
        name="polled", groups=(("polled",), ("plain",)), turns={"a": {"polls": ["wait", "ready"]}}
    ),
    Case(name="polled siblings", groups=(("polled", "polled"),)),
    Case(
        name="called",
        groups=(("called",), ("plain",)),
        cues=(Cue(step=0, act="answer"),),
    ),
    Case(
        name="called siblings",
        groups=(("called", "called"), ("plain",)),
        cues=(Cue(step=0, act="answer"), Cue(step=1, act="answer")),
        policy=LOUD,
    ),
    Case(
        name="conditional",
        groups=(("conditional", "conditional"), ("conditional",), ("plain",)),
        turns={"a1": {"wanted": False}, "b": {"wanted": False}},
    ),
    Case(
        name="failing",
        groups=(("plain", "plain"), ("plain",)),
        turns={"a1": {"turns": ["raise", "fatal"]}, "a2": {"turns": ["after:5", "done"]}},
    ),
    Case(name="cancelled", groups=(("plain", "polled"),), cues=(Cue(step=40, act="cancel"),)),
    Case(
        name="cancelled twice",
        groups=(("polled",),),
        cues=(Cue(step=30, act="cancel"), Cue(step=30, act="cancel once")),
    ),
    Case(
        name="rerun",
        groups=(("plain",), ("plain", "plain")),
        cues=(Cue(step=ENDLESS - 1, act="rerun 0"),),
        reruns=("b1",),
    ),
    Case(
        name="refused and replayed",
        groups=(("plain", "plain"), ("plain",)),
        policy=replace(LOUD, publish_tries=2),
        poisoned=("workflow:started", "stage:completed"),
        cues=tuple(Cue(step=ENDLESS - 1, act="replay") for _ in range(2)),
    ),
    Case(
        name="renewed",
        groups=(("plain",), ("plain", "plain")),
        lease=A_LEASE,
        lasts=1.5 * A_LEASE,
    ),
    Case(
        name="cancelled between beats",
        groups=(("plain", "plain"),),
        lease=A_LEASE,
        lasts=1.5 * A_LEASE,
        cues=(Cue(step=60, act="cancel"),),
    ),
    Case(
        name="stopped",
        groups=(("plain", "polled"), ("plain",)),
        turns={"a1": {"asks": True}},
        lease=A_LEASE,
        lasts=A_LEASE,
        cues=(Cue(step=0, act="stop"), Cue(step=1, act="stop a check")),
    ),
    Case(name="asking", groups=(("asking",), ("asking", "plain")), budget=Usd("1")),
    Case(name="asking in checks", groups=(("asking in checks",), ("plain",))),
    # Each of three calls costs $0.00011, and little more than $0.0002 is held back for it.
    Case(name="over budget", groups=(("asking", "asking"),), budget=Usd("0.0005")),
)


def settings() -> Iterator[tuple[str, Setting]]:
    """Yield each case on each layout, with what to call it."""
    for case in CASES:
        for layout in (RECORDS, ITEMS):
            yield f"{case.name} as {layout}", _setting(case, layout)


def played(setting: Setting, *, strike: tuple[int, str] | None = None) -> Report:
    """Play *setting* with one process dying at one place, or with none dying at all."""
    perils = {peril.name: peril for peril in CRASHES}
    struck = (strike[0], perils[strike[1]]) if strike else None
    fate = Fate(rates={}, until=ENDLESS, strike=struck)
    return Play(replace(setting, fate=fate), seed=0, trace=Trace()).perform()


def crash_points(setting: Setting) -> tuple[int, list[str]]:
    """Return how many places there are, and what went wrong at which."""
    undisturbed = played(setting)
    wrong = [f"undisturbed: {problem}" for problem in undisturbed.violations]
    points = 0
    for place in range(1, undisturbed.calls + 1):
        for crash in CRASHES:
            report = played(setting, strike=(place, crash.name))
            points += report.struck
            wrong += [f"{crash.name} {place}: {problem}" for problem in report.violations[:1]]
    return points, wrong


def _setting(case: Case, layout: str) -> Setting:
    groups = tuple(
        tuple(_part(nth, place, kind, len(group)) for place, kind in enumerate(group, start=1))
        for nth, group in enumerate(case.groups)
    )
    flow = assembled(case.name.replace(" ", "-"), groups)
    turns = {part.id: usual(part) | (case.turns or {}).get(part.id, {}) for part in flow.parts}
    return Setting(
        layout=layout,
        flow=flow,
        turns=turns,
        reruns=case.reruns,
        policy=case.policy,
        poisoned=case.poisoned,
        lease=case.lease,
        budget=case.budget,
        lasts={part.id: case.lasts for part in flow.parts},
        fate=Fate(rates={}, until=ENDLESS),
        cues=case.cues,
    )


def _part(nth: int, place: int, kind: str, width: int) -> Part:
    return Part(id=f"{'abc'[nth]}{place if width > 1 else ''}", kind=kind, attempts=2)


def usual(part: Part) -> dict[str, Any]:
    waits = part.kind in {"polled", "called", "asking in checks"}
    return {"turns": ["wait" if waits else "done"], "polls": ["ready"]}
