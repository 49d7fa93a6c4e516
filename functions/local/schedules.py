"""EventBridge Scheduler's other half: moto records schedules and never fires one."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from functions.local.calls import UNCOUNTED

log = logging.getLogger(__name__)

_ONCE: Final = "at(%Y-%m-%dT%H:%M:%S)"


class SchedulePump:
    """Fires the schedules of a group that go off once, at queues. No others are in use."""

    def __init__(self, *, group: str) -> None:
        playing = Config(user_agent_extra=UNCOUNTED)
        self._scheduler = boto3.client("scheduler", config=playing)
        self._sqs = boto3.client("sqs", config=playing)
        self._group = group
        self._seen: dict[str, Mapping[str, Any]] = {}

    def fire_due(self, now: datetime) -> int:
        """Fire what is due at *now*, and return how many schedules that were."""
        self._look()
        due = [schedule for schedule in self._seen.values() if moment_of(schedule) <= now]
        return sum(self._fire(schedule) for schedule in due)

    def _look(self) -> None:
        """Ask for what is new; a schedule does not change."""
        pages = self._scheduler.get_paginator("list_schedules").paginate(GroupName=self._group)
        names = [each["Name"] for page in pages for each in page["Schedules"]]
        self._seen = {name: self._seen.get(name) or self._schedule(name) for name in names}

    def _schedule(self, name: str) -> Mapping[str, Any]:
        return self._scheduler.get_schedule(Name=name, GroupName=self._group)

    def _fire(self, schedule: Mapping[str, Any]) -> bool:
        target = schedule["Target"]
        try:
            url = self._sqs.get_queue_url(QueueName=target["Arn"].rpartition(":")[2])["QueueUrl"]
            self._sqs.send_message(QueueUrl=url, MessageBody=target.get("Input", "{}"))
        except ClientError:
            log.exception("The schedule %s did not reach its target", schedule["Name"])
            return False
        # Kept or not, it would never go off again.
        self._scheduler.delete_schedule(Name=schedule["Name"], GroupName=self._group)
        return True


def moment_of(schedule: Mapping[str, Any]) -> datetime:
    """Return when a schedule that goes off once does so."""
    zone = schedule.get("ScheduleExpressionTimezone", "UTC")
    naive = datetime.strptime(schedule["ScheduleExpression"], _ONCE)  # noqa: DTZ007
    return naive.replace(tzinfo=UTC if zone == "UTC" else ZoneInfo(zone))
