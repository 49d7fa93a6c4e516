"""The engine without one of its conditions, or with one of its habits changed, by name."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias, TypeVar

from kernel.model.callback import Callback
from kernel.model.change import (
    Change,
    CreateRun,
    CreateStage,
    RemoveDeadLetter,
    SaveDeadLetter,
    SaveIdempotency,
    Test,
    UpdateRun,
    UpdateStage,
    equals,
)
from kernel.model.status import Status
from tests.simulation import misbehaviour
from tests.simulation.clocks import A_CENTURY
from tests.simulation.docket import MARKS
from tests.simulation.tampering import Tampering

Which: TypeAlias = Callable[[Change], bool]
UpdateT = TypeVar("UpdateT", UpdateRun, UpdateStage)


def requiring(kind: type[UpdateRun | UpdateStage], *fields: str) -> Which:
    """Return whether a change is of *kind*, and requires something of each of the *fields*."""

    def which(change: Change) -> bool:
        if not isinstance(change, kind):
            return False
        return {*fields} <= {condition.field for condition in change.requires}

    return which


def without(which: Which, *fields: str) -> Tampering:
    """Return what drops the conditions on *fields*."""

    def changed(change: Change) -> Change:
        if not isinstance(change, UpdateRun | UpdateStage) or not which(change):
            return change
        kept = tuple(each for each in change.requires if each.field not in fields)
        return replace(change, requires=kept)

    return Tampering(change=changed)


def roughly(tampering: Tampering) -> Tampering:
    """Return what shows only where everybody stalls."""
    return replace(tampering, rough=True)


def never_due(which: Which) -> Tampering:
    """Return what leaves records without an instant at which the tick looks at them."""

    def changed(change: Change) -> Change:
        match change:
            case CreateRun(run=run) if which(change):
                return replace(change, run=replace(run, due_at=None))
            case CreateStage(stage=stage) if which(change):
                return replace(change, stage=replace(stage, due_at=None))
            case UpdateRun(run=run) if which(change):
                return replace(_undue(change), run=replace(run, due_at=None))
            case UpdateStage(stage=stage) if which(change):
                return replace(_undue(change), stage=replace(stage, due_at=None))
            case _:
                return change

    return Tampering(change=changed)


def _undue(change: UpdateT) -> UpdateT:
    kept = tuple(each for each in change.requires if each.field != "due_at")
    return replace(change, requires=kept, writes=change.writes | {"due_at"})


def _settles(change: Change) -> bool:
    looks_at_the_end = requiring(UpdateStage, "lease.expires_at")(change)
    return requiring(UpdateStage, "status", "lease.token")(change) and not looks_at_the_end


def _settles_poll(change: Change) -> bool:
    token = requiring(UpdateStage, "suspension.lease.token", "generation")
    return token(change)


def _answers(change: Change) -> bool:
    return requiring(UpdateStage, "suspension.callback_digest")(change)


def _fences(change: Change) -> bool:
    cancelled = isinstance(change, UpdateStage) and change.stage.status is Status.CANCELLED
    return cancelled and isinstance(change, UpdateStage) and "status" in change.writes


def _closes(change: Change) -> bool:
    return (
        isinstance(change, UpdateRun)
        and change.run.closing is not None
        and "closing" in (change.writes)
    )


def _tests(change: Change, field: str, test: Test) -> bool:
    return isinstance(change, UpdateRun | UpdateStage) and any(
        (each.field, each.test) == (field, test) for each in change.requires
    )


def _finishes(change: Change) -> bool:
    return _tests(change, "closing", Test.PRESENT)


def _reruns(change: Change) -> bool:
    return isinstance(change, UpdateRun) and _tests(change, "status", Test.ONE_OF)


def _starts(change: Change) -> bool:
    return isinstance(change, UpdateRun) and equals("status", Status.PENDING) in change.requires


def _clears(change: Change) -> bool:
    return isinstance(change, UpdateRun | UpdateStage) and change.clears


def _marks(change: Change) -> bool:
    return isinstance(change, UpdateRun | UpdateStage) and (
        change.writes <= MARKS and not change.clears and bool(change.writes)
    )


def _anything(change: Change) -> bool:
    return True


def _setting_the_outbox(change: Change) -> Change:
    if isinstance(change, UpdateRun | UpdateStage) and change.events:
        return replace(change, clears=True)
    return change


def _forgetting_the_rest(change: Change) -> Change:
    if isinstance(change, UpdateRun | UpdateStage) and change.clears:
        return replace(change, events=())
    return change


def _keeping_the_letter(change: Change) -> Change:
    return SaveDeadLetter(letter=change.letter) if isinstance(change, RemoveDeadLetter) else change


def _forgetting_the_transition(change: Change) -> Change:
    if isinstance(change, UpdateStage) and change.clears:
        stage = replace(change.stage, unadvanced=False)
        return replace(change, stage=stage, writes=change.writes | {"unadvanced"})
    return change


def _taking_any_key(change: Change) -> Change:
    if isinstance(change, SaveIdempotency):
        return replace(change, now=change.now + A_CENTURY)
    return change


def _fencing_what_was_listed(change: Change) -> Change:
    if isinstance(change, UpdateStage) and _fences(change):
        listed = equals("version", change.stage.version)
        return replace(change, requires=(*change.requires, listed))
    return change


_advances = requiring(UpdateRun, "cursor")
_claims = requiring(UpdateStage, "not_before")


def _renews(change: Change) -> bool:
    renewed = isinstance(change, UpdateStage) and "lease" in change.writes
    return renewed and isinstance(change, UpdateStage) and "status" not in change.writes


def _reaps(change: Change) -> bool:
    return requiring(UpdateStage, "lease.expires_at")(change) and not _renews(change)


_claims_poll = requiring(UpdateStage, "suspension.poll_no")

MUTATIONS: Final = {
    "settle without token": without(_settles, "lease.token"),
    "settle without token and status": without(_settles, "lease.token", "status"),
    "settle and reap without limit": misbehaviour.ENDLESS_ATTEMPTS,
    "reap without token and time": roughly(without(_reaps, "lease.token", "lease.expires_at")),
    "reap without condition": without(_reaps, "lease.token", "lease.expires_at", "status"),
    "renewal without token": without(_renews, "lease.token"),
    "renewal without token and status": without(_renews, "lease.token", "status"),
    "renewed stage never due": never_due(_renews),
    "lost lease said to be held": misbehaviour.ALWAYS_HELD,
    "beat ignores a lost lease": misbehaviour.BEATS_ON,
    "half done output is kept": misbehaviour.HALF_DONE_COUNTS,
    "stop costs an attempt": misbehaviour.STOPS_COST,
    "stopped check fails its stage": misbehaviour.STOPPED_CHECK_FAILS,
    "poll settled without token": roughly(without(_settles_poll, "suspension.lease.token")),
    "poll settled without token and generation": roughly(
        without(_settles_poll, "suspension.lease.token", "generation")
    ),
    "poll settled without token and status": without(
        _settles_poll, "suspension.lease.token", "status"
    ),
    "poll claimed without number": roughly(without(_claims_poll, "suspension.poll_no")),
    "claim of what is claimed": without(_claims, "status", "attempt", "generation"),
    "start without status": without(_starts, "status"),
    "advance without generation": without(_advances, "generation"),
    "advance without open": without(_advances, "status", "closing"),
    "advance without cursor, stages made twice": roughly(
        replace(misbehaviour.STAGES_MADE_TWICE, change=without(_advances, "cursor").change)
    ),
    "cancel lists before it fences": misbehaviour.LISTS_FIRST,
    "fence by version": replace(misbehaviour.FENCES_ONCE, change=_fencing_what_was_listed),
    "fence without generation": roughly(without(_fences, "generation")),
    "list without generation": misbehaviour.LISTS_EVERYTHING,
    "finish without closing and generation": without(_finishes, "closing", "generation"),
    "close without condition": roughly(without(_closes, "status", "closing", "generation")),
    "second cancel returns early": misbehaviour.SECOND_CANCEL_EARLY,
    "rerun of what is not over": replace(
        misbehaviour.RERUNS_ANYTHING, change=without(_reruns, "status", "closing").change
    ),
    "rerun without generation": roughly(without(_reruns, "generation")),
    "replaced record drops its outbox": misbehaviour.DROPS_OUTBOX,
    "stages made in generation 0": misbehaviour.GENERATION_ZERO,
    "clear without version": without(_clears, "version", "generation"),
    "events set, not appended": Tampering(change=_setting_the_outbox),
    "clear takes what was not sent": Tampering(change=_forgetting_the_rest),
    "given up on without a letter": misbehaviour.NO_LETTERS,
    "given up on at the first refusal": misbehaviour.IMPATIENT,
    "replay keeps the letter": Tampering(change=_keeping_the_letter),
    "flush forgets the transition": Tampering(change=_forgetting_the_transition),
    "terminal event first": misbehaviour.END_FIRST,
    "created run never due": never_due(lambda change: isinstance(change, CreateRun)),
    "created stage never due": never_due(lambda change: isinstance(change, CreateStage)),
    "claimed stage never due": never_due(_claims),
    "settled stage never due": never_due(_settles),
    "closing run never due": never_due(_closes),
    "due left alone, whatever it is": without(_anything, "due_at"),
    "mark without version": without(_marks, "version"),
    "mark without generation": roughly(without(_marks, "generation")),
    "conflict taken for a loss": misbehaviour.CONFLICT_IS_LOSS,
    "siblings read before the own settle": misbehaviour.READS_FIRST,
    "failed run does not wait": misbehaviour.FAILS_FAST,
    "answer without condition": without(
        _answers, "status", "generation", "attempt", "suspension.callback_digest"
    ),
    "any secret opens": Tampering(
        change=without(_answers, "suspension.callback_digest").change,
        names=((Callback, "opens", lambda _link, stored: stored is not None),),
    ),
    "any idempotency key": Tampering(change=_taking_any_key),
}
