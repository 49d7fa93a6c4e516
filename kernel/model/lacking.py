"""What is said of a queue that the deployment lacks, whoever is asked to ring there."""

from collections.abc import Sequence

from kernel.errors import NotConfiguredError
from kernel.model.bell import Bell


def no_queue(bells: Sequence[Bell]) -> NotConfiguredError:
    """Return the error for *bells*, none of which has a queue to go to."""
    names = sorted({str(bell.queue) for bell in bells})
    which = f"queue {names[0]!r}" if len(names) == 1 else f"queues {', '.join(map(repr, names))}"
    return NotConfiguredError(
        f"This deployment has no {which}, so {len(bells)} bells were not rung; name it in the"
        " parameter NamedQueues (HEADRACE_QUEUES), and have somebody serve it.",
        queues=names,
    )
