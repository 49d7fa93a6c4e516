"""Workflows that type checkers accept, and workflows that they refuse; read by test_typing.py.

A line that must be refused says so, with a part of mypy's message after a hash, an E and a colon.
"""

from typing import Any, assert_type

from pydantic import BaseModel

from kernel.authoring import (
    Completed,
    Failed,
    NotReady,
    Ready,
    Stage,
    StageContext,
    Suspend,
    WorkflowBuilder,
    batch_stage,
    stage,
    workflow,
)


class Document(BaseModel):
    url: str


class Letter(Document):
    sender: str


class Words(BaseModel):
    words: list[str]


class Labels(BaseModel):
    labels: list[str]


class Ticket(BaseModel):
    number: int


class SplitConfig(BaseModel):
    lowercase: bool = True


# Stages, and the types that follow from their annotations.


@stage
def split(ctx: StageContext[Document, SplitConfig]) -> Words:
    assert_type(ctx.input, Document)
    assert_type(ctx.config, SplitConfig)
    print(ctx.config.uppercase)  # E: has no attribute "uppercase"
    return Words(words=[ctx.input.url])


@stage(id="split-async")
async def split_async(ctx: StageContext[Document, None]) -> Words:
    return Words(words=[])


@stage
def measured(ctx: StageContext[Words, None]) -> Completed[Labels]:
    return Completed(Labels(labels=[]), metrics={"seconds": 1.0})


@stage
async def measured_async(ctx: StageContext[Words, None]) -> Completed[Labels]:
    return Completed(Labels(labels=[]))


@stage
def patient(ctx: StageContext[Words, None]) -> Labels | Completed[Labels] | Suspend[Ticket]:
    return Suspend(Ticket(number=1))


@stage
async def patient_async(ctx: StageContext[Words, None]) -> Labels | Suspend[Ticket]:
    return Suspend(Ticket(number=1))


@stage
def asking(ctx: StageContext[Words, None]) -> Suspend[None]:
    return Suspend(callback=True)


@stage
def deciding(ctx: StageContext[Words, None]) -> Words | Labels:
    return ctx.input


@stage(when=lambda ctx: bool(ctx.input.words))
def rarely(ctx: StageContext[Words, None]) -> Labels:
    return Labels(labels=[])


@stage(when=lambda ctx: ctx.attempt == 1)
async def rarely_async(ctx: StageContext[Words, None]) -> Labels | Suspend[Ticket]:
    return Labels(labels=[])


@stage
def from_nothing(ctx: StageContext[None, SplitConfig]) -> Words:
    return Words(words=[])


@stage
def from_words(ctx: StageContext[Words, None]) -> list[str]:
    return ctx.input.words


@stage
def from_labels(ctx: StageContext[Labels, None]) -> list[str]:
    return ctx.input.labels


@stage
def from_labels_or_nothing(ctx: StageContext[Labels | None, None]) -> list[str]:
    return []


@stage
def from_words_or_labels(ctx: StageContext[Words | Labels, None]) -> list[str]:
    return []


@stage
def from_anything(ctx: StageContext[Any, None]) -> None:
    return None


@stage
class Count:
    def execute(self, ctx: StageContext[Words, None]) -> Labels:
        return Labels(labels=[])


@stage(timeout=None)  # E: No overload variant of "stage" matches argument type "None"
class CountAsync:
    async def execute(self, ctx: StageContext[Words, None]) -> Labels | Suspend[Ticket]:
        return Labels(labels=[])


@batch_stage(id="classify")
class Classify:
    def execute(self, ctx: StageContext[Words, SplitConfig]) -> Suspend[Ticket]:
        return Suspend(Ticket(number=1))

    def check(
        self, ctx: StageContext[Words, SplitConfig], state: Ticket
    ) -> Ready[Labels] | NotReady | Failed:
        return Ready(Labels(labels=[str(state.number)]))


@batch_stage
class ClassifyAsync:
    async def execute(self, ctx: StageContext[Words, None]) -> Suspend[Ticket] | Completed[Labels]:
        return Suspend(Ticket(number=1))

    async def check(self, ctx: StageContext[Words, None], state: Ticket) -> Ready[Labels]:
        return Ready(Labels(labels=[]))


assert_type(split, Stage[Document, Words])
assert_type(split_async, Stage[Document, Words])
assert_type(measured, Stage[Words, Labels])
assert_type(measured_async, Stage[Words, Labels])
assert_type(patient, Stage[Words, Labels])
assert_type(patient_async, Stage[Words, Labels])
assert_type(asking, Stage[Words, Any])
assert_type(deciding, Stage[Words, Words | Labels])
assert_type(rarely, Stage[Words, Labels | None])
assert_type(rarely_async, Stage[Words, Labels | None])
assert_type(from_nothing, Stage[None, Words])
assert_type(from_labels_or_nothing, Stage[Labels | None, list[str]])


# Stages that cannot be.


@stage  # E: incompatible type "Callable[[Document], Words]"
def no_context(document: Document) -> Words:
    return Words(words=[])


@stage  # E: incompatible type "Callable[[StageContext[Document, None], int], Words]"
def one_too_many(ctx: StageContext[Document, None], extra: int) -> Words:
    return Words(words=[])


@stage  # E: incompatible type "type[WithoutExecute]"
class WithoutExecute:
    def run(self, ctx: StageContext[Document, None]) -> Words:
        return Words(words=[])


@batch_stage  # E: Argument 1 to "batch_stage" has incompatible type "type[WithoutCheck]"
class WithoutCheck:
    def execute(self, ctx: StageContext[Words, None]) -> Suspend[Ticket]:
        return Suspend(Ticket(number=1))


