"""Ask each suspended stage whether it may go on. The asking happens outside any commit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kernel.authoring.verdict import RetryAfter
from kernel.commands.claim_poll import ClaimPoll, ClaimPollResult, PollRefusal
from kernel.commands.settle_poll import SettlePoll
from kernel.dispatch import Command, Kernel
from kernel.effects import report
from kernel.errors import BudgetExceededError
from kernel.model.annotation import Annotation
from kernel.model.failure import Failure
from kernel.model.stage import Poll, StageRecord
from kernel.model.status import Status
from kernel.model.verdict import Erred, GivenBack, PollVerdict, Unpaused, Waiting
from kernel.ports.executor import BodyStoppedError
from kernel.procedures.allowance import Allowance
from kernel.procedures.attempt import carried_out, log_failure, state_of
from kernel.procedures.definition import definition
from kernel.procedures.follow_up import follow_up
from kernel.procedures.isolation import Errand, is_isolated, sent
from kernel.procedures.job import Job, lease_of_poll
from kernel.procedures.materials import gather
from kernel.procedures.retirement import sweep
from kernel.procedures.stage_context import JobContext
from kernel.procedures.verdicts import of_check, of_error, wanted_of
from kernel.queries.list_due import due_polls


@dataclass(frozen=True, kw_only=True)
class PollStagesResult:
    """What came of it.

    Args:
        left: Each polled stage, as the poll left it.
        failed: How many due stages could not be polled just now.
        again_at: Where the only stage given was asked too early: when to ask.
    """

    left: tuple[StageRecord, ...] = ()
    failed: int = 0
    again_at: datetime | None = None

    @property
    def checked(self) -> int:
        return len(self.left)


@dataclass(frozen=True, kw_only=True)
class PollStages(Command[PollStagesResult]):
    """The given polls; of what is due, up to *limit*, where none is given.

    *time_left* is what the process has; None where nobody will stop it.
    """

    name = "stage.pollSuspended"

    polls: Sequence[Poll] | None = None
    limit: int = 10
    time_left: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Polled:
    """One stage as its poll left it, or None where there was nothing to poll just now."""

    stage: StageRecord | None = None
    again_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What a poll came to. *threw*: the check, and another poll may find more."""

    verdict: PollVerdict
    threw: bool = False
    annotations: tuple[Annotation, ...] = ()


def poll_stages(command: PollStages, kernel: Kernel) -> PollStagesResult:
    """Poll one stage after the other.

    Raises:
        EngineError: A stage that was given could not be polled. One that is merely due is left
            for the next time, and the others are polled.
    """
    if command.polls is not None:
        made = [poll_one(kernel, poll, time_left=command.time_left) for poll in command.polls]
        return _result(made, failed=0)
    made, failed = [], 0
    for poll in due_polls(kernel.ports, limit=command.limit):
        try:
            made.append(poll_one(kernel, poll, time_left=command.time_left))
        except Exception as error:  # noqa: BLE001 - one poisoned record must not stop the others
            report(kernel.ports, f"A stage of run {poll.key.run_id!r} cannot be polled.", error)
            failed += 1
    return _result(made, failed=failed)


def poll_one(kernel: Kernel, poll: Poll, *, time_left: timedelta | None = None) -> Polled:
    """Poll one stage.

    Raises:
        DefinitionChangedError: This process has no definition that fits.
    """
    run_id, known_as = poll.key.run_id, poll.fingerprint
    workflow = definition(kernel, poll.workflow_id, run_id, known_as=known_as)
    stage = workflow.stage(poll.key.stage_id)
    token = kernel.ports.entropy.token()
    whose = f"The check of stage {stage.id!r}"
    timeout = kernel.policy.poll_timeout
    allowance = Allowance(whose=whose, timeout=timeout, time_left=time_left)
    lasts = allowance.within + kernel.policy.lease_margin
    claim = kernel.dispatch(ClaimPoll(key=poll.key, number=poll.number, token=token, lasts=lasts))
    if claim.failed is not None:
        follow_up(kernel, claim.failed)
        return Polled(stage=claim.failed)
    if claim.standing is None or claim.refusal is not None:
        return Polled(again_at=_again_at(claim))
    job = Job(
        kernel=kernel,
        workflow=workflow,
        definition=stage,
        standing=claim.standing,
        token=token,
        allowance=allowance,
        deadline=kernel.ports.clock.now() + allowance.within,
        held_by=lease_of_poll,
    )
    return Polled(stage=_settled(job))


