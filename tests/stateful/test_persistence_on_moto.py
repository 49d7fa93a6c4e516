"""Records in dictionaries, and the cursor layout in a table of moto: the same results."""

import pytest
from moto import mock_aws

from functions.local.atomic_moto import atomic_moto
from tests.stateful.emulated import records_and_table
from tests.stateful.persistence import compare


def test_records_and_moto_do_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    with atomic_moto(), mock_aws():
        done = compare(records_and_table(), examples=10)

    with capsys.disabled():
        print(f"\nrecords and moto: {done}")
