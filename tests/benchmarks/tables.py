"""What was measured, as lines of text."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from tests.benchmarks.prices import bill, usd
from tests.benchmarks.usage import Kind, Usage

_COUNTED = (Kind.CALL, Kind.WRITE, Kind.READ, Kind.EVENT)
_FACT = "{:44}{:>7}{:>7}{:>7}{:>7}{:>9}{:>8}"


def one_in_detail(title: str, usage: Usage) -> str:
    """Return every call, every unit and every dollar of one thing."""
    return "\n".join([f"\n{title}", *_amounts(usage), *_dollars(usage)])


def side_by_side(title: str, usages: Mapping[str, Usage]) -> str:
    """Return one line for each thing."""
    heading = _FACT.format(title, "calls", "writes", "reads", "events", "$/M at 1", "at 10")
    return "\n".join(["", heading, *(_fact(name, usage) for name, usage in usages.items())])


def _amounts(usage: Usage) -> Iterator[str]:
    for kind in _COUNTED:
        parts = ", ".join(f"{what} {_short(n)}" for what, n in usage.of(kind).items())
        yield f"  {kind:12}{_short(usage.total(kind)):>4}  {parts}".rstrip()


def _dollars(usage: Usage) -> Iterator[str]:
    one, ten = (bill(usage, batch=batch) for batch in (1, 10))
    yield f"  {'$ per million at event source batch':38}{'1':>7}{'10':>8}"
    for what in (what for what in one if one[what]):
        yield f"    {what:36}{one[what]:7.3f}{ten[what]:8.3f}"
    yield f"    {'in all':36}{usd(usage, batch=1):7.3f}{usd(usage, batch=10):8.3f}"


def _fact(name: str, usage: Usage) -> str:
    counts = [_short(usage.total(kind)) for kind in _COUNTED]
    one, ten = (f"{usd(usage, batch=batch):.2f}" for batch in (1, 10))
    return _FACT.format(f"  {name}", *counts, one, ten)


def _short(amount: Decimal) -> str:
    return f"{amount:.2f}".rstrip("0").rstrip(".")
