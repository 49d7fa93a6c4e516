"""Brings the processes into the world, and takes them out of it again: `python -m` this.

A process that is forked from one that has imported everything is there at once; on its own it
would take longer to start than it is left to live. It says one line for each that it reads:

    birth ROLE  ->  the child's id
    freeze ID   ->  its id: it stands still, as if its machine did
    thaw ID     ->  its id: it goes on, and has noticed nothing
    kill ID     ->  whether it was alive until then (1 or 0)

A child that is dead stays in the books until it is killed, so no other process can have its id.
Without anybody to talk to, all end.
"""

import os
import signal
import sys
from collections.abc import Iterable
from typing import Final

from tests.kill.ledger import folder
from tests.kill.roles import play

_SIGNALS: Final = {"freeze": signal.SIGSTOP, "thaw": signal.SIGCONT}


def main(orders: Iterable[str]) -> None:
    children: set[int] = set()
    try:
        for order in orders:
            verb, word = order.split()
            print(_done(verb, word, children), flush=True)
    finally:
        for child in children:
            _killed(child)


def _done(verb: str, word: str, children: set[int]) -> int:
    if verb == "birth":
        child = _born(word)
        children.add(child)
        return child
    child = int(word)
    if child not in children:
        message = f"{child} is not one of ours: {children}"
        raise ValueError(message)
    if verb == "kill":
        children.remove(child)
        return int(_killed(child))
    os.kill(child, _SIGNALS[verb])
    return child


def _born(role: str) -> int:
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        _turn_to_log(role)
        play(role, parent)
    finally:
        # Not a step back into the code of the parent, whatever happens here.
        os._exit(1)


def _turn_to_log(role: str) -> None:
    log = os.open(folder() / f"{role}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for ours, theirs in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(ours, theirs)


def _killed(child: int) -> bool:
    """Kill *child*; return whether that is what it died of."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


if __name__ == "__main__":
    main(sys.stdin)
