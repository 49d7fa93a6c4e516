"""Processes that are told to end while they are at work, as platforms do before they end them."""

from typing import Final

from tests.simulation.account import Account
from tests.simulation.acts import Act
from tests.simulation.docket import Docket
from tests.simulation.process import Process


def stop(account: Account, process: Process) -> None:
    """Stop the bodies and checks of everybody who is at work."""
    for executor in account.executors:
        executor.stop()


def _is_at_work(docket: Docket) -> bool:
    return any(stage.lease for stage in docket.stages.values())


def _is_asking(docket: Docket) -> bool:
    waits = (stage.suspension for stage in docket.stages.values())
    return any(each.lease for each in waits if each)


STOPS: Final = (
    Act(name="stop", work=stop, when=_is_at_work, most=3),
    Act(name="stop a check", work=stop, when=_is_asking),
)
