"""Take the lease of one poll of a suspended stage."""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final

from kernel.decisions.reading import standing
from kernel.decisions.settling import Holding, err
from kernel.decisions.writing import write_stage
from kernel.dispatch import Command, Context, Outcome
from kernel.model.change import Condition, equals
from kernel.model.failure import Failure
from kernel.model.lease import Lease
from kernel.model.stage import StageKey, StageRecord, Suspension
from kernel.model.status import Status
from kernel.model.verdict import Erred
from kernel.ports.persistence import Standing

POLLS_LOST: Final = Erred(
    failure=Failure.of("POLL_LOST", "Too many polls in a row were lost with their workers.")
)


class PollRefusal(StrEnum):
    """Why there was nothing to poll."""

    UNKNOWN = "unknown"
    FINISHED = "finished"
    TAKEN = "taken"
    EARLY = "early"
    OUTDATED = "outdated"


@dataclass(frozen=True, kw_only=True)
class ClaimPollResult:
    """*failed* is the stage where too many polls were lost: it is over."""

    standing: Standing | None
    refusal: PollRefusal | None = None
    failed: StageRecord | None = None


@dataclass(frozen=True, kw_only=True)
class ClaimPoll(Command[ClaimPollResult]):
    """The claim of one poll.

    Args:
        number: Which poll is meant, from 1; None for whichever is next.
        token: The caller's own, fresh for this poll.
        lasts: How long the lease does.
    """

    name = "stage.claimPoll"

    key: StageKey
    number: int | None = None
    token: str
    lasts: timedelta


def handle(command: ClaimPoll, context: Context) -> Outcome[ClaimPollResult]:
    found = standing(context, command.key)
    if found is None:
        return Outcome(result=ClaimPollResult(standing=None, refusal=PollRefusal.UNKNOWN))
    refusal = _refusal(command, found, context)
    stage, waits = found.stage, found.stage.suspension
    if refusal is not None or waits is None or _holds(waits, command.token):
        return Outcome(result=ClaimPollResult(standing=found, refusal=refusal))
    requires = (
        equals("status", Status.SUSPENDED),
        equals("generation", stage.generation),
        equals("suspension.poll_no", waits.poll_no),
    )
    leased = _leased(waits, command, context)
    if leased.failures >= context.policy.poll_failures:
        return _given_up(command, context, found, requires)
    claimed = replace(stage, suspension=leased, polls=stage.polls + 1)
    # Its run may be closed at this moment, and is due for that in a minute: they may share this.
    soon = context.now + context.policy.grace if found.run else None
    change = write_stage(context, stage, claimed, requires, run=found.run, latest=soon)
    return Outcome(changes=(change,), reply=lambda after: ClaimPollResult(standing=after))


def _leased(waits: Suspension, command: ClaimPoll, context: Context) -> Suspension:
    # A lease that is still there has run out: that poll was lost with its worker, and counts.
    lost = waits.lease is not None
    lease = Lease(token=command.token, expires_at=context.now + command.lasts)
    return replace(waits, lease=lease, poll_no=waits.poll_no + 1, failures=waits.failures + lost)


def _given_up(
    command: ClaimPoll, context: Context, found: Standing, requires: tuple[Condition, ...]
) -> Outcome[ClaimPollResult]:
    held = Holding(
        stage=found.stage,
        run=found.run,
        workflow=context.ports.registry.workflow(found.stage.workflow_id),
        token=command.token,
        requires=requires,
    )
    decision = err(context, held, POLLS_LOST)
    result = ClaimPollResult(standing=None, refusal=PollRefusal.FINISHED, failed=decision.stage)
    return Outcome(result=result, changes=decision.changes, bells=decision.bells)


def _refusal(command: ClaimPoll, found: Standing, context: Context) -> PollRefusal | None:
    stage, run = found.stage, found.run
    waits = stage.suspension
    if stage.status is not Status.SUSPENDED or waits is None or (run and not run.is_open):
        return PollRefusal.FINISHED
    if _holds(waits, command.token):
        return None
    if command.number not in {None, waits.poll_no + 1}:
        return PollRefusal.OUTDATED
    if waits.lease is not None and waits.lease.is_live(context.now):
        return PollRefusal.TAKEN
    due = waits.next_poll_at is not None and waits.next_poll_at <= context.now
    # A budget may be raised at any moment, and a bell says so.
    due = due or waits.wanted is not None or waits.deadline <= context.now
    return None if due else PollRefusal.EARLY


def _holds(waits: Suspension, token: str) -> bool:
    return waits.lease is not None and waits.lease.token == token
