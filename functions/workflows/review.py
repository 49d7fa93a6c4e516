"""Reviews in, a report with its bill out: models classify, extract, summarise and judge.

The summaries are one batch, for half the price. It asks a model of its own, which needs no
network; name another one in the input, `{"model": "bedrock:amazon.nova-lite-v1:0"}`, or in the
config of `collect`.
"""

from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from functions.workflows.reviewing import prompts
from functions.workflows.reviewing.report import (
    BATCHED,
    Reviewed,
    bill_of,
    markdown,
    reported,
    reviewed,
)
from functions.workflows.reviewing.reviewer import reviewer
from functions.workflows.reviewing.words import (
    OFFLINE,
    AllFacts,
    Asked,
    Facts,
    Kind,
    Kinds,
    Known,
    Models,
    Reviews,
    Summaries,
    Summary,
    ThemeSummary,
    Verdict,
    Verdicts,
    by_theme,
    gathered,
)
from kernel.authoring import (
    BatchItem,
    BatchProgress,
    BatchResults,
    Completed,
    Failed,
    ItemFailed,
    NotReady,
    Ready,
    StageContext,
    Suspend,
    batch_stage,
    stage,
    workflow,
)

# Ample for each answer: a longer one has lost its way.
SHORT = 500
A_SECOND = timedelta(seconds=1)

AnswerT = TypeVar("AnswerT")


@stage
def collect(ctx: StageContext[Asked, Models]) -> Reviews:
    """Take the reviews that were given, or those that come with the workflow."""
    return gathered(ctx.input, ctx.config)


@stage
def classify(ctx: StageContext[Reviews, None]) -> Kinds:
    """Ask what each review is about, and how its author feels."""
    return Kinds(by_id=_of_each(ctx, Kind, prompts.CLASSIFY))


@stage
def extract(ctx: StageContext[Reviews, None]) -> AllFacts:
    """Ask for the facts in each review."""
    return AllFacts(by_id=_of_each(ctx, Facts, prompts.EXTRACT))


def _of_each(
    ctx: StageContext[Reviews, None], schema: type[AnswerT], system: str
) -> dict[str, AnswerT]:
    """Return what the model says of each review, by the review's id."""
    found = {}
    for nth, review in enumerate(ctx.input.reviews):
        found[review.id] = ctx.ai.generate_object(
            prompts.one(review),
            schema=schema,
            model=ctx.input.model,
            system=system,
            max_tokens=SHORT,
        ).value
        ctx.progress((nth + 1) / len(ctx.input.reviews))
    return found


@batch_stage(id=BATCHED)
class Summarise:
    """Have the reviews of each theme summarised, in one batch for half the price."""

    def execute(self, ctx: StageContext[Known, None]) -> Suspend[BatchProgress]:
        reviews = ctx.require(collect)
        items = [
            BatchItem(
                id=theme,
                prompt=prompts.many(about),
                schema=Summary,
                system=prompts.SUMMARISE,
                max_tokens=SHORT,
            )
            for theme, about in by_theme(reviews, ctx.input.classify).items()
        ]
        suspended = ctx.ai.batch(reviews.model).submit(items, at_deadline="direct")
        # No provider has to be waited for.
        return replace(suspended, poll_every=A_SECOND) if reviews.model == OFFLINE else suspended

    def check(
        self, ctx: StageContext[Known, None], state: BatchProgress
    ) -> Ready[Summaries] | NotReady | Failed:
        found = ctx.ai.batch(state.model).check(state, schema=Summary)
        if isinstance(found, NotReady | Failed):
            return found
        return Ready(_summaries(ctx.require(collect), ctx.input.classify, found))


@stage
def judge(ctx: StageContext[Summaries, None]) -> Verdicts:
    """Ask of each summary whether its reviews bear it out."""
    reviews = ctx.require(collect)
    texts = {review.id: review for review in reviews.reviews}
    verdicts = {
        each.theme: ctx.ai.child(each.theme)
        .generate_object(
            prompts.judged(each.text, [texts[id_] for id_ in each.reviews]),
            schema=Verdict,
            model=reviews.judge,
            system=prompts.JUDGE,
            max_tokens=SHORT,
        )
        .value
        for each in ctx.input.themes
        if each.text
    }
    return Verdicts(by_theme=verdicts)


@stage
def report(ctx: StageContext[Verdicts, None]) -> Completed[Reviewed]:
    """Write the report, with what it cost."""
    reviews = ctx.require(collect)
    page = reported(
        reviews,
        ctx.require(classify),
        ctx.require(extract),
        (ctx.require(Summarise), ctx.input),
        bill_of(reviews, lambda id_: ctx.ai.stats(f"workflow.{ctx.workflow_id}.stage.{id_}")),
    )
    files = {"report.md": markdown(page), "report.json": page.model_dump_json(indent=2)}
    result = reviewed(page, list(files))
    return Completed(result, metrics={"reviews": result.reviews}, artifacts=files)


def _summaries(reviews: Reviews, kinds: Kinds, found: BatchResults[Summary]) -> Summaries:
    results = found.by_id()
    themes = []
    for theme, about in by_theme(reviews, kinds).items():
        ids = [review.id for review in about]
        result = results[theme]
        if isinstance(result, ItemFailed):
            summary = ThemeSummary(theme=theme, reviews=ids, problem=result.error.message)
        else:
            summary = ThemeSummary(theme=theme, reviews=ids, text=result.value.text)
        themes.append(summary)
    return Summaries(themes=themes)


review = (
    workflow("review", name="Review", input=Asked, output=Reviewed)
    .register_models(reviewer)
    .pipe(collect)
    .parallel(classify, extract)
    .pipe(Summarise)
    .pipe(judge)
    .pipe(report)
    .build()
)
