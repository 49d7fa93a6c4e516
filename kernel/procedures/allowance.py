"""How long a stage's code may take, and what is said of it when it takes longer."""

from dataclasses import dataclass
from datetime import timedelta

from kernel.model.failure import Failure
from kernel.model.span import in_words


class CutOffError(Exception):
    """A stage's code took longer than it may; *failure* says whose limit that was."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """The code's own timeout, or what the process has left where that is less.

    Args:
        whose: Whose code it is, as it begins a sentence.
        time_left: What the process had when it began; None where nobody will stop it.
    """

    whose: str
    timeout: timedelta
    time_left: timedelta | None

    @property
    def within(self) -> timedelta:
        return self.timeout if self.time_left is None else min(self.timeout, self.time_left)

    def exceeded(self) -> Failure:
        """Return the failure of code that did not end in time; another attempt may have more."""
        its_own = in_words(self.timeout)
        if self.time_left is None or self.time_left >= self.timeout:
            message = f"{self.whose} did not end within its timeout of {its_own}."
            return Failure.of("STAGE_TIMEOUT", message, retryable=True)
        message = (
            f"{self.whose} was cut off {in_words(self.time_left)} into its timeout of {its_own}:"
            " the process had no more than that left; raise WorkerTimeout, or use a queue whose"
            " worker has more time."
        )
        return Failure.of("HOST_DEADLINE", message, retryable=True)
