"""Some stages run elsewhere: each body goes to the executor that its stage is named for."""

import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from kernel.ports.executor import AttemptKey, Executor, Pulse, Stoppable


class RoutingExecutor:
    """Sends the stages that it knows by name to executors of their own, and all others to one.

    Args:
        routes: By stage id, or by `workflow id/stage id`, which goes before.
        otherwise: Makes the executor of all other stages, once, when the first of them comes.
    """

    def __init__(
        self, routes: Mapping[str, Executor], *, otherwise: Callable[[], Executor]
    ) -> None:
        self._routes = dict(routes)
        self._make = otherwise
        self._making = threading.Lock()
        self._others: Executor | None = None
        self._is_stopped = False

    @property
    def tainted(self) -> bool:
        """Whether one of its executors is."""
        return any(executor.tainted for executor in self._made())

    @property
    def is_stopping(self) -> bool:
        """Whether one of its executors is."""
        return self._is_stopped or any(executor.is_stopping for executor in self._made())

    def stop(self) -> None:
        """Stop every body that can be stopped, and from now on each one that begins."""
        with self._making:
            self._is_stopped = True
        for executor in self._made():
            _stop(executor)

    def run(
        self,
        body: Callable[[], Any],
        *,
        of: AttemptKey,
        within: timedelta,
        pulse: Pulse | None = None,
    ) -> Any:
        return self._executor(of).run(body, of=of, within=within, pulse=pulse)

    def aside(self, call: Callable[[], Any], *, of: AttemptKey) -> Awaitable[Any]:
        return self._executor(of).aside(call, of=of)

    def _made(self) -> Iterable[Executor]:
        others = () if self._others is None else (self._others,)
        return (*self._routes.values(), *others)

    def _executor(self, of: AttemptKey) -> Executor:
        for name in (f"{of.workflow_id}/{of.stage_id}", of.stage_id):
            if name in self._routes:
                return self._routes[name]
        return self._other()

    def _other(self) -> Executor:
        # Held while it is made, not while a body runs.
        with self._making:
            if self._others is None:
                self._others = self._make()
                if self._is_stopped:
                    _stop(self._others)
            return self._others


def _stop(executor: Executor) -> None:
    if isinstance(executor, Stoppable):
        executor.stop()
