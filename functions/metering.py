"""What alarms and the dashboard go by: added up in an invocation, sent as one line at its end.

Of runs, stages and events counts what was committed, so a bell that comes twice counts once. A
process that dies takes along what it has not sent.
"""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Final

from aws_lambda_powertools.metrics import Metrics, MetricUnit

from functions.outcomes import MaintenanceResult
from functions.settings import service
from kernel.model.change import (
    AddSpending,
    Change,
    CreateRun,
    SaveDeadLetter,
    UpdateRun,
    UpdateStage,
)
from kernel.model.money import dollars
from kernel.model.status import Status

# By what a run, or a stage, has become.
RUNS: Final[Mapping[Status, str]] = {
    Status.RUNNING: "RunsStarted",
    Status.COMPLETED: "RunsCompleted",
    Status.FAILED: "RunsFailed",
    Status.CANCELLED: "RunsCancelled",
}
STAGES: Final[Mapping[Status, str]] = {
    Status.PENDING: "StagesRetried",
    Status.SUSPENDED: "StagesSuspended",
    Status.COMPLETED: "StagesCompleted",
    Status.SKIPPED: "StagesSkipped",
    Status.FAILED: "StagesFailed",
    Status.CANCELLED: "StagesCancelled",
}
# What a tick only finds out.
NOT_ITS_DOING: Final[Mapping[str, str]] = {"unserved": "BellsUnserved"}
A_MILLISECOND: Final = timedelta(milliseconds=1)

_metrics: Final = Metrics(namespace="Headrace", service=service())


class EmbeddedMeter:
    """Adds up, and sends what it has as a line that CloudWatch makes metrics of."""

    def __init__(self) -> None:
        # Threads share one set of Powertools' metrics; two that send would send each other's.
        self._lock = threading.Lock()
        self._counts: dict[str, float] = {}
        self._spans: list[tuple[str, timedelta]] = []

    def committed(self, changes: Sequence[Change]) -> None:
        self.count(Counter(name for change in changes for name in _happened(change)))
        for change in changes:
            if isinstance(change, AddSpending):
                self.count(_spent(change))

    def count(self, counts: Mapping[str, float]) -> None:
        with self._lock:
            for name, number in counts.items():
                self._counts[name] = self._counts.get(name, 0) + number

    def measure(self, name: str, span: timedelta) -> None:
        """Note how long something took; the clocks of two machines may say less than nothing."""
        with self._lock:
            self._spans.append((name, max(span, timedelta())))

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Send what is there at the end, however that comes."""
        try:
            yield
        finally:
            self._send()

    def _send(self) -> None:
        """Send what there is, but for counts of nothing: an idle process costs no metrics."""
        with self._lock:
            for name, number in self._counts.items():
                if number:
                    _metrics.add_metric(name=name, unit=MetricUnit.Count, value=number)
            for name, span in self._spans:
                milliseconds = span / A_MILLISECOND
                _metrics.add_metric(name=name, unit=MetricUnit.Milliseconds, value=milliseconds)
            self._counts.clear()
            self._spans.clear()
            if _metrics.provider.metric_set:
                _metrics.flush_metrics()
            # Where metrics are switched off, Powertools keeps them, and prints every hundredth.
            _metrics.clear_metrics()


meter: Final = EmbeddedMeter()


def of_tick(done: MaintenanceResult) -> Mapping[str, int]:
    """Return what a tick did, by the names that it counts under."""
    return {metric(name): number for name, number in asdict(done).items()}


def metric(name: str) -> str:
    """Return by what name it counts what a tick did: `stale_released` as `TickStaleReleased`."""
    return NOT_ITS_DOING.get(name) or f"Tick{name.title().replace('_', '')}"


def _spent(change: AddSpending) -> Mapping[str, float]:
    """Return what calls of models came to, in US dollars and tokens."""
    tally = change.spending.tally
    return {
        "ModelCalls": tally.calls,
        "ModelCallsFailed": tally.failed,
        "ModelCallsUnpriced": tally.unpriced,
        "ModelTokensIn": tally.input_tokens,
        "ModelTokensOut": tally.output_tokens,
        "ModelCost": float(dollars(tally.cost)),
    }


def _happened(change: Change) -> Iterator[str]:
    """Yield by what name *change* counts; most changes do not."""
    match change:
        case CreateRun():
            yield "RunsCreated"
        case UpdateRun(run=run, writes=writes) if "status" in writes and run.status in RUNS:
            yield RUNS[run.status]
        case UpdateStage(stage=stage, writes=writes) if "status" in writes:
            if stage.status in STAGES:
                yield STAGES[stage.status]
        case SaveDeadLetter():
            yield "EventsDeadLettered"
        case _:
            pass
