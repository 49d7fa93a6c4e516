"""What a function has loaded and made when it has started, in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from functions.settings import LAMBDA
from tests.cold.starts import CLIENTS
from tests.functions.test_settings import GOOD
from tests.support.one_answer import one_answer, with_layout

ROOT: Final = Path(__file__).parents[2]
PROGRAM: Final = """
import gc, importlib, json, sys
from botocore.client import ClientCreator

made, create = [], ClientCreator.create_client
opened = []

def noted(self, service_name, *others, **more):
    made.append(service_name)
    return create(self, service_name, *others, **more)

ClientCreator.create_client = noted
sys.addaudithook(lambda what, of: opened.append(str(of[0])) if what == "os.listdir" else None)
importlib.import_module(sys.argv[1])
print(json.dumps({"made": made, "opened": opened, "loaded": [*sys.modules],
    "looks": gc.isenabled()}))
"""
# Each of them takes longer than what an invocation does, and none of them is used by any.
HEAVY: Final = (
    *("aws_xray_sdk", "cfnlint", "hypothesis", "jinja2", "mypy_boto3_dynamodb", "moto"),
    *("numpy", "openai", "pydantic_ai", "pytest", "requests", "rich", "samtranslator"),
    *("schemathesis", "sqlite3", "typer", "unittest", "yaml"),
    *("adapters.system.cell", "multiprocessing.forkserver"),
    *("adapters.memory", "functions.local", "functions.workflows.digesting.chart"),
    *("aws_lambda_powertools.utilities.batch"),
    *("aws_lambda_powertools.utilities.parser", "aws_lambda_powertools.utilities.validation"),
    *("aws_lambda_powertools.event_handler.openapi.swagger_ui", "boto3", "s3transfer"),
    *("kernel.ai", "kernel.model.message"),
)
HTTP: Final = (
    "asyncio",
    "aws_lambda_powertools.event_handler",
    "functions.api",
    "functions.replies",
    "ulid",
)


@cache
def started(name: str) -> Mapping[str, Any]:
    with one_answer(with_layout(1)) as address:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, f"functions.{name}"],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_ENDPOINT_URL_DYNAMODB": address,
                "HEADRACE_WORKFLOWS": "functions.workflows.hello",
                LAMBDA: "127.0.0.1:9001",
                **GOOD,
            },
            capture_output=True,
            text=True,
            check=True,
        )
    told: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def loaded(name: str, unwanted: tuple[str, ...]) -> list[str]:
    """Return which modules of *unwanted*, or within them, the function has loaded."""
    return [
        module
        for module in started(name)["loaded"]
        if any(f"{module}.".startswith(f"{each}.") for each in unwanted)
    ]


@pytest.mark.parametrize("name", CLIENTS)
def test_nothing_heavy_is_loaded_that_no_invocation_needs(name: str) -> None:
    assert loaded(name, HEAVY) == []


@pytest.mark.parametrize("name", ["worker", "tick"])
def test_only_the_api_loads_what_answers_requests(name: str) -> None:
    assert loaded(name, HTTP) == []
    assert loaded("api", HTTP) != []


def test_what_is_looked_for_is_found_where_it_is() -> None:
    assert "pynamodb.models" in loaded("worker", ("pynamodb",))


@pytest.mark.parametrize(("name", "clients"), CLIENTS.items())
def test_it_makes_the_clients_that_nearly_every_invocation_needs(
    name: str, clients: tuple[str, ...]
) -> None:
    made = started(name)["made"]

    assert sorted(made) == sorted(clients)


@pytest.mark.parametrize("name", CLIENTS)
def test_it_opens_what_botocore_knows_of_no_other_service(name: str) -> None:
    opened = {Path(each) for each in started(name)["opened"]}

    services = {each.name for each in opened if each.parent.parts[-2:] == ("botocore", "data")}

    assert services == set(CLIENTS[name])


@pytest.mark.parametrize("name", CLIENTS)
def test_garbage_is_looked_for_once_it_has_started(name: str) -> None:
    assert started(name)["looks"]
