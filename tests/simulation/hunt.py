"""Which mutation is found by which seeds: the search, and where its finds are kept."""

import json
from functools import partial
from pathlib import Path
from typing import Final

from tests.simulation.campaign import all_cores, replay
from tests.simulation.mutations import MUTATIONS
from tests.simulation.tampering import Tampering

FOUND: Final = Path(__file__).with_name("found.json")
# A change of the engine shifts schedules; some of several seeds may outlive it.
KEPT: Final = 3


def found() -> dict[str, list[int]]:
    """Return the seeds that found each mutation, as they were kept."""
    kept: dict[str, list[int]] = json.loads(FOUND.read_text(encoding="utf-8"))
    return kept


def violations(name: str, seed: int) -> tuple[str, ...]:
    """Return what the schedule of *seed* finds wrong with the engine so mutated, and only so."""
    tampering = MUTATIONS[name]
    mutated = replay(seed, tampering=tampering).violations
    sound = Tampering(rough=tampering.rough)
    return () if mutated and replay(seed, tampering=sound).violations else mutated


def search(name: str, *, most: int, wanted: int = KEPT) -> list[tuple[int, str]]:
    """Return the first seeds, up to *most*, that find the mutation, and what they say."""
    finds: list[tuple[int, str]] = []
    for seed in range(1, most + 1):
        said = violations(name, seed)
        if said:
            finds.append((seed, said[0]))
        if len(finds) == wanted:
            break
    return finds


def hunt(most: int) -> int:
    """Search for every mutation anew, print the table and keep it; return 1 if one escapes."""
    names = list(MUTATIONS)
    with all_cores() as cores:
        finds = dict(zip(names, cores.map(partial(search, most=most), names), strict=True))
    for name, seeds in finds.items():
        seed, said = seeds[0] if seeds else ("-", f"escaped {most} schedules")
        print(f"{name:45} {seed:>6}  {said[:120]}")
    caught = {name: [seed for seed, _ in seeds] for name, seeds in finds.items() if seeds}
    FOUND.write_text(json.dumps(caught, indent=2) + "\n", encoding="utf-8")
    print(f"mutations: caught {len(caught)} of {len(names)}")
    return 0 if len(caught) == len(names) else 1
