"""The link that a stage gives away before it suspends."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from kernel.authoring import NotReady, Ready, StageContext, Suspend, batch_stage, stage
from kernel.errors import GoneError, NotFoundError
from kernel.model.callback import Callback
from kernel.model.status import Status
from kernel.ports.entropy import Entropy
from kernel.procedures.resume_stage import ResumeStage
from tests.support.calling import BROKEN, Asked, asked, token_in
from tests.support.moves import A_LEASE, A_MINUTE, begin_alone, execute, finish_alone, poll
from tests.support.workflows import Number
from tests.support.world import CALLBACK_BASE, World


def test_the_link_is_the_same_for_the_whole_attempt(world: World) -> None:
    urls: list[str] = []

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Suspend[None] | Number:
        urls.extend([ctx.callback_url(), ctx.callback_url()])
        return Suspend(callback=True)

    run_id = begin_alone(world, only)
    execute(world, run_id, "only")

    assert urls[0] == urls[1]
    assert urls[0].startswith(f"{CALLBACK_BASE}/callbacks/1.{run_id}.only.1s.0.1.")


@dataclass
class Interrupted:
    """Entropy before which somebody else gets a turn, as a second thread might."""

    inner: Entropy
    meanwhile: list[Callable[[], object]] = field(default_factory=list)

    def token(self) -> str:
        while self.meanwhile:
            self.meanwhile.pop()()
        return self.inner.token()

    def jitter(self) -> float:
        return self.inner.jitter()


def test_threads_of_a_body_that_ask_at_once_get_the_same_link(world: World) -> None:
    entropy = Interrupted(world.ports.entropy)
    both = World(ports=replace(world.ports, entropy=entropy))
    urls: list[str] = []

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Suspend[None] | Number:
        entropy.meanwhile.append(lambda: urls.append(ctx.callback_url()))
        urls.append(ctx.callback_url())
        return Suspend(callback=True)

    run_id = begin_alone(both, only)
    execute(both, run_id, "only")

    assert urls[0] == urls[1]
    assert both.dispatch(ResumeStage(token=token_in(urls[0]), output={"value": 1})).resumed


def test_another_attempt_makes_another_link_and_the_first_is_worth_nothing(world: World) -> None:
    urls: list[str] = []

    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Suspend[None] | Number:
        urls.append(ctx.callback_url())
        if ctx.attempt == 1:
            raise RuntimeError("no luck")
        return Suspend(callback=True)

    run_id = begin_alone(world, only)
    world.drain()
    world.pass_time(A_MINUTE)
    world.drain()
    first, second = map(token_in, urls)

    with pytest.raises(GoneError, match="started again"):
        world.dispatch(ResumeStage(token=first, output={"value": 1}))
    world.dispatch(ResumeStage(token=second, output={"value": 2}))

    assert world.output(run_id, "only") == {"value": 2}


def test_only_a_digest_of_the_secret_is_stored(world: World) -> None:
    run = asked(world)

    waits = run.stage.suspension

    assert waits is not None
    assert waits.callback_digest == Callback.read(run.token).digest
    assert Callback.read(run.token).secret not in repr(world.persistence.snapshot(run.run_id))


def test_what_is_kept_after_the_call_does_not_hold_the_secret(world: World) -> None:
    run = asked(world)

    run.answer({"value": 1})

    assert Callback.read(run.token).secret not in repr(world.persistence.snapshot(run.run_id))


def test_a_link_of_a_stage_that_polls_opens_nothing(world: World) -> None:
    urls: list[str] = []

    @batch_stage(id="only")
    class Polling:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[None]:
            urls.append(ctx.callback_url())
            return Suspend()

        def check(self, ctx: StageContext[Number, None], state: None) -> Ready[Number] | NotReady:
            return NotReady()

    run_id = begin_alone(world, Polling)
    execute(world, run_id, "only")

    with pytest.raises(NotFoundError, match="Nothing waits"):
        world.dispatch(ResumeStage(token=token_in(urls[0]), output={"value": 1}))


def test_a_stage_that_never_asked_for_its_link_waits_until_its_deadline(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Suspend[None] | Number:
        return Suspend(callback=True, max_wait=A_LEASE)

    run = finish_alone(world, only)

    assert run.error is not None
    assert (run.status, run.error.code) == (Status.FAILED, "SUSPENSION_TIMEOUT")


def test_without_a_link_no_secret_fits(world: World) -> None:
    @stage(id="only")
    def only(ctx: StageContext[Number, None]) -> Suspend[None] | Number:
        return Suspend(callback=True)

    run_id = begin_alone(world, only)
    execute(world, run_id, "only")
    guess = Callback(
        key=world.stages(run_id)["only"].key, generation=0, attempt=1, secret="a" * 32
    )

    with pytest.raises(NotFoundError, match="Nothing waits"):
        world.dispatch(ResumeStage(token=guess.token, output={"value": 1}))


def test_a_deployment_that_does_not_say_where_calls_arrive_fails_the_stage_at_once(
    world: World,
) -> None:
    world.policy = replace(world.policy, callback_base=None)

    run = Asked(world=world, run_id=asked(world).run_id)

    error = run.stage.error
    assert error is not None
    assert (run.stage.status, run.stage.attempt) == (Status.FAILED, 1)
    assert (error.code, error.retryable) == ("NOT_CONFIGURED", False)
    assert "HEADRACE_API_URL" in error.message


def test_a_base_may_end_with_a_slash(world: World) -> None:
    world.policy = replace(world.policy, callback_base="https://example.org/prod/")

    run = asked(world)

    assert run.urls[0].startswith("https://example.org/prod/callbacks/1.")
    assert run.answer(error=BROKEN).resumed


def test_a_check_has_no_link_to_give(world: World) -> None:
    @batch_stage(id="only")
    class Late:
        def execute(self, ctx: StageContext[Number, None]) -> Suspend[None]:
            return Suspend()

        def check(self, ctx: StageContext[Number, None], state: None) -> Ready[Number]:
            ctx.callback_url()
            return Ready(Number(value=1))

    run_id = begin_alone(world, Late)
    execute(world, run_id, "only")
    world.pass_time(A_MINUTE)

    (left,) = poll(world, run_id, "only").left

    assert left.error is not None
    assert (left.status, left.error.code) == (Status.FAILED, "ILLEGAL_TRANSITION")
