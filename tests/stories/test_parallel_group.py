"""A parallel group: stages side by side, and one that joins what they found."""

from pydantic import BaseModel

from kernel.authoring import Fatal, StageContext, stage, workflow
from kernel.model.status import Status
from tests.support.world import World


class Text(BaseModel):
    text: str


class Count(BaseModel):
    count: int


class Both(BaseModel):
    words: Count
    letters: Count


class Report(BaseModel):
    line: str


@stage
def tidy(ctx: StageContext[Text, None]) -> Text:
    return Text(text=ctx.input.text.strip())


@stage
def words(ctx: StageContext[Text, None]) -> Count:
    return Count(count=len(ctx.input.text.split()))


@stage
def letters(ctx: StageContext[Text, None]) -> Count:
    return Count(count=sum(letter.isalpha() for letter in ctx.input.text))


@stage
def report(ctx: StageContext[Both, None]) -> Report:
    return Report(line=f"{ctx.input.words.count} words, {ctx.input.letters.count} letters")


@stage(id="letters")
def unlucky(ctx: StageContext[Text, None]) -> Count:
    message = "No letters today."
    raise Fatal(message)


reports = workflow("reports", input=Text).pipe(tidy).parallel(words, letters).pipe(report).build()
unlucky_reports = (
    workflow("unlucky", input=Text).pipe(tidy).parallel(words, unlucky).pipe(report).build()
)


def test_a_stage_after_a_group_receives_all_its_outputs(world: World) -> None:
    world.learn(reports)
    run_id = world.create("reports", {"text": " a river runs "})

    world.drain()

    assert world.output(run_id, "report") == {"line": "3 words, 10 letters"}


def test_the_stages_of_a_group_are_rung_for_together(world: World) -> None:
    world.learn(reports)
    world.create("reports", {"text": "a river"})

    world.drain()

    stages = [bell.stage_id for bell in world.answered]
    assert stages == [None, "tidy", "words", "letters", "report"]


def test_a_group_fails_when_all_of_it_is_done_and_one_has_failed(world: World) -> None:
    world.learn(unlucky_reports)
    run_id = world.create("unlucky", {"text": "a river"})

    run = world.finish(run_id)

    statuses = {id_: stage.status for id_, stage in world.stages(run_id).items()}
    assert run.status is Status.FAILED
    assert statuses == {
        "tidy": Status.COMPLETED,
        "words": Status.COMPLETED,
        "letters": Status.FAILED,
    }
    assert run.error is not None
    assert (run.error.stage_id, run.error.message) == ("letters", "No letters today.")
