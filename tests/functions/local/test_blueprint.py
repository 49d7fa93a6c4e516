"""The stack plays what the template says, and nothing else."""

from datetime import timedelta
from pathlib import Path

from functions.local.blueprint import Function, QueueSource, Route, functions_in


def test_the_worker_is_fed_from_both_queues_one_bell_at_a_time() -> None:
    worker = functions_in()["WorkerFunction"]

    sources = worker.queues

    assert sources == (
        QueueSource(queue="Queue", batch_size=1),
        QueueSource(queue="UrgentQueue", batch_size=1),
    )
    assert worker.handler == "functions.worker.handler"
    assert worker.timeout == timedelta(minutes=15)


def test_the_api_serves_the_routes_and_the_tick_has_a_schedule() -> None:
    functions = functions_in()

    routes = functions["ApiFunction"].routes

    assert Route(method="POST", path="/runs/{run_id}/cancel") in routes
    assert functions["TickFunction"].schedules == ("TickFunctionEveryMinute",)
    assert not functions["TickFunction"].queues


def test_parameters_given_take_the_place_of_defaults() -> None:
    functions = functions_in(parameters={"WorkerTimeout": "60", "WorkerMemory": "1024"})

    worker = functions["WorkerFunction"]

    assert (worker.timeout, worker.memory) == (timedelta(minutes=1), 1024)


def test_what_a_template_leaves_out_is_as_aws_has_it(tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(
        "Resources:\n"
        "  Small:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Properties:\n"
        "      Handler: small.handler\n"
        "  SmallBells:\n"
        "    Type: AWS::Lambda::EventSourceMapping\n"
        "    Properties: { EventSourceArn: !GetAtt Bells.Arn, FunctionName: !Ref Small }\n",
        encoding="utf-8",
    )

    functions = functions_in(template)

    assert functions == {
        "Small": Function(
            name="Small",
            handler="small.handler",
            timeout=timedelta(seconds=3),
            memory=128,
            queues=(QueueSource(queue="Bells", batch_size=10),),
        )
    }
