"""The figures that the engine goes by. Hosts may set them; tests shorten them."""

from dataclasses import dataclass
from datetime import timedelta

DEFAULT_PUBLISHED = ("workflow:*", "stage:failed", "stage:suspended")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Defaults for everything that no stage chooses for itself.

    Args:
        grace: How long after an effect was due the tick repeats it (G; at most 60 s, R1).
        definition_grace: How long a run is left alone that wants to move and whose definition
            is not here: a rolling deployment ends by then.
        longest_push_back: The most that a record that fails is put off.
        lease_margin: Added to every lease, for the settling itself.
        least_time: What a process must have left to begin an attempt.
        poll_timeout: How long one check may take.
        poll_failures: Polls that may throw in a row before the stage fails.
        budget_every: How often a stage is looked at that waits for a larger budget.
        stumbles: Failures of the infrastructure that one stage survives.
        conflict_tries: How often one command is decided before a conflict is given up.
        conflict_pause: The pause before the second decision; doubles, with jitter.
        isolates: Whether a stage's code runs in a process of its own where the stage does not say.
        inline_limit: The longest payload that stays in its record, in bytes of JSON.
        bell_limit: The longest payload that a doorbell carries, in bytes of JSON.
        artifact_limit: How many artifacts one attempt may leave.
        annotation_limit: How many annotations one attempt may pin.
        progress_every: The least time between two stored reports of progress.
        idempotency_kept: How long a key is remembered.
        retention: How long a run is kept that is over; None keeps it for good.
        callback_base: Where calls from outside arrive; a link is `<base>/callbacks/<token>`.
        publish_tries: How often an event may be refused; after the last it is a dead letter.
        dead_letters_kept: How long a dead letter can be replayed.
        spending_kept: How long what a topic has spent is kept, its runs gone or not.
        keeps_prompts: Whether calls of models are kept with what was said, cut short.
        redactions: Regular expressions; what matches is blotted out of that.
        published: Event types that are stored and sent; `workflow:*` means all that start so.
    """

    grace: timedelta = timedelta(seconds=60)
    definition_grace: timedelta = timedelta(minutes=15)
    longest_push_back: timedelta = timedelta(minutes=15)
    lease_margin: timedelta = timedelta(seconds=30)
    least_time: timedelta = timedelta(seconds=2)
    poll_timeout: timedelta = timedelta(seconds=60)
    poll_failures: int = 5
    budget_every: timedelta = timedelta(minutes=15)
    stumbles: int = 5
    conflict_tries: int = 8
    conflict_pause: timedelta = timedelta(milliseconds=20)
    progress_every: timedelta = timedelta(seconds=5)
    idempotency_kept: timedelta = timedelta(days=7)
    retention: timedelta | None = timedelta(days=30)
    publish_tries: int = 5
    dead_letters_kept: timedelta = timedelta(days=30)
    spending_kept: timedelta = timedelta(days=400)
    keeps_prompts: bool = False
    redactions: tuple[str, ...] = ()
    isolates: bool = False
    inline_limit: int = 4_096
    bell_limit: int = 48_000
    artifact_limit: int = 100
    annotation_limit: int = 20
    callback_base: str | None = None
    published: tuple[str, ...] = DEFAULT_PUBLISHED

    def publishes(self, event_type: str) -> bool:
        """Whether events of that type leave the engine at all; others are not stored."""
        return any(
            event_type == wanted or (wanted.endswith("*") and event_type.startswith(wanted[:-1]))
            for wanted in self.published
        )
