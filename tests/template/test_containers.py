"""Containers that serve named queues: there for whoever asks, with the rights of a worker."""

from functions.local.account import REGION
from functions.local.template import translate_template
from tests.template.reading import (
    CONTAINERS,
    Json,
    actions,
    as_list,
    given,
    of_type,
    properties,
    refusals,
    statements,
)

# What Lambda does in its function's role, and ECS in one of its own or not at all.
OF_LAMBDA = {
    *("sqs:GetQueueAttributes", "logs:CreateLogStream", "logs:PutLogEvents"),
    *("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
}


def container(template: Json) -> Json:
    (found,) = properties(template, "heavyTask")["ContainerDefinitions"]
    return dict(found)


def option(template: Json, name: str) -> str:
    words = container(template)["Command"]
    return str(words[words.index(name) + 1])


def test_without_an_image_nothing_of_it_is_there() -> None:
    nothing, something = given(), given(**CONTAINERS)

    more = something["Resources"].keys() - nothing["Resources"].keys()

    kinds = {each["Type"] for each in nothing["Resources"].values()}
    assert {"ContainerCluster", "heavyService", "heavyTask", "heavyContainerRole"} <= more
    assert not [kind for kind in kinds if "ECS" in kind or "EC2" in kind or "Scaling" in kind]


def test_an_image_needs_a_network() -> None:
    said = ["Give ContainerVpc and ContainerSubnets with ContainerRepository."]

    assert refusals(ContainerRepository="workers") == said
    assert refusals(**CONTAINERS) == refusals() == []


def test_a_container_may_do_what_the_worker_may_and_hold_what_it_took(template: Json) -> None:
    worker, here = actions(template, "WorkerRole"), actions(template, "heavyContainerRole")

    assert here == worker - OF_LAMBDA | {"sqs:ChangeMessageVisibility"}


def test_it_may_do_so_with_the_same_things(template: Json) -> None:
    worker = {each["Sid"]: each for each in statements(template, "WorkerRole")}

    for each in statements(template, "heavyContainerRole"):
        if each["Sid"] not in {"Deliveries", "NamedBells"}:
            assert each == worker[each["Sid"]]


def test_it_takes_from_its_own_queue_and_rings_in_all() -> None:
    template = translate_template(region=REGION, parameters={"NamedQueues": "heavy,gpu"})

    granted = list(statements(template, "gpuContainerRole"))

    taken = [each["Resource"] for each in granted if each["Sid"] == "Deliveries"]
    rung = [each["Resource"] for each in granted if each["Sid"] == "NamedBells"]
    assert taken == [{"Fn::GetAtt": ["gpuQueue", "Arn"]}]
    assert rung == [{"Fn::GetAtt": [f"{name}Queue", "Arn"]} for name in ("heavy", "gpu")]


def test_only_the_registry_is_asked_without_saying_for_what(template: Json) -> None:
    roles = ("ContainerStartRole", "heavyContainerRole")

    wide = [
        each["Action"]
        for role in roles
        for each in statements(template, role)
        if "*" in as_list(each["Resource"])
    ]

    assert wide == ["ecr:GetAuthorizationToken"]
    assert not [name for role in roles for name in actions(template, role) if "*" in name]


def test_roles_are_taken_on_by_tasks_of_this_account_only(template: Json) -> None:
    for role in ("ContainerStartRole", "heavyContainerRole"):
        (trust,) = properties(template, role)["AssumeRolePolicyDocument"]["Statement"]

        assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert trust["Condition"] == {
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        }


def test_it_is_told_what_the_worker_is_told(template: Json) -> None:
    worker = properties(template, "WorkerFunction")["Environment"]["Variables"]

    told = {each["Name"]: each["Value"] for each in container(template)["Environment"]}

    assert told == {**worker, "AWS_REGION": {"Ref": "AWS::Region"}}


def test_it_serves_its_queue_and_has_time_to_let_go(template: Json) -> None:
    stop = container(template)["StopTimeout"]

    assert option(template, "--queue") == "heavy"
    assert {"Ref": "ContainerThreads"} in container(template)["Command"]
    assert int(option(template, "--grace")) + 20 < stop <= 120


def test_its_health_is_asked_where_it_is_told(template: Json) -> None:
    asked = container(template)["HealthCheck"]["Command"]

    assert f"http://{option(template, '--health')}/health" in asked[-1]
    assert asked[:3] == ["CMD", "python", "-c"]


def test_it_writes_nowhere_but_in_its_own_corner(template: Json) -> None:
    one = container(template)

    assert one["ReadonlyRootFilesystem"] is True
    assert [each["ContainerPath"] for each in one["MountPoints"]] == ["/tmp"]  # noqa: S108
    assert one["LinuxParameters"] == {"InitProcessEnabled": True}


def test_nobody_calls_it_and_it_calls_aws(template: Json) -> None:
    group = properties(template, "ContainerSecurityGroup")

    (way,) = group["SecurityGroupEgress"]

    assert "SecurityGroupIngress" not in group
    assert (way["FromPort"], way["ToPort"], way["IpProtocol"]) == (443, 443, "tcp")


def test_a_deployment_leaves_the_number_of_containers_alone(template: Json) -> None:
    service = properties(template, "heavyService")

    assert "DesiredCount" not in service
    assert service["DeploymentConfiguration"]["DeploymentCircuitBreaker"]["Rollback"] is True


def test_containers_are_stopped_only_when_no_bell_waits_and_none_is_held(template: Json) -> None:
    alarm = properties(template, "heavyNothingToDoAlarm")

    counted = {
        each["Id"]: each["MetricStat"]["Metric"]["MetricName"]
        for each in alarm["Metrics"]
        if "MetricStat" in each
    }
    (total,) = (each["Expression"] for each in alarm["Metrics"] if "Expression" in each)

    assert counted == {
        "waiting": "ApproximateNumberOfMessagesVisible",
        "held": "ApproximateNumberOfMessagesNotVisible",
    }
    assert total == "waiting + held"
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "LessThanOrEqualToThreshold")
    assert alarm["AlarmActions"] == [{"Ref": "heavyScaleIn"}]
    assert alarm["TreatMissingData"] == "breaching"


def test_more_are_started_the_more_bells_wait(template: Json) -> None:
    policy = properties(template, "heavyScaleOut")["StepScalingPolicyConfiguration"]

    steps = policy["StepAdjustments"]

    assert [each["ScalingAdjustment"] for each in steps] == [1, 4, 16]
    assert [each.get("MetricIntervalUpperBound") for each in steps[:-1]] == [
        each["MetricIntervalLowerBound"] for each in steps[1:]
    ]
    assert properties(template, "heavyBellsWaitAlarm")["AlarmActions"] == [
        {"Ref": "heavyScaleOut"}
    ]


def test_every_alarm_that_scales_looks_at_the_queue_of_its_service(template: Json) -> None:
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    queue = [{"Name": "QueueName", "Value": {"Fn::GetAtt": ["heavyQueue", "QueueName"]}}]

    waiting = alarms["heavyBellsWaitAlarm"]["Dimensions"]
    idle = [
        each["MetricStat"]["Metric"]["Dimensions"]
        for each in alarms["heavyNothingToDoAlarm"]["Metrics"]
        if "MetricStat" in each
    ]

    assert [waiting, *idle] == [queue] * 3
