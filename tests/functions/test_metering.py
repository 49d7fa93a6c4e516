"""Figures: each thing that happened once, and nothing where nothing did."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.api import handler
from functions.metering import RUNS, STAGES, EmbeddedMeter
from kernel.model.call import Spending, Tally
from kernel.model.change import AddSpending, Change, UpdateRun, UpdateStage
from kernel.model.status import RUN_ARROWS, STAGE_ARROWS, Status
from kernel.procedures.cancel_run import CancelRun
from tests.functions.samples import FakeContext, metrics, sample
from tests.support.builders import NOON, a_run, a_stage
from tests.support.world import World


def sent(*commits: Sequence[Change]) -> EmbeddedMeter:
    """Send what *commits* come to, and return what sent it."""
    meter = EmbeddedMeter()
    with meter.sending():
        for changes in commits:
            meter.committed(changes)
    return meter


def test_figures_are_one_line_under_the_name_of_the_stack(
    capsys: pytest.CaptureFixture[str],
) -> None:
    meter = EmbeddedMeter()

    with meter.sending():
        meter.count({"BellsGivenBack": 1})
        meter.count({"BellsGivenBack": 2, "TickLeft": 0})
        meter.measure("StageDuration", timedelta(seconds=1))
        meter.measure("StageDuration", timedelta(seconds=-1))

    line = capsys.readouterr().out
    assert metrics(line) == {"BellsGivenBack": [3.0], "StageDuration": [1_000.0, 0.0]}
    assert '"Namespace":"Headrace"' in line
    assert '"service":"headrace"' in line


def test_what_models_cost_is_a_figure_in_dollars(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally(
        calls=1, failed=1, unpriced=0, input_tokens=900, output_tokens=80, cost=12_500_000
    )
    spending = Spending(
        topic="workflow.review",
        month="2026-11",
        run_id="run-1",
        workflow_id="review",
        tally=tally,
        expires_at=NOON,
    )

    sent([AddSpending(spending=spending), AddSpending(spending=spending)])

    assert metrics(capsys.readouterr().out) == {
        "ModelCalls": [2.0],
        "ModelCallsFailed": [2.0],
        "ModelTokensIn": [1_800.0],
        "ModelTokensOut": [160.0],
        "ModelCost": [0.025],
    }


def test_nothing_is_sent_when_nothing_happened(capsys: pytest.CaptureFixture[str]) -> None:
    meter = EmbeddedMeter()

    with meter.sending():
        meter.count({"TickLeft": 0})
        meter.committed([])

    assert capsys.readouterr().out == ""


def test_what_was_sent_is_not_sent_again(capsys: pytest.CaptureFixture[str]) -> None:
    run = a_run(status=Status.COMPLETED)
    meter = sent([UpdateRun(run=run, writes=frozenset({"status"}), requires=())])
    capsys.readouterr()

    with meter.sending():
        meter.count({})

    assert capsys.readouterr().out == ""


def test_figures_go_out_where_the_invocation_ends_in_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    meter = EmbeddedMeter()

    def broken() -> None:
        with meter.sending():
            meter.count({"TickUnavailable": 1})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()

    assert metrics(capsys.readouterr().out) == {"TickUnavailable": [1.0]}


def test_metrics_that_are_switched_off_do_not_pile_up(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "true")
    meter = EmbeddedMeter()

    for _ in range(150):
        with meter.sending():
            meter.count({"BellsGivenBack": 1})

    assert capsys.readouterr().out == ""


def test_whatever_a_run_or_a_stage_can_become_has_a_name() -> None:
    of_runs = set[Status]().union(*RUN_ARROWS.values())
    of_stages = set[Status]().union(*STAGE_ARROWS.values())

    assert RUNS.keys() == of_runs
    # That a stage is claimed is not told apart: how its attempt ends is.
    assert STAGES.keys() == of_stages - {Status.RUNNING}


def test_a_change_that_leaves_the_status_alone_counts_for_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    over = a_run(status=Status.COMPLETED)
    done = a_stage(status=Status.COMPLETED)

    sent(
        [UpdateRun(run=over, writes=frozenset({"due_at"}), requires=(), clears=True)],
        [UpdateStage(stage=done, writes=frozenset({"unadvanced"}), requires=())],
    )

    assert capsys.readouterr().out == ""


def test_a_run_that_the_api_makes_and_cancels_is_counted(
    world: World, context: FakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    handler(sample("api_create_run.json"), context)
    made = metrics(capsys.readouterr().out)
    run_id = world.persistence.commits[0][0].run.id  # type: ignore[union-attr]

    world.dispatch(CancelRun(run_id=run_id))
    handler(sample("api_list_workflows.json"), context)

    assert made == {"RunsCreated": [1.0]}
    assert metrics(capsys.readouterr().out)["RunsCancelled"] == [1.0]


def test_counting_needs_nothing_published(
    world: World, context: FakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    world.policy = replace(world.policy, published=())

    handler(sample("api_create_run.json"), context)

    assert metrics(capsys.readouterr().out) == {"RunsCreated": [1.0]}
