"""What every provider of batches promises."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from kernel.errors import UnavailableError
from kernel.ports.batch_model import BatchLine, BatchModel, BatchState, BatchTicket
from tests.conformance.batch_model_endings import BatchEndingsContract
from tests.conformance.batch_model_ground import REFUSED, ProvidersSide, asking


class BatchModelContract(BatchEndingsContract):
    def test_a_batch_that_was_handed_in_runs(
        self, batches: BatchModel, model: str, lines: list[BatchLine]
    ) -> None:
        ticket = batches.submit("batch-1", model, lines)

        assert batches.standing(ticket).state is BatchState.RUNNING

    def test_when_it_has_ended_every_line_has_its_answer(
        self,
        batches: BatchModel,
        provider: ProvidersSide,
        model: str,
        lines: list[BatchLine],
    ) -> None:
        ticket = batches.submit("batch-1", model, lines)

        provider.work()

        answers = {answer.id: answer.reply for answer in batches.answers(ticket)}
        texts = {id_: reply.text for id_, reply in answers.items() if reply}
        assert batches.standing(ticket).state is BatchState.ENDED
        assert {*texts} == {line.id for line in lines}
        assert (texts["line-0"], texts["line-2"]) == ("ONE", "THREE")

    def test_each_answer_says_what_it_took(
        self,
        batches: BatchModel,
        provider: ProvidersSide,
        model: str,
        lines: list[BatchLine],
    ) -> None:
        ticket = batches.submit("batch-1", model, lines)

        provider.work()

        usages = [answer.reply.usage for answer in batches.answers(ticket) if answer.reply]
        assert len(usages) == len(lines)
        assert all(usage.input > 0 and usage.output > 0 for usage in usages)

    def test_a_line_that_failed_has_an_error_and_the_others_their_answers(
        self,
        batches: BatchModel,
        provider: ProvidersSide,
        model: str,
        lines: list[BatchLine],
    ) -> None:
        bad = BatchLine(id="line-bad", request=asking(model, REFUSED))
        ticket = batches.submit("batch-1", model, [bad, *lines])

        provider.work()

        answers = {answer.id: answer for answer in batches.answers(ticket)}
        failed = answers.pop("line-bad")
        assert failed.reply is None
        assert failed.error is not None
        assert failed.error.code
        assert failed.error.message
        assert all(answer.reply and not answer.error for answer in answers.values())

    def test_a_batch_of_the_same_name_is_adopted(
        self,
        batches: BatchModel,
        provider: ProvidersSide,
        model: str,
        lines: list[BatchLine],
    ) -> None:
        first = batches.submit("batch-1", model, lines)

        second = batches.submit("batch-1", model, lines)

        assert second.handle == first.handle
        assert provider.handed_in == [[line.id for line in lines]]

    def test_another_process_adopts_it_whatever_it_holds(
        self,
        batches: BatchModel,
        another: BatchModel,
        provider: ProvidersSide,
        model: str,
        lines: list[BatchLine],
    ) -> None:
        first = batches.submit("batch-1", model, lines)
        others = [replace(line, id=f"other-{line.id}") for line in lines]

        second = another.submit("batch-1", model, others)

        assert second.handle == first.handle
        assert provider.handed_in == [[line.id for line in lines]]

    def test_one_that_has_ended_is_adopted_too(
        self,
        batches: BatchModel,
        provider: ProvidersSide,
        model: str,
        lines: list[BatchLine],
    ) -> None:
        first = batches.submit("batch-1", model, lines)
        provider.work()

        second = batches.submit("batch-1", model, lines)

        assert second.handle == first.handle
        assert len(provider.handed_in) == 1
        assert batches.standing(second).state is BatchState.ENDED

    def test_another_name_is_another_batch(
        self,
        batches: BatchModel,
        provider: ProvidersSide,
        model: str,
        lines: list[BatchLine],
    ) -> None:
        first = batches.submit("batch-1", model, lines)

        second = batches.submit("batch-12", model, lines)

        assert second.handle != first.handle
        assert len(provider.handed_in) == 2

    def test_a_batch_is_found_by_its_name_and_by_nothing_like_it(
        self, batches: BatchModel, another: BatchModel, model: str, lines: list[BatchLine]
    ) -> None:
        ticket = batches.submit("batch-12", model, lines)

        found = [another.find(name, model) for name in ("batch-12", "batch-1", "batch-123")]

        assert found[0] is not None
        assert found[0].handle == ticket.handle
        assert found[1:] == [None, None]

    def test_a_name_may_have_63_characters_and_an_id_64(
        self,
        batches: BatchModel,
        provider: ProvidersSide,
        model: str,
        lines: list[BatchLine],
    ) -> None:
        longest = [
            replace(line, id=f"{number:03}_{'x' * 60}") for number, line in enumerate(lines)
        ]

        ticket = batches.submit("n" * 63, model, longest)
        provider.work()

        assert {answer.id for answer in batches.answers(ticket)} == {one.id for one in longest}

    def test_a_ticket_is_json_and_any_process_goes_on_with_it(
        self,
        batches: BatchModel,
        another: BatchModel,
        provider: ProvidersSide,
        model: str,
        lines: list[BatchLine],
    ) -> None:
        ticket = batches.submit("batch-1", model, lines)
        provider.work()
        handle: dict[str, str] = json.loads(json.dumps(ticket.handle))

        read = BatchTicket(
            name="batch-1", model=model, handle=handle, submitted_at=ticket.submitted_at
        )

        assert another.standing(read).state is BatchState.ENDED
        assert len([*another.answers(read)]) == len(lines)

    def test_lines_that_break_off_are_no_batch(
        self,
        batches: BatchModel,
        provider: ProvidersSide,
        model: str,
        lines: list[BatchLine],
    ) -> None:
        def broken() -> Iterator[BatchLine]:
            yield from lines
            raise UnavailableError("The store does not answer.")

        with pytest.raises(UnavailableError):
            batches.submit("batch-1", model, broken())

        assert provider.handed_in == []
        assert batches.find("batch-1", model) is None

    def test_what_broke_off_can_be_handed_in_again(
        self,
        batches: BatchModel,
        provider: ProvidersSide,
        model: str,
        lines: list[BatchLine],
    ) -> None:
        def broken() -> Iterator[BatchLine]:
            yield lines[0]
            raise UnavailableError("The store does not answer.")

        with pytest.raises(UnavailableError):
            batches.submit("batch-1", model, broken())
        batches.submit("batch-1", model, iter(lines))

        assert provider.handed_in == [[line.id for line in lines]]

    def test_a_batch_may_hold_something(self, batches: BatchModel, model: str) -> None:
        limits = batches.limits(model)

        assert 1 <= limits.least_lines <= limits.most_lines
        assert limits.most_bytes > 0