def _result(made: Sequence[Polled], *, failed: int) -> PollStagesResult:
    again_at = made[0].again_at if len(made) == 1 else None
    left = tuple(one.stage for one in made if one.stage is not None)
    return PollStagesResult(left=left, failed=failed, again_at=again_at)


def _again_at(claim: ClaimPollResult) -> datetime | None:
    waits = claim.standing.stage.suspension if claim.standing else None
    if waits is None or claim.refusal is not PollRefusal.EARLY:
        return None
    return waits.next_poll_at


def _settled(job: Job) -> StageRecord | None:
    found = _looked(job)
    command = SettlePoll(
        seen=job.standing,
        token=job.token,
        verdict=found.verdict,
        threw=found.threw,
        annotations=found.annotations,
    )
    stage = job.kernel.dispatch(command).stage
    if stage is None:
        sweep(job.kernel, job.stage.run_id)
    elif stage.status is not Status.SUSPENDED:
        follow_up(job.kernel, stage)
    return stage


def _looked(job: Job) -> _Found:
    """Ask the stage's check: here, or in a process of its own."""
    if not (is_isolated(job) and _asks_code(job)):
        return _looked_here(job)
    try:
        return sent(job, look_there)
    except BodyStoppedError:
        return _Found(verdict=GivenBack())
    except Exception as error:  # noqa: BLE001 - whatever befalls that process is the check's failure
        return _threw(job, error)


def look_there(kernel: Kernel, errand: Errand) -> _Found:
    """Ask the check in this process, which is there for it alone."""
    return _looked_here(errand.job(kernel))


def _asks_code(job: Job) -> bool:
    waits = job.stage.suspension
    return job.definition.check is not None and not (
        waits is not None and (waits.callback or waits.paused)
    )


def _looked_here(job: Job) -> _Found:
    annotations: list[Annotation] = []
    try:
        verdict = _checked(job, annotations)
    except BodyStoppedError:
        verdict = GivenBack()
    except RetryAfter as error:
        verdict = Waiting(check_in=error.delay)
    except BudgetExceededError as error:
        found = _refused(job, error)
        return replace(found, annotations=tuple(annotations))
    except Exception as error:  # noqa: BLE001 - a check may raise anything
        return replace(_threw(job, error), annotations=tuple(annotations))
    return _Found(verdict=verdict, annotations=tuple(annotations))


def _threw(job: Job, error: Exception) -> _Found:
    log_failure(job, error)
    verdict = of_error(error)
    return _Found(verdict=verdict, threw=verdict.failure.retryable)


def _refused(job: Job, error: BudgetExceededError) -> _Found:
    """Let a check wait for a larger budget, where its workflow asks for one."""
    asks, wanted = job.workflow.asks, wanted_of(error)
    if asks is None or wanted is None:
        return _threw(job, error)
    log_failure(job, error)
    every = job.kernel.policy.budget_every
    return _Found(verdict=Waiting(check_in=every, wanted=wanted, for_budget=asks))


def _after_pause(job: Job, wanted: int) -> PollVerdict:
    """See whether the budget allows by now what it refused."""
    bill = job.kernel.ports.persistence.bill(job.stage.run_id)
    return Unpaused() if bill is None or bill.allows(wanted) else Waiting(wanted=wanted)


def _checked(job: Job, annotations: list[Annotation]) -> PollVerdict:
    waits = job.stage.suspension
    if waits is not None and waits.callback:
        return Waiting()
    if waits is not None and waits.paused:
        return _after_pause(job, waits.wanted or 0)
    check = job.definition.check
    if check is None:
        message = f"Stage {job.stage.id!r} is suspended and has no check; nobody can resume it."
        return Erred(failure=Failure.of("NO_CHECK", message))
    materials = gather(job.kernel.ports, job.stage)
    context = JobContext(job, materials, annotations)
    state = state_of(job)
    return of_check(job, carried_out(job, context, lambda: check(context, state)))
