"""How batches end, at every provider."""

from dataclasses import replace

import pytest

from kernel.errors import NotFoundError
from kernel.ports.batch_model import BatchLine, BatchModel, BatchState
from tests.conformance.batch_model_ground import BatchModelGround, ProvidersSide


class BatchEndingsContract(BatchModelGround):
    def test_a_batch_that_nobody_knows_is_not_found(
        self, batches: BatchModel, model: str, lines: list[BatchLine]
    ) -> None:
        ticket = batches.submit("batch-1", model, lines)
        changed = {key: f"{value[:-6]}000000" for key, value in ticket.handle.items()}

        with pytest.raises(NotFoundError):
            batches.standing(replace(ticket, name="batch-2", handle=changed))

    def test_an_expired_batch_has_the_answers_that_there_were(
        self,
        batches: BatchModel,
        provider: ProvidersSide,
        model: str,
        lines: list[BatchLine],
    ) -> None:
        ticket = batches.submit("batch-1", model, lines)

        provider.expire(answered=2)

        assert batches.standing(ticket).state is BatchState.EXPIRED
        answers = [answer for answer in batches.answers(ticket) if answer.reply]
        assert len(answers) == 2

    def test_a_batch_that_failed_says_why(
        self,
        batches: BatchModel,
        provider: ProvidersSide,
        model: str,
        lines: list[BatchLine],
    ) -> None:
        ticket = batches.submit("batch-1", model, lines)

        provider.fail("Its third line is no JSON.")

        standing = batches.standing(ticket)
        assert standing.state is BatchState.FAILED
        assert "Its third line is no JSON." in standing.reason

    def test_a_batch_that_is_cancelled_ends_so(
        self,
        batches: BatchModel,
        provider: ProvidersSide,
        model: str,
        lines: list[BatchLine],
    ) -> None:
        ticket = batches.submit("batch-1", model, lines)

        batches.cancel(ticket)
        batches.cancel(ticket)
        provider.work()

        assert batches.standing(ticket).state is BatchState.CANCELLED

    def test_cancelling_what_has_ended_changes_nothing(
        self,
        batches: BatchModel,
        provider: ProvidersSide,
        model: str,
        lines: list[BatchLine],
    ) -> None:
        ticket = batches.submit("batch-1", model, lines)
        provider.work()

        batches.cancel(ticket)

        assert batches.standing(ticket).state is BatchState.ENDED
        assert len([*batches.answers(ticket)]) == len(lines)
