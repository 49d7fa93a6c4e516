"""Take the lease of a pending stage, without reading it first: the write itself says who won."""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from kernel import events
from kernel.decisions.reading import standing
from kernel.dispatch import Command, Context, Outcome
from kernel.model.bell import Bell
from kernel.model.change import UpdateStage, differences, equals, not_after
from kernel.model.lease import Lease
from kernel.model.stage import StageKey, StageRecord
from kernel.model.status import Status
from kernel.ports.persistence import Standing


class Refusal(StrEnum):
    """Why there was nothing to claim."""

    UNKNOWN = "unknown"
    FINISHED = "finished"
    TAKEN = "taken"
    EXPIRED = "expired"
    EARLY = "early"
    OUTDATED = "outdated"


@dataclass(frozen=True, kw_only=True)
class ClaimStageResult:
    """The stage as it stands; *refusal* is None where the claim was won."""

    standing: Standing | None
    refusal: Refusal | None = None


@dataclass(frozen=True, kw_only=True)
class ClaimStage(Command[ClaimStageResult]):
    """*token* is the caller's own, fresh for this job; *lasts* is how long the lease does."""

    name = "stage.claim"

    bell: Bell
    key: StageKey
    ordinal: int = 0
    token: str
    lasts: timedelta


def handle(command: ClaimStage, context: Context) -> Outcome[ClaimStageResult]:
    if context.is_first_try:
        return _claim(command, context)
    found = standing(context, command.key)
    if found is None:
        return Outcome(result=ClaimStageResult(standing=None, refusal=Refusal.UNKNOWN))
    if found.stage.lease is not None and found.stage.lease.token == command.token:
        return Outcome(result=ClaimStageResult(standing=found))
    refusal = _refusal(command, found.stage, context)
    if refusal is None:
        return _claim(command, context, found.stage)
    return Outcome(result=ClaimStageResult(standing=found, refusal=refusal))


def _claim(
    command: ClaimStage, context: Context, seen: StageRecord | None = None
) -> Outcome[ClaimStageResult]:
    expected = seen or _expected(command, context)
    lease = Lease(token=command.token, expires_at=context.now + command.lasts)
    claimed = expected.claimed(lease, at=context.now)
    requires = [
        equals("status", Status.PENDING),
        equals("generation", command.bell.generation),
        equals("attempt", command.bell.attempt - 1),
        not_after("not_before", context.now),
    ]
    happened = context.kept(events.stage_started(claimed, at=context.now))
    told_by = context.now + context.policy.grace if happened else lease.expires_at
    latest = min(told_by, lease.expires_at)
    # The stage must be due when the lease ends, or when what it says may be lost. Usually it is
    # due earlier, and moving an index entry costs twice what the claim does: then the instant is
    # left alone.
    if expected.due_at is not None and expected.due_at <= latest:
        requires.append(not_after("due_at", latest))
    else:
        claimed = replace(claimed, due_at=latest)
    change = UpdateStage(
        stage=claimed,
        writes=differences(expected, claimed) | {"started_at", "progress"},
        requires=tuple(requires),
        events=happened,
    )
    return Outcome(changes=(change,), reply=lambda after: ClaimStageResult(standing=after))


def _expected(command: ClaimStage, context: Context) -> StageRecord:
    """Return the stage as it must be, as far as the bell can tell."""
    bell = command.bell
    return StageRecord(
        run_id=bell.run_id,
        id=command.key.stage_id,
        workflow_id=bell.workflow_id,
        group=command.key.group,
        ordinal=command.ordinal,
        solo=command.key.solo,
        generation=bell.generation,
        attempt=bell.attempt - 1,
        max_attempts=bell.max_attempts,
        created_at=context.now,
        due_at=context.now + context.policy.grace,
    )


def _refusal(command: ClaimStage, stage: StageRecord, context: Context) -> Refusal | None:
    bell = command.bell
    if (stage.generation, stage.attempt) > (bell.generation, bell.attempt):
        return Refusal.OUTDATED
    match stage.status:
        case Status.PENDING:
            wanted = (stage.generation, stage.attempt) == (bell.generation, bell.attempt - 1)
            return _unready(stage, context) if wanted else Refusal.OUTDATED
        case Status.RUNNING:
            live = stage.lease is not None and stage.lease.is_live(context.now)
            return Refusal.TAKEN if live else Refusal.EXPIRED
        case _:
            return Refusal.FINISHED


def _unready(stage: StageRecord, context: Context) -> Refusal | None:
    early = stage.not_before is not None and stage.not_before > context.now
    return Refusal.EARLY if early else None
