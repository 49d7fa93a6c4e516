"""Ports that fail on cue."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any

from kernel.ports.bundle import Ports


class Crash(BaseException):
    """The process is gone. Nothing catches it but whoever started the process."""


def crash() -> None:
    """End the process."""
    raise Crash


@dataclass(kw_only=True)
class Fate:
    """Counts port calls, and lets something happen before or after one of them, once.

    Args:
        place: Which call, from 1; 0 never comes.
        after: Whether the call takes effect first.
        deed: What happens; by default the process ends.
    """

    place: int = 0
    after: bool = False
    deed: Callable[[], object] = crash
    calls: list[str] = field(default_factory=list)

    def passing(self, name: str, call: Callable[[], Any]) -> Any:
        """Make one port call, and see to what happens beside it."""
        self.calls.append(name)
        strikes = len(self.calls) == self.place
        if strikes and not self.after:
            self.deed()
        result = call()
        if strikes:
            self.deed()
        return result


def mortal(ports: Ports, fate: Fate) -> Ports:
    """Return *ports*, every call of which passes *fate*."""
    names = [port.name for port in fields(ports)]
    return replace(ports, **{name: _Watched(name, getattr(ports, name), fate) for name in names})


class _Watched:
    """Any port, with each method call reported first."""

    def __init__(self, name: str, port: object, fate: Fate) -> None:
        self._name = name
        self._port = port
        self._fate = fate

    def __getattr__(self, method: str) -> Any:
        target = getattr(self._port, method)
        if not callable(target):
            return target
        name = f"{self._name}.{method}"

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._fate.passing(name, lambda: _whole(target(*args, **kwargs)))

        return call


def _whole(result: Any) -> Any:
    """Read a lazy answer to its end, so that the call is over when it counts as made."""
    return iter(list(result)) if isinstance(result, Iterator) else result
