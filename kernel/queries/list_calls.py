"""The model calls of a run, as they are on its bill."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from kernel.errors import InvalidInputError
from kernel.model.call import ModelCall
from kernel.ports.bundle import Ports

MOST: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class CallsView:
    """*more*: there are others, beyond what was asked for."""

    calls: Sequence[ModelCall]
    more: bool


def list_calls(
    ports: Ports, run_id: str, *, stage_id: str | None = None, limit: int = MOST
) -> CallsView:
    """Return up to *limit* calls of all attempts and generations, each stage's together.

    Raises:
        NotFoundError: There is no such run.
        InvalidInputError: *limit* is not from 1 to 1,000.
    """
    if not 0 < limit <= MOST:
        problem = f"limit is from 1 to {MOST:,}, and not {limit}"
        raise InvalidInputError(f"The calls cannot be listed: {problem}.", problems=[problem])
    ports.persistence.run(run_id)
    found = [*islice(ports.persistence.calls(run_id, stage_id), limit + 1)]
    return CallsView(calls=found[:limit], more=len(found) > limit)
