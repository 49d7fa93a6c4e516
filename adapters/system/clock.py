"""The wall clock."""

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's time, which is AWS's on AWS."""

    def now(self) -> datetime:
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def sleep(self, span: timedelta) -> None:
        seconds = max(0.0, span.total_seconds())
        time.sleep(seconds)  # noqa: TID251  # Everybody else asks this port.
