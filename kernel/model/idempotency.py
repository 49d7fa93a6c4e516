"""What a command's key was used for, committed together with the command's effect."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class IdempotencyRecord:
    """*digest* is that of the raw request: a deployment may parse it differently.

    *generation* is the run's that the command made.
    """

    command: str
    key: str
    digest: str
    run_id: str
    generation: int = 0
    expires_at: datetime
