"""Proves that bars are in proportion and that a long list ends in one bar for the rest."""

import pytest

from functions.workflows.digesting.chart import LABELS, MOST_BARS, VALUES, WIDTH, bar_chart


def test_bars_are_in_proportion_longest_first() -> None:
    chart = bar_chart("Words", [("a", 10), ("b", 40), ("c", 0)])

    longest = WIDTH - LABELS - VALUES
    assert [(bar.label, bar.length) for bar in chart.bars] == [
        ("b", longest),
        ("a", longest / 4),
        ("c", 0),
    ]
    assert chart.description == "b: 40; a: 10; c: 0."


def test_what_does_not_fit_is_one_bar() -> None:
    chart = bar_chart("Words", [(f"{nth:02}", 1) for nth in range(MOST_BARS + 5)])

    assert len(chart.bars) == MOST_BARS + 1
    assert (chart.bars[-1].label, chart.bars[-1].value) == ("5 others", 5)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("a/very/long/path/to/some/document/called/it.md", "…/some/document/called/it.md"),
        ("水" * 20, f"…{'水' * 13}"),
        ("short.md", "short.md"),
        ("x" * 28, "x" * 28),
    ],
)
def test_a_long_name_keeps_its_end(name: str, label: str) -> None:
    chart = bar_chart("Words", [(name, 1)])

    assert chart.bars[0].label == label


def test_a_chart_of_nothing_has_no_bars() -> None:
    chart = bar_chart("Words", [])

    assert (chart.bars, chart.height) == ([], 0)
