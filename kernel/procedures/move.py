"""What moves a stage that nobody came for, or whose worker died."""

from collections.abc import Set as AbstractSet
from datetime import datetime
from enum import StrEnum

from kernel.authoring.workflow import Workflow
from kernel.decisions.bells import execute_bell, poll_bell
from kernel.decisions.due import earliest
from kernel.dispatch import Kernel
from kernel.effects import ring
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.procedures.reap_leases import reap_one
from kernel.queries.roll_call import RollCall


class Chore(StrEnum):
    """What a look can come to; the names are those of `TickResult`."""

    START = "claimed"
    POLL = "suspended_checked"
    REAP = "stale_released"
    PUBLISH = "events_flushed"
    RING = "rung"
    UNSERVED = "unserved"
    ADVANCE = "advanced"
    CLOSE = "closed"
    STUCK = "stuck_reaped"
    RETIRE = "retired"
    BURY = "dead_lettered"


def move(
    kernel: Kernel, stage: StageRecord, workflow: Workflow, capped: AbstractSet[Chore]
) -> dict[Chore, int]:
    """Ring for *stage*, or free it; return what was done."""
    match stage.status:
        case Status.PENDING if _is_late(kernel, stage.not_before or stage.created_at):
            ring(kernel.ports, [execute_bell(stage, workflow)])
            return {Chore.RING: 1, **_unserved(kernel, stage, workflow)}
        case Status.RUNNING if Chore.REAP not in capped:
            return {Chore.REAP: 1} if reap_one(kernel, stage.key) else {}
        case Status.SUSPENDED if Chore.POLL not in capped and _wants_poll(kernel, stage):
            ring(kernel.ports, [poll_bell(stage, workflow, at=None)])
            return {Chore.POLL: 1, **_unserved(kernel, stage, workflow)}
        case _:
            return {}


def _unserved(kernel: Kernel, stage: StageRecord, workflow: Workflow) -> dict[Chore, int]:
    """Count a bell that nobody may hear."""
    return {Chore.UNSERVED: 1} if RollCall(kernel.ports).lacking(workflow, stage.id) else {}


def _is_late(kernel: Kernel, since: datetime) -> bool:
    return since + kernel.policy.grace <= kernel.ports.clock.now()


def _wants_poll(kernel: Kernel, stage: StageRecord) -> bool:
    waits = stage.suspension
    if waits is None:
        return False
    now = kernel.ports.clock.now()
    moment = earliest(waits.next_poll_at, waits.deadline)
    taken = waits.lease is not None and waits.lease.is_live(now)
    return not taken and moment is not None and moment <= now
