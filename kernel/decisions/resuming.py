"""Whether a callback link may end a stage's wait just now, and what to say where it may not."""

from datetime import datetime
from typing import Final

from kernel.errors import GoneError, NotFoundError, TooEarlyError
from kernel.model.callback import Callback
from kernel.model.stage import StageRecord
from kernel.model.status import Status
from kernel.ports.persistence import Standing

# A body that gave its link away has yet to return and to be settled, if all goes well at once.
COME_BACK_AFTER: Final = 5


def addressed(callback: Callback, found: Standing | None) -> Standing:
    """Return *found* if it is at the very attempt that made the link.

    Raises:
        NotFoundError: There is no such stage, or no such attempt of it.
        GoneError: Another attempt, or another generation, has begun.
    """
    # A key that was tampered with would have a sibling move its run, or a lone stage not.
    if found is None or found.stage.key != callback.key:
        raise _unknown(callback)
    _compare_attempts(callback, found.stage)
    return found


def check_waiting(callback: Callback, found: Standing, *, now: datetime) -> None:
    """Refuse a link that cannot end the wait of *found*.

    Raises:
        NotFoundError: The secret is wrong.
        TooEarlyError: The attempt that made the link has not suspended the stage yet.
        GoneError: The wait is over, by whatever else has happened.
    """
    stage = found.stage
    if stage.status is Status.RUNNING:
        message = f"Stage {stage.id!r} is not suspended yet. Send the call again in a moment."
        raise TooEarlyError(message, retry_after=COME_BACK_AFTER, **_facts(callback))
    if stage.status is not Status.SUSPENDED:
        message = f"Stage {stage.id!r} does not wait any more; it is {stage.status}."
        raise GoneError(message, **_facts(callback))
    _check_wait(callback, found, now)


def _compare_attempts(callback: Callback, stage: StageRecord) -> None:
    stands, named = (
        (stage.generation, stage.attempt),
        (callback.generation, callback.attempt),
    )
    if stands < named:
        raise _unknown(callback)
    if stands > named:
        message = f"Stage {stage.id!r} was started again since; that attempt made its own link."
        raise GoneError(message, **_facts(callback))


def _check_wait(callback: Callback, found: Standing, now: datetime) -> None:
    stage, run, waits = found.stage, found.run, found.stage.suspension
    if waits is None or not callback.opens(waits.callback_digest):
        raise _unknown(callback)
    if run is not None and not run.is_open:
        message = f"Run {stage.run_id!r} is being ended; stage {stage.id!r} waits no more."
        raise GoneError(message, **_facts(callback))
    if waits.deadline <= now:
        message = f"Stage {stage.id!r} waited until {waits.deadline.isoformat()}, and no longer."
        raise GoneError(message, **_facts(callback))


def _unknown(callback: Callback) -> NotFoundError:
    return NotFoundError("Nothing waits for this link.", **_facts(callback))


def _facts(callback: Callback) -> dict[str, str]:
    return {"run_id": callback.key.run_id, "stage_id": callback.key.stage_id}
