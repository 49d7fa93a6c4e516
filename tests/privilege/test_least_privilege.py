"""The real handlers under the policies of the translated template: enough, and nothing over."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pytest

from tests.privilege import flows, workloads
from tests.privilege.crew import API, TICK, WORKER, Crew, crew
from tests.privilege.needs import arn, blob_arn
from tests.privilege.roles import trust_of
from tests.privilege.statements import Request, allowing, conditions_in

FUNCTIONS = [WORKER, TICK, API]
ROLES = ["WorkerRole", "TickRole", "ApiRole", "SchedulerRole", "heavyContainerRole"]
# What ECS does in it, nobody plays here.
UNPLAYED = "ContainerStartRole"


@dataclass(frozen=True, kw_only=True)
class Played:
    """What became of the runs of each workload, and of the roles."""

    crew: Crew
    ends: Mapping[str, Sequence[str]]


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    with crew(flows.__name__) as at_work:
        ends = {play.__name__: end_of(play, at_work) for play in workloads.ALL}
        yield Played(crew=at_work, ends=ends)


def end_of(play: Callable[[Crew], Sequence[str]], at_work: Crew) -> Sequence[str]:
    """Return how the runs of a workload ended; where it stumbled, the roles say over what."""
    try:
        return play(at_work)
    except Exception as error:  # noqa: BLE001 - what was denied to the handlers may end anywhere
        return (repr(error),)


def test_every_run_of_the_workloads_comes_to_its_end(played: Played) -> None:
    assert played.ends == {
        "runs_end": ("COMPLETED", "COMPLETED", "FAILED"),
        "providers_are_asked": ("COMPLETED", "COMPLETED"),
        "runs_start_later": ("COMPLETED", "COMPLETED"),
        "callers_answer": ("COMPLETED",),
        "runs_are_cancelled_and_rerun": ("CANCELLED", "COMPLETED"),
        "stages_run_elsewhere": ("COMPLETED", "COMPLETED", "COMPLETED"),
        "ticks_repeat_what_was_lost": ("CANCELLED", "COMPLETED"),
        "ticks_advance_what_was_left": ("COMPLETED",),
        "ticks_free_what_dead_workers_held": ("COMPLETED",),
        "late_workers_sweep_up": ("CANCELLED",),
        "blobs_are_missing": ("CANCELLED", "CANCELLED", "CANCELLED"),
        "events_are_given_up_on": ("FAILED",),
        "runs_are_removed": ("COMPLETED",),
    }
    assert set(played.crew.waiting().values()) == {0}


def test_every_role_of_the_template_is_looked_at(played: Played) -> None:
    assert sorted(played.crew.roles) == sorted((*ROLES, UNPLAYED))


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_denied_nothing_that_it_needs(played: Played, role: str) -> None:
    denied = {str(request) for request in played.crew.roles[role].denied}

    assert denied == set()


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_granted_nothing_that_it_never_needs(played: Played, role: str) -> None:
    idle = played.crew.roles[role].idle

    assert idle == []


@pytest.mark.parametrize("role", ROLES)
def test_what_belongs_to_others_is_closed(played: Played, role: str) -> None:
    account, granted = played.crew.account, played.crew.roles[role].grants
    table, bucket = account.outputs["TableName"], account.outputs["BlobBucketName"]
    dead = account.outputs["DeadLetterQueueUrl"].rpartition("/")[2]
    others = [
        Request(action="dynamodb:GetItem", resource=arn("dynamodb", f"table/{table}2")),
        Request(action="dynamodb:Query", resource=arn("dynamodb", f"table/{table}/index/runs")),
        Request(action="dynamodb:Scan", resource=arn("dynamodb", f"table/{table}")),
        Request(action="s3:GetObject", resource=blob_arn(bucket, "elsewhere")),
        Request(action="s3:PutObject", resource=blob_arn(f"{bucket}2", "runs/run-1/input.json")),
        Request(action="sqs:SendMessage", resource=arn("sqs", dead)),
        Request(action="sqs:SendMessage", resource=arn("sqs", "headrace-two-heavy-bells")),
        Request(action="sqs:ReceiveMessage", resource=arn("sqs", "headrace-gpu-bells")),
        Request(action="events:PutEvents", resource=arn("events", "event-bus/default")),
        Request(action="scheduler:CreateSchedule", resource=arn("scheduler", "schedule/other/x")),
        Request(action="logs:PutLogEvents", resource=arn("logs", "log-group:/other:log-stream:x")),
    ]

    open_ = [str(request) for request in others if allowing(granted, request)]

    assert open_ == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_schedulers_role_is_lent_to_the_scheduler_only(played: Played, function: str) -> None:
    lent = played.crew.account.environments[function]["HEADRACE_SCHEDULER_ROLE_ARN"]
    services = ["scheduler.amazonaws.com", "lambda.amazonaws.com"]

    borrowers = [
        service
        for service in services
        if allowing(
            played.crew.role_of(function).grants,
            Request(action="iam:PassRole", resource=lent, facts={"iam:PassedToService": service}),
        )
    ]

    assert borrowers == ["scheduler.amazonaws.com"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_functions_role_is_taken_on_by_lambda_only(played: Played, function: str) -> None:
    trust = trust_of(played.crew.role_of(function))

    assert trust == {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }


def test_the_schedulers_role_is_taken_on_for_schedules_of_the_stack_only(played: Played) -> None:
    trust = trust_of(played.crew.roles["SchedulerRole"])
    group = played.crew.account.outputs["ScheduleGroupName"]
    facts = {
        "aws:SourceAccount": "123456789012",
        "aws:SourceArn": arn("scheduler", f"schedule-group/{group}"),
    }

    conditions = list(conditions_in(trust["Condition"]))

    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert all(condition.holds(facts) for condition in conditions)
    assert {condition.key for condition in conditions} == facts.keys()
