"""From a seed to a setting: the workflow, what its stages do, and what may befall."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from kernel.model.json import Json
from kernel.model.policy import Policy
from tests.simulation.acts import ACTS, MOST_RERUNS
from tests.simulation.chance import Chance
from tests.simulation.director import Fate
from tests.simulation.flows import FLOWS, Part, assembled, flow
from tests.simulation.perils import PERILS
from tests.simulation.setting import ITEMS, RECORDS, Cue, Setting
from tests.simulation.stops import STOPS

DEFAULT: Final = Policy(
    progress_every=timedelta(milliseconds=1), callback_base="https://api.example.org"
)
ALL_EVENTS: Final = ("workflow:*", "stage:*")
ROUGH: Final = {"stall": 0.08, "stall after": 0.05, "oversleep": 0.02, "linger": 0.02}
POLICIES: Final = (
    DEFAULT,
    replace(DEFAULT, published=ALL_EVENTS),
    replace(DEFAULT, published=("workflow:*",)),
    replace(DEFAULT, published=ALL_EVENTS, bell_limit=0, inline_limit=200),
    replace(DEFAULT, published=(), bell_limit=0),
    replace(DEFAULT, retention=timedelta(minutes=30)),
    replace(DEFAULT, published=ALL_EVENTS, publish_tries=2),
)
LEASES: Final = (timedelta(seconds=20), timedelta(seconds=60))
SKEWS: Final = (timedelta(seconds=3), timedelta(minutes=1), timedelta(minutes=5))


def drawn(seed: int) -> Setting:
    """Return the setting of *seed*."""
    setting = _with_calls(_without_calls(seed), Chance(f"calls {seed}"))
    return _with_leases(setting, Chance(f"leases {seed}"))


def _with_calls(setting: Setting, chance: Chance) -> Setting:
    """Let some stages wait for a call, in some settings; the others stay as they were."""
    if not chance.happens(0.2):
        return setting
    groups = tuple(
        tuple(replace(part, kind="called") if chance.happens(0.6) else part for part in group)
        for group in setting.flow.groups
    )
    made = assembled(f"{setting.flow.workflow.id}-called", groups)
    called = [part.id for part in made.parts if part.kind == "called"]
    waits = {id_: chance.one_of((100, 1_800, 1_800)) for id_ in called}
    answers = [chance.one_of(("answer", "answer", "answer somehow")) for _ in range(6)]
    return replace(
        setting,
        flow=made,
        turns={id_: _told(turns, waits.get(id_)) for id_, turns in setting.turns.items()},
        cues=(*setting.cues, *(Cue(step=chance.below(250), act=act) for act in answers)),
    )


def _with_leases(setting: Setting, chance: Chance) -> Setting:
    """Let workers renew short leases, in some settings, and bodies take longer than those."""
    if not chance.happens(0.2):
        return setting
    lease = chance.one_of(LEASES)
    lasts = {part.id: lease * chance.one_of((0, 0.5, 2, 4)) for part in setting.flow.parts}
    asking = {id_: _asking(turns) for id_, turns in setting.turns.items() if chance.happens(0.5)}
    acts = [act.name for act in STOPS for _ in range(act.most) if chance.happens(0.3)]
    stops = [Cue(step=chance.below(300), act=act) for act in acts]
    return replace(
        setting,
        lease=lease,
        lasts=lasts,
        turns={**setting.turns, **asking},
        cues=(*setting.cues, *stops),
    )


def _asking(turns: Json) -> Json:
    return {**turns, "asks": True} if isinstance(turns, dict) else turns


def _without_calls(seed: int) -> Setting:
    chance = Chance(f"setting {seed}")
    chosen = flow(chance.below(FLOWS))
    return Setting(
        layout=chance.one_of((ITEMS, ITEMS, RECORDS)),
        flow=chosen,
        turns={
            part.id: _turns(chance, part, Chance(f"{part.id} {seed}")) for part in chosen.parts
        },
        reruns=tuple(chance.one_of(chosen.parts).id for _ in range(MOST_RERUNS)),
        policy=chance.one_of(POLICIES),
        fate=Fate(
            rates=_rates(chance),
            switching=chance.one_of((0.02, 0.06, 0.15, 0.4)),
            until=chance.between(20, 300),
        ),
        workers=chance.between(1, 3),
        visibility=timedelta(minutes=chance.one_of((1, 6, 15))),
        skew=_skew(Chance(f"clocks {seed}")),
        starts_in=timedelta(minutes=chance.between(1, 40)) if chance.happens(0.05) else None,
        cues=_cues(chance),
    )


def rough(setting: Setting) -> Setting:
    """Return the same, where everybody stalls and sleeps on leases: for what else is too rare."""
    fate = replace(setting.fate, rates=ROUGH, switching=0.15, until=400)
    return replace(setting, fate=fate, skew=timedelta(), workers=3)


def _skew(chance: Chance) -> timedelta:
    """Let clocks agree, mostly. AWS answers no machine that is off by more than five minutes."""
    return chance.one_of(SKEWS) if chance.happens(0.2) else timedelta()


def _rates(chance: Chance) -> dict[str, float]:
    """Let some perils be there, each as rarely or as often as it likes."""
    there = chance.some_of(PERILS, probability=0.4)
    return {peril.name: peril.rate * 8 ** (chance.draw() * 2 - 1) for peril in there}


def _cues(chance: Chance) -> tuple[Cue, ...]:
    eagerness = chance.one_of((1, 1, 3))
    wanted = [act for act in ACTS for _ in range(act.most)]
    there = [act for act in wanted if chance.happens(act.probability * eagerness)]
    return tuple(Cue(step=chance.below(150), act=act.name) for act in there)


def _turns(chance: Chance, part: Part, aside: Chance) -> dict[str, Json]:
    turns: dict[str, Json] = {"turns": [*_each_turn(chance, part)]}
    if part.kind == "conditional":
        turns["wanted"] = chance.happens(0.5)
    if part.kind == "polled":
        turns["polls"] = [*_each_poll(chance, aside)]
        turns["poll_every"] = chance.one_of((30, 60, 400))
        turns["max_wait"] = chance.one_of((100, 1_800, 1_800))
    if chance.happens(0.15):
        turns["chatty"] = chance.between(1, 3)
    return turns


def _told(turns: Json, max_wait: int | None) -> Json:
    """Return *turns*, with a wait for a call at their end where there is to be one."""
    if max_wait is None or not isinstance(turns, dict) or not isinstance(turns["turns"], list):
        return turns
    kept = {"chatty": turns["chatty"]} if "chatty" in turns else {}
    waits = [*turns["turns"][:-1], "wait"]
    return {**kept, "turns": waits, "polls": ["called off"], "max_wait": max_wait}


def _each_turn(chance: Chance, part: Part) -> list[str]:
    good = "wait" if part.kind == "polled" and chance.happens(0.8) else "done"
    bad = ("raise", "raise", "fatal", "after:5", "after:1500", "stumble")
    turns = [chance.one_of(bad) for _ in range(3) if chance.happens(0.2)]
    return [*turns, "long" if chance.happens(0.05) else good]


def _each_poll(chance: Chance, aside: Chance) -> list[str]:
    other = ("wait", "wait:100", "raise", "stumble", "after:45")
    polls = [chance.one_of(other) for _ in range(3) if chance.happens(0.4)]
    last = chance.one_of(("failed", "fatal", *["ready"] * 6))
    return [*polls, "again" if last == "failed" and aside.happens(0.5) else last]
