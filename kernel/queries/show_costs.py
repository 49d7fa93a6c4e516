"""What all runs spent on models under a topic, month by month: nothing is scanned for it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from kernel.errors import InvalidInputError
from kernel.model.call import Tally
from kernel.ports.bundle import Ports

# As long as what was spent is kept.
MOST_MONTHS: Final = 13


@dataclass(frozen=True, kw_only=True)
class CostsView:
    """What it came to in all, and by month, by topic and by run."""

    topic: str
    total: Tally
    months: Mapping[str, Tally]
    topics: Mapping[str, Tally]
    runs: Mapping[str, Tally]


def show_costs(ports: Ports, topic: str, *, months: int = 1) -> CostsView:
    """Return what was spent in the last *months*, this one included (UTC).

    Raises:
        InvalidInputError: *topic* is no topic, or *months* is not from 1 to 13.
    """
    # The API starts without what asks models.
    from kernel.ai.topics import checked  # noqa: PLC0415 - see above

    if not 0 < months <= MOST_MONTHS:
        problem = f"months is from 1 to {MOST_MONTHS}, and not {months}"
        raise InvalidInputError(f"The costs cannot be shown: {problem}.", problems=[problem])
    checked(topic)
    by_month = dict.fromkeys(_last(months, ports.clock.now()), Tally())
    by_topic: dict[str, Tally] = defaultdict(Tally)
    by_run: dict[str, Tally] = defaultdict(Tally)
    for month in by_month:
        for spending in ports.persistence.spending(topic, month):
            by_month[month] += spending.tally
            by_topic[spending.topic] += spending.tally
            by_run[spending.run_id] += spending.tally
    return CostsView(
        topic=topic,
        total=sum(by_month.values(), start=Tally()),
        months=by_month,
        topics=by_topic,
        runs=by_run,
    )


def _last(months: int, now: datetime) -> Iterator[str]:
    """Yield the names of so many months, the latest first."""
    today = now.astimezone(UTC)
    number = today.year * 12 + today.month - 1
    for back in range(months):
        year, month = divmod(number - back, 12)
        yield f"{year:04}-{month + 1:02}"
