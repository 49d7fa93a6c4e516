"""Clients are made late, and once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from boto3.session import Session
from botocore.config import Config

from adapters.aws.client import LazyClient
from tests.support.aws import a_session


def test_a_client_is_made_when_it_is_first_called_for_and_once() -> None:
    made: list[object] = []
    everyone = threading.Barrier(8)

    def make(session: Session, config: Config) -> object:
        made.append(object())
        return made[-1]

    def call() -> object:
        everyone.wait()
        return client()

    client = LazyClient(a_session(), make)
    before = len(made)
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(call) for _ in range(8)]

    assert before == 0
    assert len(made) == 1
    assert {call.result() for call in calls} == set(made)


def test_clients_do_not_wait_long() -> None:
    client = LazyClient(a_session(), lambda session, config: session.client("sqs", config=config))

    config: Any = client().meta.config

    assert (config.connect_timeout, config.read_timeout) == (2, 10)
    assert config.retries == {"mode": "standard", "total_max_attempts": 3}


def test_without_a_session_boto3s_own_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    one = LazyClient(None, lambda session, _config: session)
    other = LazyClient(None, lambda session, _config: session)

    sessions = (one(), other())

    assert sessions[0] is sessions[1] is boto3.DEFAULT_SESSION
