"""Keep the lease of an attempt while its body runs. It only grows, and only in its holder's hands.

A lease that has run out may be renewed as long as nobody has reaped it: the reaper's write has the
lease's end in its condition, so that one of the two loses.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from kernel.decisions.reading import standing
from kernel.dispatch import Command, Context, Outcome
from kernel.model.change import UpdateStage, absent, before, by, equals
from kernel.model.lease import Lease
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.ports.persistence import Standing


@dataclass(frozen=True, kw_only=True)
class RenewLeaseResult:
    """*held* is false where the lease is another's, or gone: the attempt is no longer wanted."""

    held: bool


@dataclass(frozen=True, kw_only=True)
class RenewLease(Command[RenewLeaseResult]):
    """*seen* is the stage as claimed; the lease lasts for *lasts* from now on."""

    name = "lease.renew"

    seen: StageRecord
    token: str
    lasts: timedelta


def handle(command: RenewLease, context: Context) -> Outcome[RenewLeaseResult]:
    lease = Lease(token=command.token, expires_at=context.now + command.lasts)
    if context.is_first_try:
        return _renewed(command.seen, lease)
    found = standing(context, command.seen.key)
    held = found.stage.lease if found is not None and _is_running(found) else None
    if found is None or held is None or held.token != command.token:
        return Outcome(result=RenewLeaseResult(held=False))
    if held.expires_at >= lease.expires_at:
        return Outcome(result=RenewLeaseResult(held=True))
    return _renewed(found.stage, lease, is_late=_is_late(found.stage, lease))


def _renewed(
    stage: StageRecord, lease: Lease, *, is_late: bool = False
) -> Outcome[RenewLeaseResult]:
    """Write the lease alone. The record is due by its end already, unless somebody put it off."""
    renewed, writes = replace(stage, lease=lease), frozenset({"lease"})
    due = by("due_at", lease.expires_at)
    if is_late:
        renewed, writes = replace(renewed, due_at=lease.expires_at), writes | {"due_at"}
        # Whoever moves it at this moment may have a better reason, such as the end of the run.
        due = equals("due_at", stage.due_at) if stage.due_at else absent("due_at")
    change = UpdateStage(
        stage=renewed,
        writes=writes,
        requires=(
            equals("status", Status.RUNNING),
            equals("lease.token", lease.token),
            before("lease.expires_at", lease.expires_at),
            due,
        ),
    )
    return Outcome(result=RenewLeaseResult(held=True), changes=(change,))


def _is_running(found: Standing) -> bool:
    return found.stage.status is Status.RUNNING and (found.run is None or found.run.is_open)


def _is_late(stage: StageRecord, lease: Lease) -> bool:
    return stage.due_at is None or stage.due_at > lease.expires_at
