"""The smallest workflow: a name goes in, a greeting comes out."""

from pydantic import BaseModel

from kernel.authoring import StageContext, stage, workflow


class Guest(BaseModel):
    name: str = "world"


class Greeting(BaseModel):
    text: str


@stage
def tidy(ctx: StageContext[Guest, None]) -> Guest:
    return Guest(name=" ".join(ctx.input.name.split()) or "world")


@stage
def greet(ctx: StageContext[Guest, None]) -> Greeting:
    return Greeting(text=f"Hello, {ctx.input.name}")


@stage
def cheer(ctx: StageContext[Greeting, None]) -> Greeting:
    return Greeting(text=f"{ctx.input.text}!")


hello = (
    workflow("hello", name="Hello", input=Guest, output=Greeting)
    .pipe(tidy)
    .pipe(greet)
    .pipe(cheer)
    .build()
)
