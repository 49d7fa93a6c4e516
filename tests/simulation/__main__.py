"""`python -m tests.simulation`: many schedules, one again, or the search for mutations."""

import sys
from argparse import ArgumentParser, Namespace
from datetime import timedelta
from typing import Final

from tests.simulation.campaign import A_MILLION, Summary, campaign, replay
from tests.simulation.drawing import drawn
from tests.simulation.hunt import hunt
from tests.simulation.setting import Setting

MOST_SHOWN: Final = 20


def main() -> int:
    """Do what the command line says; return 1 where something is wrong."""
    asked = _asked()
    if asked.what == "mutations":
        return hunt(asked.most)
    if asked.seed is not None:
        return _show(asked.seed)
    summary = campaign(asked.schedules, first=asked.first)
    _tell(summary)
    if summary.failed:
        print(f"\nThe schedule of seed {summary.failed[0].seed}, again:")
        _show(summary.failed[0].seed)
    print(summary.line)
    return 0 if summary.is_well else 1


def _asked() -> Namespace:
    parser = ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("schedules", "mutations"), default="schedules")
    parser.add_argument("--schedules", type=int, default=10_000, help="how many to play")
    parser.add_argument("--first", type=int, default=1, help="the first one's seed")
    parser.add_argument("--seed", type=int, help="play this one only, and print what it does")
    parser.add_argument("--most", type=int, default=3_000, help="schedules for each mutation")
    return parser.parse_args()


def _tell(summary: Summary) -> None:
    for failed in summary.failed[:MOST_SHOWN]:
        print(failed)
    for problem in summary.wrong[:MOST_SHOWN]:
        print(problem)
    rate = summary.schedules / summary.seconds if summary.seconds else 0.0
    if rate:
        million = timedelta(seconds=round(A_MILLION / rate))
        print(f"{rate:.0f} schedules a second on all cores; a million takes {million}")


def _show(seed: int) -> int:
    report = replay(seed, kept=True)
    print(_described(drawn(seed)))
    print("\n".join(report.lines))
    print("\n".join(report.violations) or "All is well.")
    return 1 if report.violations else 0


def _spans(setting: Setting) -> str:
    return ", ".join(f"{id_} {span}" for id_, span in setting.lasts.items()) or "no time"


def _described(setting: Setting) -> str:
    groups = " | ".join(
        " ".join(f"{part.id}:{part.kind}*{part.attempts}" for part in group)
        for group in setting.flow.groups
    )
    cues = ", ".join(f"{cue.act} at {cue.step}" for cue in setting.cues)
    lines = (
        f"{groups}, as {setting.layout}",
        f"turns: {dict(setting.turns)}",
        f"publishes: {setting.policy.published}, workers: {setting.workers}",
        f"acts: {cues or 'none'}",
        f"leases: {setting.lease or 'for all the time'}; bodies last {_spans(setting)}",
        f"clocks: off by up to {setting.skew}",
        f"perils: {', '.join(setting.fate.rates) or 'none'}, until step {setting.fate.until}",
    )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
