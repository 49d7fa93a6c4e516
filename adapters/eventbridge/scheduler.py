"""Bells that ring once, much later: one schedule each, which removes itself when it has rung."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from adapters.aws.client import LazyClient
from adapters.aws.errors import code_of, translated
from kernel.model import bell_wire
from kernel.model.bell import Bell
from kernel.model.ids import short
from kernel.model.lacking import no_queue
from kernel.model.moment import to_text

if TYPE_CHECKING:
    # For its types only: boto3 loads S3's transfers, which takes as long as all the kernel.
    from boto3.session import Session

# What a schedule can carry.
LARGEST: Final = 256 * 1024

_LONGEST_PREFIX: Final = 31


class EventBridgeScheduler:
    """A group of schedules, which put bells into the queues that the transport reads.

    Args:
        role_arn: The role that EventBridge takes on to reach the queues.
        queues: The ARNs of the named queues.
    """

    def __init__(
        self,
        *,
        group: str,
        role_arn: str,
        queue_arn: str,
        urgent_queue_arn: str,
        queues: Mapping[str, str] | None = None,
        session: "Session | None" = None,
    ) -> None:
        self._group = group
        self._role = role_arn
        self._ordinary = queue_arn
        self._urgent = urgent_queue_arn
        self._named = dict(queues or {})
        self._scheduler = LazyClient(
            session, lambda session, config: session.client("scheduler", config=config)
        )

    def ring_at(self, bell: Bell, moment: datetime) -> None:
        thing = f"The schedule group {self._group!r}"
        with translated(thing, variable="HEADRACE_SCHEDULE_GROUP"):
            try:
                self._create(bell, moment)
            except ClientError as error:
                # It is there already. (Deletion by name could conflict too; nobody deletes.)
                if code_of(error) != "ConflictException":
                    raise

    def _arn_of(self, bell: Bell) -> str:
        if bell.queue is None:
            return self._urgent if bell.urgent else self._ordinary
        if bell.queue not in self._named:
            raise no_queue([bell])
        return self._named[bell.queue]

    def _create(self, bell: Bell, moment: datetime) -> None:
        self._scheduler().create_schedule(
            Name=_name_of(bell, moment),
            GroupName=self._group,
            ScheduleExpression=f"at({_whole_seconds(moment):%Y-%m-%dT%H:%M:%S})",
            ScheduleExpressionTimezone="UTC",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target={
                "Arn": self._arn_of(bell),
                "RoleArn": self._role,
                "Input": bell_wire.encode(bell, limit=LARGEST),
            },
        )


def _name_of(bell: Bell, at: datetime) -> str:
    """Return the same name for the same job and moment, beginning with the run's id for people."""
    run = re.sub(r"[^0-9a-zA-Z_.-]", "-", bell.run_id)[:_LONGEST_PREFIX]
    return f"{run}-{short(f'{bell.kind} {bell.job_id} {to_text(at)}', 32)}"


def _whole_seconds(at: datetime) -> datetime:
    """Return *at* in UTC, rather late than early."""
    return (at.astimezone(UTC) + timedelta(microseconds=999_999)).replace(microsecond=0)
