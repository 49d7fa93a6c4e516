"""What every job transport promises of named queues. There is one: `heavy`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.errors import NotConfiguredError
from kernel.ports.job_transport import JobTransport
from tests.conformance.job_transport import (
    MOMENT,
    JobTransportContract,
    a_bell,
    names,
    received,
)


class NamedQueuesContract(JobTransportContract):
    def test_a_bell_for_a_named_queue_arrives(self, transport: JobTransport) -> None:
        transport.send([replace(a_bell(), queue="heavy")])

        deliveries = transport.receive(queue="heavy")

        assert [delivery.bell for delivery in deliveries] == [replace(a_bell(), queue="heavy")]

    def test_a_named_queue_is_taken_from_by_its_name_only(self, transport: JobTransport) -> None:
        transport.send([a_bell("run-1"), replace(a_bell("run-2", urgent=True), queue="heavy")])

        unnamed, named = [*received(transport)], transport.receive(limit=10, queue="heavy")

        assert (names(unnamed), names(named)) == (["run-1"], ["run-2"])

    def test_a_bell_of_a_named_queue_is_held_given_back_and_put_away_there(
        self, transport: JobTransport, let_pass: Callable[[timedelta], None]
    ) -> None:
        transport.send([replace(a_bell(), queue="heavy")])
        first, *_ = transport.receive(queue="heavy")
        transport.hold(first, span=self.visibility)
        transport.give_back(first)
        again, *_ = transport.receive(queue="heavy")
        transport.acknowledge(again)

        let_pass(self.visibility + MOMENT)

        assert again.count == 2
        assert list(transport.receive(queue="heavy")) == []

    def test_a_bell_for_a_queue_that_is_not_there_goes_nowhere_and_holds_up_no_other(
        self, transport: JobTransport
    ) -> None:
        lost = [replace(a_bell(name), queue="gpu") for name in ("run-1", "run-3")]

        with pytest.raises(NotConfiguredError, match=r"no queue 'gpu'.*NamedQueues") as caught:
            transport.send([lost[0], a_bell("run-2"), lost[1], a_bell("run-4", urgent=True)])

        assert caught.value.context == {"queues": ["gpu"]}
        assert names(received(transport)) == ["run-2", "run-4"]
        assert list(transport.receive(queue="heavy")) == []
