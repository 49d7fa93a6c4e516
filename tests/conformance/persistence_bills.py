"""What calls of models cost is added up in the commit that says so, and nothing is lost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.errors import ConditionFailedError
from kernel.model.call import Bill, CallKind, CallState, Spending, Tally
from kernel.model.change import (
    AddSpending,
    AddToBill,
    Change,
    RequireStage,
    SaveCall,
    SetLimit,
    absent,
    at_most,
    equals,
)
from kernel.model.failure import Failure
from kernel.model.stage import StageKey
from kernel.model.status import Status
from kernel.ports.persistence import Persistence
from tests.conformance.persistence_ground import Ground, given_run, given_sibling, given_solo
from tests.support.builders import NOON, a_call, a_lease, after, update_stage

SPENT = Tally(calls=1, requests=1, input_tokens=900, output_tokens=100, cost=1_250_000)


class BillPromises(Ground):
    def test_a_call_comes_back_whole(self, persistence: Persistence, run_id: str) -> None:
        call = a_call(
            run_id=run_id,
            kind=CallKind.BATCH,
            state=CallState.FAILED,
            latency=timedelta(milliseconds=1_250),
            requests=40,
            reserved=5_000,
            input_tokens=1,
            output_tokens=2,
            cached_tokens=3,
            cache_written_tokens=4,
            reasoning_tokens=5,
            cost=0,
            input_price=60_000_000,
            output_price=240_000_000,
            price_version="0.2.3 of 2026-11-01",
            finish="length",
            error=Failure.of("MODEL_BUSY", "Too many requests.", retryable=True),
            prompt="Say é.",
            response="\ud800",
        )

        persistence.commit([SaveCall(call=call)])

        assert persistence.call(run_id, call.stage_id, call.id) == call
        assert persistence.call(run_id, "two", call.id) is None

    def test_an_unknown_cost_stays_unknown(self, persistence: Persistence, run_id: str) -> None:
        call = a_call(run_id=run_id, state=CallState.SETTLED, cost=None)

        persistence.commit([SaveCall(call=call)])

        found = persistence.call(run_id, call.stage_id, call.id)
        assert found is not None
        assert found.cost is None

    def test_a_call_is_begun_once(self, persistence: Persistence, run_id: str) -> None:
        call = a_call(run_id=run_id)
        persistence.commit([SaveCall(call=call)])

        with pytest.raises(ConditionFailedError):
            persistence.commit([SaveCall(call=replace(call, model="other:one"))])

        assert list(persistence.calls(run_id)) == [call]

    def test_a_call_is_settled_once_and_only_if_it_was_begun(
        self, persistence: Persistence, run_id: str
    ) -> None:
        call = a_call(run_id=run_id)
        ended = replace(call, state=CallState.SETTLED, cost=7)
        settling = SaveCall(call=ended, was=CallState.BEGUN)
        with pytest.raises(ConditionFailedError):
            persistence.commit([settling])
        persistence.commit([SaveCall(call=call)])

        persistence.commit([settling])
        with pytest.raises(ConditionFailedError):
            persistence.commit([SaveCall(call=replace(ended, cost=8), was=CallState.BEGUN)])

        assert list(persistence.calls(run_id)) == [ended]

    def test_calls_are_listed_by_stage(self, persistence: Persistence, run_id: str) -> None:
        made = [
            a_call(run_id=run_id, stage_id=stage, id=id_)
            for stage, id_ in (("ab", "1"), ("a", "2"), ("a", "1"), ("a-b", "9"))
        ]
        persistence.commit([SaveCall(call=call) for call in made])

        of_one = [(call.stage_id, call.id) for call in persistence.calls(run_id, "a")]

        assert of_one == [("a", "1"), ("a", "2")]
        assert {(call.stage_id, call.id) for call in persistence.calls(run_id)} == {
            (call.stage_id, call.id) for call in made
        }
        assert list(persistence.calls(f"{run_id}x")) == []

    def test_a_run_without_calls_has_no_bill(self, persistence: Persistence, run_id: str) -> None:
        given_run(persistence, run_id)

        assert persistence.bill(run_id) is None

    def test_a_bill_adds_up_by_stage(self, persistence: Persistence, run_id: str) -> None:
        for stage_id in ("one", "two", "one"):
            persistence.commit([AddToBill(run_id=run_id, stage_id=stage_id, adds=SPENT)])

        bill = persistence.bill(run_id)

        stages = {"one": SPENT + SPENT, "two": SPENT}
        assert bill == Bill(run_id=run_id, committed=3_750_000, stages=stages)

    def test_what_was_held_is_given_back(self, persistence: Persistence, run_id: str) -> None:
        held = Tally(in_flight=1, held=2_000_000)
        persistence.commit([AddToBill(run_id=run_id, stage_id="one", adds=held)])

        persistence.commit([AddToBill(run_id=run_id, stage_id="one", adds=SPENT - held)])

        bill = persistence.bill(run_id)
        assert bill == Bill(run_id=run_id, committed=SPENT.cost, stages={"one": SPENT})

    def test_a_limit_opens_a_bill_and_can_be_moved(
        self, persistence: Persistence, run_id: str
    ) -> None:
        persistence.commit([SetLimit(run_id=run_id, limit=5, requires=(absent("limit"),))])
        opened = persistence.bill(run_id)

        persistence.commit([SetLimit(run_id=run_id, limit=9, requires=(equals("limit", 5),))])
        with pytest.raises(ConditionFailedError):
            persistence.commit([SetLimit(run_id=run_id, limit=7, requires=(equals("limit", 5),))])

        assert opened == Bill(run_id=run_id, limit=5)
        assert persistence.bill(run_id) == Bill(run_id=run_id, limit=9)

    @pytest.mark.parametrize(("most", "fits"), [(-1, False), (0, True), (1, True)])
    def test_a_bill_that_is_not_there_has_committed_nothing(
        self, persistence: Persistence, run_id: str, most: int, *, fits: bool
    ) -> None:
        requires = (at_most("committed", most),)
        adding = AddToBill(run_id=run_id, stage_id="one", adds=SPENT, requires=requires)

        assert _happens(persistence, adding) is fits
        assert (persistence.bill(run_id) is not None) is fits

    def test_no_more_is_committed_than_is_required(
        self, persistence: Persistence, run_id: str
    ) -> None:
        def add(most: int) -> bool:
            requires = (at_most("committed", most),)
            return _happens(
                persistence,
                AddToBill(run_id=run_id, stage_id="one", adds=SPENT, requires=requires),
            )

        taken = [add(most) for most in (SPENT.cost, SPENT.cost, SPENT.cost, 2 * SPENT.cost)]

        assert taken == [True, True, False, True]

    def test_what_is_refused_leaves_no_trace(self, persistence: Persistence, run_id: str) -> None:
        call = a_call(run_id=run_id)
        requires = (at_most("committed", -1),)

        with pytest.raises(ConditionFailedError):
            persistence.commit(
                [
                    SaveCall(call=call),
                    AddToBill(run_id=run_id, stage_id="one", adds=SPENT, requires=requires),
                ]
            )

        assert list(persistence.calls(run_id)) == []
        assert persistence.bill(run_id) is None

    def test_spending_adds_up_by_topic_month_and_run(
        self, persistence: Persistence, run_id: str
    ) -> None:
        first = _spending(run_id, "stage.judge")
        persistence.commit([AddSpending(spending=first)])
        later = replace(first, expires_at=after(60))

        persistence.commit([AddSpending(spending=later)])
        persistence.commit([AddSpending(spending=replace(first, month="2026-12"))])

        assert list(persistence.spending(first.topic, "2026-11")) == [
            replace(later, tally=SPENT + SPENT)
        ]

    def test_a_topic_has_what_goes_on_from_it(self, persistence: Persistence, run_id: str) -> None:
        made = [_spending(run_id, rest) for rest in ("a", "a.b", "a.b.c", "ab", "a-b", "b")]
        for spending in made:
            persistence.commit([AddSpending(spending=spending)])

        found = persistence.spending(f"{run_id}.a", "2026-11")

        assert sorted(each.topic for each in found) == [
            f"{run_id}.{rest}" for rest in ("a", "a.b", "a.b.c")
        ]

    def test_runs_spend_each_for_itself(self, persistence: Persistence, run_id: str) -> None:
        runs = {f"{run_id}-{number}" for number in range(9)}
        for each in runs:
            persistence.commit([AddSpending(spending=_spending(run_id, "a", run_id=each))])

        found = persistence.spending(run_id, "2026-11")

        assert {each.run_id for each in found} == runs

    def test_erased_runs_have_no_bill_but_have_spent(
        self, persistence: Persistence, run_id: str
    ) -> None:
        given_run(persistence, run_id)
        spending = _spending(run_id, "a")
        persistence.commit(
            [
                SaveCall(call=a_call(run_id=run_id)),
                AddToBill(run_id=run_id, stage_id="one", adds=SPENT),
                AddSpending(spending=spending),
            ]
        )

        while persistence.erase(run_id, limit=2):
            pass

        assert list(persistence.calls(run_id)) == []
        assert persistence.bill(run_id) is None
        assert list(persistence.spending(spending.topic, "2026-11")) == [spending]

    def test_a_commit_can_require_the_lease_of_a_solo_stage(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id)
        lease = a_lease(token="mine")
        persistence.commit([update_stage(stage, status=Status.RUNNING, lease=lease)])

        assert _is_held(persistence, run_id, stage.key, "mine")
        assert not _is_held(persistence, run_id, stage.key, "yours")
        assert not _is_held(persistence, run_id, replace(stage.key, stage_id="other"), "mine")

    def test_a_commit_can_require_the_lease_of_a_sibling(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_sibling(persistence, run_id)
        lease = a_lease(token="mine")
        persistence.commit([update_stage(stage, status=Status.RUNNING, lease=lease)])

        assert _is_held(persistence, run_id, stage.key, "mine")
        assert not _is_held(persistence, run_id, stage.key, "yours")
        assert not _is_held(persistence, run_id, replace(stage.key, stage_id="other"), "mine")

    def test_requiring_a_stage_moves_no_version(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_solo(persistence, run_id)

        persistence.commit(
            [RequireStage(key=stage.key), AddToBill(run_id=run_id, stage_id="one", adds=SPENT)]
        )

        assert persistence.standing(stage.key).stage == stage


def _spending(root: str, rest: str, *, run_id: str | None = None) -> Spending:
    return Spending(
        topic=f"{root}.{rest}",
        month="2026-11",
        run_id=run_id or root,
        workflow_id="chain",
        tally=SPENT,
        expires_at=NOON,
    )


def _happens(persistence: Persistence, *changes: Change) -> bool:
    try:
        persistence.commit(changes)
    except ConditionFailedError:
        return False
    return True


def _is_held(persistence: Persistence, run_id: str, key: StageKey, token: str) -> bool:
    required = RequireStage(key=key, requires=(equals("lease.token", token),))
    return _happens(
        persistence, required, AddToBill(run_id=run_id, stage_id="one", adds=Tally(calls=1))
    )
