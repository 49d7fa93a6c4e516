"""Records in dictionaries, and the cursor layout in a table of ministack: the same results."""

import pytest

from tests.stateful.emulated import records_and_table
from tests.stateful.persistence import compare
from tests.support.ministack import Ministack


@pytest.mark.ministack
def test_records_and_ministack_do_the_same(
    on_ministack: Ministack, capsys: pytest.CaptureFixture[str]
) -> None:
    done = compare(records_and_table(), examples=20)

    with capsys.disabled():
        print(f"\nrecords and ministack: {done}")
