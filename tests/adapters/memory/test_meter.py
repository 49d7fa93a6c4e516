"""A meter to read afterwards."""

from adapters.memory import MemoryMeter
from kernel.model.change import CreateRun
from kernel.ports.meter import Meter
from tests.support.builders import a_run, an_intake


def test_it_remembers_what_was_committed() -> None:
    meter = MemoryMeter()
    told: Meter = meter
    change = CreateRun(run=a_run(), intake=an_intake())

    told.committed([change])

    assert list(meter.commits) == [(change,)]
