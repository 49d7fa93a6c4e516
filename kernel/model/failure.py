"""Why an attempt, a stage or a run did not succeed."""

from dataclasses import dataclass
from typing import Final, Self

LONGEST_MESSAGE: Final = 1_000
LONGEST_CODE: Final = 100


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A failure as it is stored: bounded, so that no record grows without limit.

    Args:
        code: For programs: STAGE_ERROR, STAGE_TIMEOUT, WORKER_LOST, INVALID_INPUT, ...
        message: For people, one sentence; cut at 1,000 characters.
        retryable: Whether another attempt could succeed.
        stage_id: The stage it happened in, on a run's failure.
    """

    code: str
    message: str
    retryable: bool = False
    stage_id: str | None = None

    @classmethod
    def of(cls, code: str, message: str, *, retryable: bool = False) -> Self:
        """Return a failure with its code and message cut to what a record may hold."""
        kept = message if len(message) <= LONGEST_MESSAGE else f"{message[: LONGEST_MESSAGE - 1]}…"
        return cls(code=code[:LONGEST_CODE], message=kept, retryable=retryable)
