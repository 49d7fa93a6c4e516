"""`headrace redrive`: dead letters go back to the queue where they failed."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from functions.local.dead_letters import (
    ALL,
    DEFAULT,
    URGENT,
    DeadLetterQueue,
    Move,
    of_queue,
    outputs_of,
    session_for,
    stopping,
)
from functions.local.refusal import FAILED, INTERRUPTED, RefusalError
from functions.local.terminal import Terminal

# Seconds between two looks at a task, and how many looks a task may stay unseen.
_PAUSE: Final = 1.0
_MOST_UNSEEN: Final = 60
_GOES_ON: Final = "The move goes on by itself; the same command again shows how far it is."


@dataclass(frozen=True, kw_only=True)
class Order:
    """Which queues, by the name of a *stack* or the URL of one.

    Args:
        urgent: Only the urgent one, or only the ordinary one; None for all.
        queue: Only the one of this name.
    """

    stack: str | None = None
    queue_url: str | None = None
    urgent: bool | None = None
    queue: str | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        if self.queue is not None:
            return (of_queue(self.queue),)
        if self.urgent is None:
            return ALL
        return (URGENT,) if self.urgent else (DEFAULT,)


def redrive(order: Order, terminal: Terminal, is_sure: Callable[[str], bool]) -> int:
    """Move what waits, if whoever is asked is sure; return the code that the process ends with.

    Raises:
        RefusalError: There is something wrong with the order, or with AWS.
    """
    queues = _found(order)
    full = [queue for queue in queues if _wait(queue, terminal)]
    if not full:
        terminal.say("There is nothing to move.")
        return 0
    if not is_sure("Move them?"):
        terminal.say("Nothing was moved.")
        return FAILED
    for queue in full:
        _move(queue, terminal)
    return 0


def _found(order: Order) -> Sequence[DeadLetterQueue]:
    if (order.stack is None) == (order.queue_url is None):
        hint = "Give the stack's name with --stack, or the URL of a queue with --queue-url."
        raise RefusalError("Redrive needs one stack, or one queue.", hint=hint)
    if order.queue_url is not None and (order.urgent, order.queue) != (None, None):
        hint = "Leave out --urgent, --default and --queue, or name the stack."
        raise RefusalError("What --queue-url names is one queue already.", hint=hint)
    if order.urgent is not None and order.queue is not None:
        hint = "Leave out --queue, or --urgent and --default."
        raise RefusalError("What --queue names is neither of those two.", hint=hint)
    session = session_for(order.queue_url)
    if order.stack is None:
        urls = [str(order.queue_url)]
    else:
        urls = outputs_of(order.stack, order.outputs, session)
    return [DeadLetterQueue(url, session) for url in urls]


def _wait(queue: DeadLetterQueue, terminal: Terminal) -> bool:
    """Say how many wait; return whether any does."""
    depth = queue.depth()
    back = ", ".join(queue.sources)
    aside = f"; {depth.hidden} more are in somebody's hands" if depth.hidden else ""
    terminal.say(f"{depth.waiting} wait in {queue.name}, to go back to {back}{aside}.")
    return depth.waiting > 0


def _move(queue: DeadLetterQueue, terminal: Terminal) -> None:
    queue.refuse_if_moving()
    before = queue.latest()
    queue.start()
    try:
        done = _followed(queue, before, terminal)
    except KeyboardInterrupt:
        raise _interrupted(queue) from None
    except RefusalError as error:
        raise RefusalError(error.sentence, hint=_GOES_ON, code=FAILED) from error
    if done.status != "COMPLETED":
        reason = f", because of {done.reason}" if done.reason else ""
        sentence = f"The move from {queue.name} is {done.status} after {done.moved}{reason}."
        hint = "What was not moved is where it was; mend the cause and redrive again."
        raise RefusalError(sentence, hint=hint, code=FAILED)
    terminal.say(f"{done.moved} moved from {queue.name}.")


def _followed(queue: DeadLetterQueue, before: Move | None, terminal: Terminal) -> Move:
    """Return the task that came after *before*, when it is over."""
    unseen, told = 0, 0
    while True:
        move = queue.latest()
        if move is None or (before is not None and move.begun == before.begun):
            unseen += 1
            if unseen > _MOST_UNSEEN:
                raise RefusalError(f"SQS does not show the move from {queue.name}.")
        elif move.is_over:
            return move
        elif move.moved != told:
            told = move.moved
            terminal.say(f"{told} moved from {queue.name} so far.")
        threading.Event().wait(_PAUSE)


def _interrupted(queue: DeadLetterQueue) -> RefusalError:
    move = queue.latest()
    hint = _GOES_ON if move is None or move.is_over else f"Stop it: {stopping(move)}"
    return RefusalError(
        f"Interrupted; the move from {queue.name} goes on by itself.", hint=hint, code=INTERRUPTED
    )
