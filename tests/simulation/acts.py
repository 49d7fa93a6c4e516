"""What is done to the account from outside: one more line in the table is one more act."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, TypeAlias

from functions.host import ServerlessHost
from kernel.errors import (
    ConflictError,
    EngineError,
    IllegalTransitionError,
    NotFoundError,
    RejectedError,
)
from kernel.procedures.cancel_run import CancelRun
from kernel.procedures.claim_pending import ClaimPending
from kernel.procedures.create_run import CreateRun
from kernel.procedures.delete_run import DeleteRun
from kernel.procedures.poll_stages import PollStages
from kernel.procedures.publish_events import PublishEvents
from kernel.procedures.reap_leases import ReapStale
from kernel.procedures.replay_dead_letters import ReplayDeadLetters
from kernel.procedures.rerun_from import RerunFrom
from tests.simulation.account import Account
from tests.simulation.clocks import NOON
from tests.simulation.docket import Docket
from tests.simulation.outputs import RUN_INPUT
from tests.simulation.process import Process

MOST_RERUNS: Final = 2
A_SHORT_WHILE: Final = timedelta(seconds=2)

Work: TypeAlias = Callable[[Account, Process], object]


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something that somebody does.

    Args:
        most: How often it is done in one schedule at most, each time with *probability*.
        when: Whether it may be done just now.
        insists: Whoever does it does it again until there is an answer.
    """

    name: str
    work: Work
    when: Callable[[Docket], bool] = lambda _docket: True
    most: int = 1
    probability: float = 0.1
    insists: bool = False


def create(account: Account, process: Process) -> None:
    """Create the run; asked again with the same key, it is the same run."""
    setting = account.setting
    command = CreateRun(
        run_id=f"r{account.ids()}",
        workflow_id=setting.flow.workflow.id,
        input=RUN_INPUT,
        config=setting.turns,
        start_at=NOON + setting.starts_in if setting.starts_in else None,
        idempotency_key="key",
        budget=setting.budget,
    )
    try:
        account.kernel(process).dispatch(command)
    except ConflictError as error:
        account.docket.violations.append(f"The client was told: {error.message}")
    except RejectedError as error:
        if account.docket.is_defined or account.docket.runs:
            account.docket.violations.append(f"The client was refused: {error.message}")


def cancel(account: Account, process: Process) -> None:
    """Cancel the run; once that has returned, nothing of it may commit."""
    docket = account.docket
    for run_id in docket.runs:
        docket.asked_to_cancel.add(run_id)
        generation = docket.runs[run_id].generation
        try:
            answer = account.kernel(process).dispatch(CancelRun(run_id=run_id))
        except NotFoundError:
            if run_id not in docket.deleted:
                raise
            continue
        if answer.cancelled:
            docket.cancelled[run_id] = generation
        elif not answer.status.is_terminal and docket.runs[run_id].generation == generation:
            docket.violations.append(f"A cancel returned and the run is {answer.status}")


def rerun(account: Account, process: Process, *, nth: int) -> None:
    """Rerun the run; asked again with the same key, it is the same rerun."""
    for run_id in account.docket.runs:
        command = RerunFrom(
            run_id=run_id, stage_id=account.setting.reruns[nth], idempotency_key=f"again {nth}"
        )
        try:
            account.kernel(process).dispatch(command)
        except (IllegalTransitionError, NotFoundError):
            continue
        account.docket.reruns.add(nth)


def delete(account: Account, process: Process) -> None:
    """Delete the run; once that has returned, nothing of it is there."""
    docket = account.docket
    for run_id in docket.runs:
        try:
            account.kernel(process).dispatch(DeleteRun(run_id=run_id))
        except (IllegalTransitionError, NotFoundError):
            continue
        if run_id not in docket.deleted:
            docket.violations.append("A deletion returned, and the run is there")


def _is_over(docket: Docket) -> bool:
    return any(run.status.is_terminal for run in docket.runs.values())


def _is_ending(docket: Docket) -> bool:
    return any(run.status.is_terminal or run.closing for run in docket.runs.values())


def tick(account: Account, process: Process) -> None:
    ServerlessHost(account.kernel(process)).run_maintenance_tick()


def answer(account: Account, process: Process, time_left: timedelta | None = None) -> None:
    """Take a bell and answer it, as a worker does."""
    kernel = account.kernel(process)
    transport = kernel.ports.transport
    for delivery in transport.receive(limit=1):
        try:
            ServerlessHost(kernel).handle_job(delivery.bell, time_left, account.setting.lease)
        except EngineError:
            transport.give_back(delivery, delay=A_SHORT_WHILE)
        else:
            transport.acknowledge(delivery)


def flush(account: Account, process: Process) -> None:
    account.kernel(process).dispatch(PublishEvents())


def replay(account: Account, process: Process) -> None:
    """Put everything back that was given up on."""
    account.kernel(process).dispatch(ReplayDeadLetters())


def _has_dead_letters(docket: Docket) -> bool:
    return bool(docket.dead)


def reap(account: Account, process: Process) -> None:
    account.kernel(process).dispatch(ReapStale())


def poll(account: Account, process: Process) -> None:
    account.kernel(process).dispatch(PollStages())


def claim(account: Account, process: Process) -> None:
    account.kernel(process).dispatch(ClaimPending())


def deploy(account: Account, process: Process) -> None:
    """Let new processes bring along other definitions."""
    account.deployed = account.director.chance.one_of(("none", "next", "other"))
    account.docket.is_defined = account.deployed == "next"
    account.docket.deployed_at = account.director.clock.moment


ACTS: Final = (
    Act(name="create", work=create, probability=0.1, insists=True),
    Act(name="cancel", work=cancel, most=2, probability=0.25, insists=True),
    Act(name="cancel once", work=cancel, probability=0.1),
    *(
        Act(
            name=f"rerun {nth}",
            work=partial(rerun, nth=nth),
            when=_is_ending,
            probability=0.2,
            insists=True,
        )
        for nth in range(MOST_RERUNS)
    ),
    Act(name="delete", work=delete, when=_is_over, probability=0.12, insists=True),
    Act(name="tick", work=tick, most=3, probability=0.2),
    Act(name="flush", work=flush, most=2),
    Act(name="replay", work=replay, when=_has_dead_letters, most=2, probability=0.3, insists=True),
    Act(name="reap", work=reap),
    Act(name="poll", work=poll, most=2),
    Act(name="claim", work=claim),
    Act(name="deploy", work=deploy),
)
