"""Who may write a stage's outcome, and until when."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to settle one attempt, or one poll. *token* is secret to its holder."""

    token: str
    expires_at: datetime

    def is_live(self, now: datetime) -> bool:
        return now < self.expires_at
