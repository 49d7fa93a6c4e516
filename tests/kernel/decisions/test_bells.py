"""Which bell a record wants rung."""

from kernel.authoring import StageContext, stage, workflow
from kernel.decisions.bells import execute_bell, poll_bell, start_bell
from kernel.model.bell import Bell, BellKind
from kernel.model.materials import Materials
from kernel.model.status import Status
from tests.support.builders import a_run, a_stage, a_suspension, after


@stage(id="split", queue="heavy")
def split(ctx: StageContext[None, None]) -> str:
    return "split"


REPORTS = workflow("reports", input=None).pipe(split).build()
COPY = Materials(input={"url": "https://example.org"}, config={"split": {}})


def test_a_pending_run_wants_to_be_started_at_its_time() -> None:
    run = a_run(start_at=after(5), priority=8, tenant="acme", generation=2)

    bell = start_bell(run)

    assert bell == Bell(
        kind=BellKind.START,
        run_id="run-1",
        workflow_id="reports",
        generation=2,
        not_before=after(5),
        urgent=True,
        tenant="acme",
    )


def test_a_pending_stage_wants_its_next_attempt() -> None:
    stage = a_stage(attempt=1, generation=2, not_before=after(3), tenant="acme")

    bell = execute_bell(stage, REPORTS, copy=COPY)

    assert bell == Bell(
        kind=BellKind.EXECUTE,
        run_id="run-1",
        workflow_id="reports",
        stage_id="split",
        group=1,
        generation=2,
        attempt=2,
        max_attempts=3,
        payload={"input": {"url": "https://example.org"}, "config": {"split": {}}},
        not_before=after(3),
        urgent=False,
        tenant="acme",
        queue="heavy",
        fingerprint=REPORTS.fingerprint,
    )


def test_a_stage_of_an_ordinary_run_rings_without_haste() -> None:
    bell = execute_bell(a_stage())

    assert (bell.urgent, bell.tenant, bell.payload, bell.queue) == (False, None, None, None)


def test_a_suspended_stage_wants_its_next_poll() -> None:
    stage = a_stage(status=Status.SUSPENDED, attempt=1, suspension=a_suspension(poll_no=4))

    bell = poll_bell(stage, REPORTS, at=after(1))

    assert (bell.kind, bell.attempt, bell.not_before, bell.queue) == (
        BellKind.POLL,
        5,
        after(1),
        "heavy",
    )


def test_a_stage_that_waits_for_nothing_wants_no_poll_in_particular() -> None:
    bell = poll_bell(a_stage(), at=None)

    assert (bell.kind, bell.attempt, bell.not_before) == (BellKind.POLL, 0, None)
