"""The diagrams in the docs are what the tables draw."""

import re
from pathlib import Path
from typing import Final

import pytest

from kernel.model.drawing import Arrows, arrows_of, drawn
from kernel.model.status import RUN_ARROWS, STAGE_ARROWS, Status

PAGE: Final = Path(__file__).parents[3] / "docs" / "state-machines.md"
TEXT: Final = PAGE.read_text(encoding="utf-8")
MACHINES: Final = [(0, RUN_ARROWS), (1, STAGE_ARROWS)]


def test_a_diagram_begins_and_ends_and_has_every_arrow() -> None:
    diagram = drawn(
        {
            Status.RUNNING: frozenset({Status.COMPLETED, Status.PENDING}),
            Status.COMPLETED: frozenset(),
        }
    )

    assert diagram.splitlines() == [
        "stateDiagram-v2",
        "    [*] --> PENDING",
        "    RUNNING --> PENDING",
        "    RUNNING --> COMPLETED",
        "    COMPLETED --> [*]",
    ]


@pytest.mark.parametrize(("nth", "arrows"), MACHINES, ids=["runs", "stages"])
def test_the_docs_show_what_the_table_draws(nth: int, arrows: Arrows) -> None:
    diagrams = re.findall(r"```mermaid\n(.*?)```", TEXT, flags=re.DOTALL)

    assert len(diagrams) == len(MACHINES)
    assert diagrams[nth] == drawn(arrows)


@pytest.mark.parametrize(("nth", "arrows"), MACHINES, ids=["runs", "stages"])
def test_the_docs_say_of_every_arrow_who_takes_it(nth: int, arrows: Arrows) -> None:
    section = TEXT.split("\n## ")[nth + 1]

    rows = re.findall(r"^\| ([A-Z]+) \| ([A-Z]+) \| \S.* \|$", section, flags=re.MULTILINE)

    assert rows == [(source.value, target.value) for source, target in arrows_of(arrows)]