@batch_stage
class OtherState:  # E: Cannot infer value of type parameter "StateT"
    def execute(self, ctx: StageContext[Words, None]) -> Suspend[Ticket]:
        return Suspend(Ticket(number=1))

    def check(self, ctx: StageContext[Words, None], state: Labels) -> Ready[Labels]:
        return Ready(state)


@stage(retries=3)  # E: argument "retries" # E: Untyped decorator
def unknown_option(ctx: StageContext[Document, None]) -> Words:
    return Words(words=[])


@stage
def forgetful(ctx: StageContext[Words, None]) -> Suspend[Ticket]:
    return Suspend(callback=True)  # E: Suspend[None]


@stage
def other_output(ctx: StageContext[Words, None]) -> Completed[Labels]:
    return Completed(ctx.input)  # E: incompatible type "Words"; expected "Labels"


# What a stage can ask for.


@stage(dependencies=[split, "from_words", Classify])
def looking_back(ctx: StageContext[None, None]) -> list[str]:
    assert_type(ctx.require(split), Words)
    assert_type(ctx.require(patient), Labels)
    assert_type(ctx.require(rarely), Labels | None)
    assert_type(ctx.require(Count), Labels)
    assert_type(ctx.require(Classify), Labels)
    assert_type(ctx.require(ClassifyAsync), Labels)
    assert_type(ctx.require("split"), Any)
    assert_type(ctx.optional(split), Words | None)
    assert_type(ctx.optional(Classify), Labels | None)
    assert_type(ctx.optional("split"), Any)
    ctx.require(3)  # E: No overload variant of "require"
    print(ctx.input.words)  # E: "None" has no attribute "words"
    return ctx.require(split).words


# Workflows that fit.

start = workflow("reports", input=Document)
assert_type(start, WorkflowBuilder[Document])
assert_type(start.pipe(split), WorkflowBuilder[Words])
assert_type(start.pipe(split).pipe(Count), WorkflowBuilder[Labels])
assert_type(start.pipe(split).pipe(Classify), WorkflowBuilder[Labels])
assert_type(start.pipe(split).pipe(ClassifyAsync), WorkflowBuilder[Labels])
assert_type(start.pipe(split).pipe(rarely), WorkflowBuilder[Labels | None])
assert_type(start.pipe(from_nothing), WorkflowBuilder[Words])
assert_type(start.pipe(split).pipe(from_nothing), WorkflowBuilder[Words])
assert_type(start.pipe(split).parallel(from_words, Classify), WorkflowBuilder[Any])
assert_type(workflow("mails", input=Letter).pipe(split), WorkflowBuilder[Words])
assert_type(workflow("lists", input=list[str]), WorkflowBuilder[list[str]])
assert_type(workflow("either", input=Words | Labels), WorkflowBuilder[Any])
assert_type(workflow("nothing", input=None).pipe(from_nothing), WorkflowBuilder[Words])

start.pipe(split_async).pipe(patient).pipe(from_labels).pipe(from_anything).build()
start.pipe(split).pipe(rarely).pipe(from_labels_or_nothing).build()
start.pipe(split).pipe(deciding).pipe(from_words_or_labels).build()
start.pipe(split).pipe(patient).pipe(from_words_or_labels).build()
start.pipe(split).pipe(Count).pipe(from_labels).build()
start.pipe(split).pipe(Classify).pipe(from_labels_or_nothing).build()
start.pipe(split).pipe(asking).pipe(from_words).build()
start.pipe(split).parallel(from_words, Count, from_nothing).pipe(from_labels).build()


# Workflows that do not.

start.pipe(from_words)  # E: "Stage[Words, list[str]]"; expected "Accepts[Document
start.pipe(split).pipe(from_labels)  # E: "Stage[Labels, list[str]]"; expected "Accepts[Words
start.pipe(split).pipe(from_labels_or_nothing)  # E: "Stage[Labels | None, list[str]]"; expected
start.pipe(split).pipe(split_async)  # E: "Stage[Document, Words]"; expected "Accepts[Words
start.pipe(split).pipe(patient).pipe(from_words)  # E: expected "Accepts[Labels,
start.pipe(split).pipe(patient_async).pipe(from_words)  # E: expected "Accepts[Labels,
start.pipe(split).pipe(measured).pipe(from_words)  # E: expected "Accepts[Labels,
start.pipe(split).pipe(rarely).pipe(from_labels)  # E: expected "Accepts[Labels | None,
start.pipe(split).pipe(rarely_async).pipe(from_labels)  # E: expected "Accepts[Labels | None,
start.pipe(split).pipe(deciding).pipe(from_words)  # E: expected "Accepts[Words | Labels,
start.pipe(split).pipe(Classify).pipe(from_words)  # E: expected "Accepts[Labels,
start.pipe(Count)  # E: incompatible type "type[Count]"
start.pipe(Classify)  # E: incompatible type "type[Classify]"
start.pipe(from_nothing).pipe(from_labels)  # E: expected "Accepts[Words,
start.parallel(split, from_words)  # E: Argument 2 to "parallel"
start.parallel(split, Classify)  # E: Argument 2 to "parallel"
start.pipe(len)  # E: No overload variant of "pipe"
start.pipe("split")  # E: No overload variant of "pipe"
workflow("nothing", input=None).pipe(split)  # E: expected "Accepts[None,
workflow("documents", input=Document).pipe(split).pipe(lambda ctx: ctx)  # E: No overload variant
workflow("untyped")  # E: No overload variant of "workflow"
