"""What every commit about calls of models must fulfil, and what must hold when all is quiet."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from kernel.model.call import CallState, ModelCall, Tally
from kernel.model.change import AddSpending, AddToBill, Change, SaveCall, SetLimit
from kernel.model.stage import StageRecord
from kernel.ports.persistence import Persistence
from tests.simulation.askers import COST
from tests.simulation.docket import Docket
from tests.simulation.process import Process
from tests.simulation.setting import Setting


def look_at_bills(docket: Docket, process: Process, changes: Sequence[Change]) -> Iterator[str]:
    """Yield what is wrong with the bills that *changes* touch."""
    for change in changes:
        match change:
            case SaveCall(call=call, was=was):
                if was is None and not call.has_ended:
                    yield from _begun_by_its_holder(docket, process, call)
            case AddToBill(run_id=run_id) | SetLimit(run_id=run_id):
                yield from bill_adds_up(docket.store, run_id)
            case AddSpending(spending=spending):
                yield from _topics_add_up(docket.store, spending.run_id, spending.month)
            case _:
                pass


def bill_adds_up(store: Persistence, run_id: str) -> Iterator[str]:
    bill, calls = store.bill(run_id), [*store.calls(run_id)]
    if bill is None:
        return
    stages = _summed((call.stage_id, call.tally) for call in calls)
    if dict(bill.stages) != stages:
        yield f"the bill says {bill.stages}, and its calls came to {stages}"
    if bill.committed != bill.total.committed:
        yield f"{bill.committed} is committed, and {bill.total.committed} spent or held back"
    if bill.limit is not None and bill.committed > bill.limit:
        yield f"the run may spend {bill.limit}, and {bill.committed} is committed"


def every_answer_is_on_the_bill_once(docket: Docket, setting: Setting) -> Iterator[str]:
    """What the provider answered has a line of its own; what died with its worker stays begun."""
    calls = [call for run_id in docket.runs for call in docket.store.calls(run_id)]
    if docket.deleted:
        return
    settled = [call for call in calls if call.state is CallState.SETTLED]
    unknown = [call for call in calls if call.state is not CallState.SETTLED]
    answered = docket.answered()
    if not len(settled) <= answered <= len(calls):
        yield f"{answered} answers came, {len(settled)} of {len(calls)} calls are settled"
    if any(call.cost != COST for call in settled):
        yield f"calls cost {[call.cost for call in settled]}, and each should {COST}"
    if any(call.cost for call in unknown):
        yield f"calls without an answer cost {[call.cost for call in unknown]}"


def nothing_is_left_of_a_deleted_bill(docket: Docket, setting: Setting) -> Iterator[str]:
    for run_id in docket.deleted:
        if docket.store.bill(run_id) is not None or [*docket.store.calls(run_id)]:
            yield f"{run_id} was deleted, and its bill is not"


def _begun_by_its_holder(docket: Docket, process: Process, call: ModelCall) -> Iterator[str]:
    stages = docket.store.snapshot(call.run_id).stages
    held = [_token(stage) for stage in stages if stage.id == call.stage_id]
    if not process.tokens.intersection(held):
        yield f"{call.id} was begun by a worker that does not hold its stage"


def _token(stage: StageRecord) -> str | None:
    lease = stage.lease or (stage.suspension.lease if stage.suspension else None)
    return lease.token if lease else None


def _topics_add_up(store: Persistence, run_id: str, month: str) -> Iterator[str]:
    ended = [call for call in store.calls(run_id) if call.has_ended and call.month == month]
    called = _summed((call.topic, call.tally) for call in ended)
    spent = {
        spending.topic: spending.tally
        for spending in store.spending("workflow", month)
        if spending.run_id == run_id
    }
    if spent != called:
        yield f"topics say {spent}, and their calls came to {called}"


def _summed(tallies: Iterator[tuple[str, Tally]]) -> Mapping[str, Tally]:
    summed: defaultdict[str, Tally] = defaultdict(Tally)
    for name, tally in tallies:
        summed[name] += tally
    return dict(summed)
