"""Ports of another process: calls go over a pipe, and are carried out over there.

Both ends belong to one engine, and what a stage's code may do to its own process it may do here
too: a process of its own keeps accidents away, not malice.
"""

import os
import pickle
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any, Final

PORTS: Final = frozenset(
    {
        *("batches", "blobs", "logbook", "meter", "models", "persistence", "prices"),
        *("scheduler", "sink", "transport"),
    }
)


class Channel:
    """The end of the pipe that asks. One question is under way at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._process = os.getpid()

    def ask(self, *question: Any) -> Any:
        """Return the answer, or raise it.

        Raises:
            RuntimeError: This is a process that a body has forked: two cannot share the pipe.
        """
        if os.getpid() != self._process:
            raise RuntimeError("The context of a stage is of use in the stage's process only.")
        with self._lock:
            self._connection.send_bytes(pickle.dumps(question))
            succeeded, value = pickle.loads(self._connection.recv_bytes())  # noqa: S301
        if succeeded:
            return value
        raise value


class FarPort:
    """Any port of the other process, by name."""

    def __init__(self, name: str, channel: Channel) -> None:
        self._name = name
        self._channel = channel

    def __getattr__(self, member: str) -> Any:
        if member.startswith("_"):
            raise AttributeError(member)
        if member == "longest_delay":
            return self._channel.ask(self._name, member, None, None)
        return lambda *given, **named: self._channel.ask(self._name, member, given, named)


def carried_out(ports: Any, question: tuple[Any, ...]) -> bytes:
    """Return the answer to *question* as it travels: what a port returned or raised."""
    try:
        return packed(_answered(ports, *question))
    except Exception as error:  # noqa: BLE001 - it is raised over there
        return packed_error(error)


def packed(value: Any) -> bytes:
    return pickle.dumps((True, value))


def packed_error(error: BaseException) -> bytes:
    """Return *error* as it travels, or its likeness where it cannot."""
    try:
        packing = pickle.dumps((False, error))
        pickle.loads(packing)  # noqa: S301  # Many can be pickled, and not come out again.
    except Exception:  # noqa: BLE001 - an exception may have any reason not to be pickled
        likeness = RuntimeError(f"{type(error).__name__}: {error}")
        return pickle.dumps((False, likeness))
    return packing


def _answered(ports: Any, name: str, member: str, given: Any, named: Any) -> Any:
    if name not in PORTS or member.startswith("_"):
        raise AttributeError(f"{name}.{member} cannot be reached from there.")
    found = getattr(getattr(ports, name), member)
    if given is None:
        return found
    result = found(*given, **named)
    return iter(list(result)) if isinstance(result, Iterator) else result
