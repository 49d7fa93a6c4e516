"""Say what a poll found: the stage may go on, must wait longer, or has failed."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kernel.decisions.backoff import poll_backoff
from kernel.decisions.bells import poll_bell
from kernel.decisions.reading import settled_under, standing
from kernel.decisions.settling import Holding, err, succeed, unpause
from kernel.decisions.writing import Decision, pinned, still_open, write_stage
from kernel.dispatch import Command, Context, Outcome
from kernel.errors import BudgetExceededError
from kernel.model.annotation import Annotation
from kernel.model.change import equals
from kernel.model.failure import Failure
from kernel.model.money import dollars
from kernel.model.stage import StageRecord, Suspension
from kernel.model.status import Status
from kernel.model.verdict import Erred, GivenBack, PollVerdict, Succeeded, Unpaused, Waiting
from kernel.ports.persistence import Standing


@dataclass(frozen=True, kw_only=True)
class SettlePollResult:
    """*stage* as it was left; None where the poll came too late and was discarded."""

    stage: StageRecord | None


@dataclass(frozen=True, kw_only=True)
class SettlePoll(Command[SettlePollResult]):
    """*threw*: the poll did not answer at all, and may be made again."""

    name = "stage.settlePoll"

    seen: Standing
    token: str
    verdict: PollVerdict
    threw: bool = False
    annotations: tuple[Annotation, ...] = ()


def handle(command: SettlePoll, context: Context) -> Outcome[SettlePollResult]:
    found = command.seen if context.is_first_try else standing(context, command.seen.stage.key)
    waits = found.stage.suspension if found else None
    if found is None or waits is None or not _is_held(found, command.token):
        return Outcome(result=SettlePollResult(stage=settled_under(command.token, found)))
    held = Holding(
        stage=found.stage,
        run=found.run,
        workflow=context.ports.registry.workflow(found.stage.workflow_id),
        token=command.token,
        requires=(
            equals("status", Status.SUSPENDED),
            equals("generation", found.stage.generation),
            equals("suspension.lease.token", command.token),
        ),
    )
    decision = _decision(command, context, held, waits)
    return Outcome(
        result=SettlePollResult(stage=decision.stage),
        changes=(*decision.changes, *pinned(command.annotations)),
        bells=decision.bells,
    )


def _decision(command: SettlePoll, context: Context, held: Holding, waits: Suspension) -> Decision:
    match command.verdict:
        case Succeeded() as verdict:
            return succeed(context, held, verdict)
        case Waiting(check_in=check_in) as verdict:
            heard = _heard(waits, verdict, context.now)
            late = _late(held.stage, heard)
            return _wait(context, held, heard, check_in or waits.poll_every, late)
        case Unpaused():
            return unpause(context, held)
        case GivenBack():
            return _later(context, held, waits, context.now)
        case Erred() as verdict:
            thrown = _thrown(context, held, waits, verdict) if command.threw else None
            return thrown or err(context, held, verdict)


def _thrown(context: Context, held: Holding, waits: Suspension, verdict: Erred) -> Decision:
    final = replace(verdict.failure, retryable=False)
    failures = waits.failures + 1
    if failures >= context.policy.poll_failures:
        return err(context, held, replace(verdict, failure=final))
    longest = context.policy.longest_push_back
    wait = poll_backoff(waits.poll_every, failures=failures, longest=longest)
    return _wait(context, held, replace(waits, failures=failures), wait, final)


def _wait(
    context: Context, held: Holding, waits: Suspension, wait: timedelta, late: Failure
) -> Decision:
    """Ask again after *wait*, unless the deadline has passed: then it failed with *late*."""
    if waits.deadline <= context.now:
        return err(context, held, Erred(failure=late))
    return _later(context, held, waits, min(context.now + wait, waits.deadline))


def _later(context: Context, held: Holding, waits: Suspension, next_poll_at: datetime) -> Decision:
    later = replace(waits, lease=None, next_poll_at=next_poll_at)
    stage = replace(held.stage, suspension=later)
    change = write_stage(context, held.stage, stage, held.requires, run=held.run)
    bell = poll_bell(stage, held.workflow, at=next_poll_at)
    return Decision(changes=(change, *still_open(held.run)), bells=(bell,))


def _heard(waits: Suspension, verdict: Waiting, now: datetime) -> Suspension:
    """Return the wait as it goes on; for a budget it may last longer than for anything else."""
    begins = verdict.wanted is not None and waits.wanted is None
    deadline = max(waits.deadline, now + verdict.for_budget) if begins else waits.deadline
    return replace(waits, failures=0, wanted=verdict.wanted, deadline=deadline)


def _late(stage: StageRecord, waits: Suspension) -> Failure:
    until = waits.deadline.isoformat()
    if waits.wanted is None:
        message = f"Stage {stage.id!r} waited until {until} and was not ready."
        return Failure.of("SUSPENSION_TIMEOUT", message)
    amount = f"{dollars(waits.wanted).normalize():f}"
    message = f"Stage {stage.id!r} waited until {until} for a budget with ${amount} more in it."
    return Failure.of(BudgetExceededError.code, message)


def _is_held(found: Standing, token: str) -> bool:
    stage, run = found.stage, found.run
    lease = stage.suspension.lease if stage.suspension else None
    mine = lease is not None and lease.token == token
    return mine and stage.status is Status.SUSPENDED and (run is None or run.is_open)
