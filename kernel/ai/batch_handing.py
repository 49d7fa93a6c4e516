"""Handing a round in: written down on the bill first, under names that a repeat adopts."""

from dataclasses import replace
from typing import Final

from kernel.ai.batch_ground import BatchFolder
from kernel.ai.batch_staging import Staged, lines_of
from kernel.ai.batch_wire import ticket_of, ticket_wire
from kernel.ai.ledger import Draft
from kernel.errors import EngineError, RejectedError
from kernel.model.call import CallKind, CallState, ModelCall
from kernel.model.failure import Failure
from kernel.ports.batch_model import BatchTicket

NOTHING_SENT: Final = 0


def begun(folder: BatchFolder, what: Staged) -> ModelCall:
    """Return the round's line on the bill; it is written where it is not there yet.

    Raises:
        BudgetExceededError: The budget does not allow it.
        ConflictError: The attempt is no longer ours.
    """
    draft = Draft(
        topic=folder.ground.topic,
        model=what.model,
        kind=CallKind.BATCH,
        reserve=what.reserve,
        requests=what.handed,
        id=folder.name,
    )
    return folder.ground.ledger.begin(draft)


def hand_in(folder: BatchFolder, what: Staged) -> None:
    """Hand in every batch of the round that has not been.

    Raises:
        RejectedError: The provider will not have it. What it has of the round is cancelled.
        UnavailableError: The provider or the store did not answer; what is there is adopted by
            whoever tries again.
    """
    for number, chunk in enumerate(what.chunks):
        if not chunk.is_small:
            try:
                ticket(folder, what, number)
            except RejectedError as error:
                _withdraw(folder, what, number, error)
                raise


def ticket(folder: BatchFolder, what: Staged, number: int) -> BatchTicket:
    """Return the ticket of one batch of the round; hand it in where that was never done."""
    kept = folder.read(f"handed-{number}")
    if kept is not None:
        return ticket_of(kept)
    name, lines = f"{folder.name}-{number}", lines_of(folder, what.chunks[number])
    given = folder.ground.batches.submit(name, what.model, lines)
    folder.write(f"handed-{number}", ticket_wire(given))
    return given


def _withdraw(folder: BatchFolder, what: Staged, refused: int, error: EngineError) -> None:
    earlier = [number for number, chunk in enumerate(what.chunks[:refused]) if not chunk.is_small]
    for number in earlier:
        folder.ground.batches.cancel(ticket(folder, what, number))
    call = begun(folder, what)
    if call.state is CallState.BEGUN:
        failure = Failure.of(error.code, error.message)
        cost = None if earlier else NOTHING_SENT
        ended = replace(call, state=CallState.FAILED, cost=cost, error=failure)
        folder.ground.ledger.settle(ended)
