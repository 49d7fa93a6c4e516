"""The workflow that `events/` is about, in the shape that the samples take it to have."""

from pydantic import BaseModel

from kernel.authoring import StageContext, stage, workflow


class Guest(BaseModel):
    name: str = "world"


class Greeting(BaseModel):
    text: str


@stage
def tidy(ctx: StageContext[Guest, None]) -> Greeting:
    return Greeting(text=f"Hello, {ctx.input.name}!")


hello = workflow("hello", name="Hello", input=Guest, output=Greeting).pipe(tidy).build()
