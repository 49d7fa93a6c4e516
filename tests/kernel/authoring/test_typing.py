"""Type checkers refuse a workflow whose stages do not fit, and only that one."""

import re
from collections import Counter
from pathlib import Path

import mypy.api

CASES = Path(__file__).with_name("typing_cases.py")
ROOT = Path(__file__).parents[3]


def errors(report: str) -> list[tuple[int, str]]:
    found = re.findall(r"^[^:]+:(\d+): error: (.*)$", report, flags=re.MULTILINE)
    return [(int(line), message) for line, message in found]


def expectations() -> list[tuple[int, str]]:
    lines = CASES.read_text(encoding="utf-8").splitlines()
    return [
        (number, fragment.strip())
        for number, line in enumerate(lines, start=1)
        for fragment in line.split("# E: ")[1:]
    ]


def test_mypy_sees_exactly_the_mistakes_that_are_there(tmp_path: Path) -> None:
    config = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(tmp_path)]

    report, complaint, _ = mypy.api.run(["--strict", *config, str(CASES)])

    found, expected = errors(report), expectations()
    unseen = [one for one in expected if not any(_agrees(one, other) for other in found)]
    assert not complaint
    assert unseen == []
    assert Counter(line for line, _ in found) == Counter(line for line, _ in expected)


def _agrees(expected: tuple[int, str], found: tuple[int, str]) -> bool:
    return expected[0] == found[0] and expected[1] in found[1]
