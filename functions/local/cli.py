"""`headrace`: the command line. It starts fast: what a command needs is imported when it runs."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer

from functions.local.plainly import plainly
from functions.local.refusal import RefusalError

app: Final = typer.Typer(
    add_completion=False,
    help=(
        "Run workflows on this machine, in an AWS account that exists in memory only;"
        " rerun and redrive what is deployed."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

JSON: Final = "JSON|@FILE|-"

Package = Annotated[
    str,
    typer.Option(
        "--workflows",
        envvar="HEADRACE_WORKFLOWS",
        metavar="PACKAGE",
        help="The Python package that the workflows are in.",
    ),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", help="Show log lines, and where an error comes from.")
]
Url = Annotated[
    str | None,
    typer.Option(
        envvar="HEADRACE_API_URL", metavar="URL", help="The stack's ApiUrl, as deployed."
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print the answer as JSON; all else to standard error.")
]


def main() -> None:
    # As `python -m` does it: a package in this folder can be named with --workflows.
    sys.path.append(str(Path.cwd()))
    app()


@app.command(no_args_is_help=True)
def run(  # noqa: PLR0913 - each is an option of the command
    workflow: Annotated[str, typer.Argument(help="The id of a workflow.", metavar="WORKFLOW")],
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE", help="What to run it on: a file of JSON, or a table (.csv, .tsv)."
        ),
    ] = None,
    *,
    given: Annotated[
        str | None,
        typer.Option(
            "--input",
            metavar=JSON,
            help="What to run it on: JSON, a file of it, or - for standard input.",
        ),
    ] = None,
    config: Annotated[
        str | None, typer.Option(metavar=JSON, help="Config for its stages, by stage id.")
    ] = None,
    priority: Annotated[
        int | None, typer.Option(min=0, max=10, help="8 and more go to the urgent queue.")
    ] = None,
    tick: Annotated[
        bool, typer.Option(help="Let the cron tick repair what was lost, or do without it.")
    ] = True,
    workers: Annotated[int, typer.Option(min=1, help="How many bells to answer at once.")] = 4,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where to leave its files; else in .headrace/runs."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the run as JSON; all else to standard error.")
    ] = False,
    timeout: Annotated[
        float | None,
        typer.Option(min=0.1, metavar="SECONDS", help="Cancel the run if it takes longer."),
    ] = None,
    workflows: Package = "functions.workflows",
    verbose: Verbose = False,
) -> None:
    """Run a workflow, watch it, and keep the files that it leaves.

    The exit code is 0 when the run completes, 1 when it fails or is cancelled, 2 when something
    is wrong with what was asked for, and 130 after Ctrl-C, which cancels the run.
    """
    with plainly(verbose=verbose):
        from functions.local.inputs import read_input, read_json

        input_ = read_input(file, given)
        settings = None if config is None else read_json(config, option="--config")

        from functions.local.running import Order, carry_out
        from functions.local.terminal import Terminal

        order = Order(
            workflow_id=workflow,
            input=input_,
            config=settings,
            priority=priority,
            workflows=workflows,
            workers=workers,
            ticking=tick,
            patience=None if timeout is None else timedelta(seconds=timeout),
            out=out,
        )
        code = carry_out(order, Terminal(as_json=as_json, verbose=verbose))
    raise typer.Exit(code)


@app.command(no_args_is_help=True)
def rerun(
    run_id: Annotated[str, typer.Argument(help="The id of a run that is over.", metavar="RUN_ID")],
    *,
    stage: Annotated[
        str, typer.Option("--from", metavar="STAGE", help="The stage to begin with again.")
    ],
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="The same key again reruns it no second time."),
    ] = None,
    url: Url = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Let a run of a deployed stack go again from one of its stages.

    The request is signed with your AWS credentials. The exit code is 0 when the run goes again, 1
    when the API cannot be reached or is in trouble, and 2 when something is wrong with what was
    asked for, or with who asks.
    """
    with plainly(verbose=verbose):
        from functions.local.rerunning import dumped
        from functions.local.rerunning import rerun as ask_for
        from functions.local.terminal import Terminal

        answer = ask_for(run_id, stage, Terminal(as_json=as_json), url=url, key=key)
        if as_json:
            typer.echo(dumped(answer))


@app.command(no_args_is_help=True)
def cost(  # noqa: PLR0913 - each is an option of the command
    run_id: Annotated[
        str | None, typer.Argument(help="The id of a run.", metavar="[RUN_ID]")
    ] = None,
    *,
    topic: Annotated[
        str | None,
        typer.Option(metavar="TOPIC", help="What all runs spent under it: workflow.review."),
    ] = None,
    estimate: Annotated[
        str | None,
        typer.Option(metavar="WORKFLOW", help="What a run of it may cost, by what others did."),
    ] = None,
    months: Annotated[int, typer.Option(help="How many months count, this one included.")] = 1,
    url: Url = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Say what language models cost on a deployed stack.

    The request is signed with your AWS credentials. The exit code is 1 when the API cannot be
    reached or is in trouble, and 2 when something is wrong with what was asked for, or with who
    asks.
    """
    with plainly(verbose=verbose):
        from functions.local.costs import Order, tell_costs
        from functions.local.rerunning import dumped
        from functions.local.terminal import Terminal

        order = Order(run_id=run_id, topic=topic, estimate=estimate, months=months)
        answer = tell_costs(order, Terminal(as_json=as_json), url=url)
        if as_json:
            typer.echo(dumped(answer))


@app.command(no_args_is_help=True)
def redrive(
    *,
    stack: Annotated[
        str | None, typer.Option(metavar="NAME", help="The deployed stack, by its name.")
    ] = None,
    queue_url: Annotated[
        str | None, typer.Option(metavar="URL", help="A queue for dead letters, in its place.")
    ] = None,
    urgent: Annotated[
        bool | None, typer.Option("--urgent/--default", help="One of two queues; else all.")
    ] = None,
    queue: Annotated[
        str | None, typer.Option(metavar="NAME", help="One of the queues that stages name.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nobody.")] = False,
    verbose: Verbose = False,
) -> None:
    """Move the dead letters of a deployed stack's queues back, to be tried again.

    It shows how many wait, asks, and follows the move to its end. The exit code is 0 when they
    are moved or there are none, 1 when they are not, and 2 when something is wrong with what was
    asked for, or with who asks.
    """
    with plainly(verbose=verbose):
        from functions.local.redriving import Order
        from functions.local.redriving import redrive as move_back
        from functions.local.terminal import Terminal

        order = Order(stack=stack, queue_url=queue_url, urgent=urgent, queue=queue)
        code = move_back(order, Terminal(verbose=verbose), lambda text: yes or _is_sure(text))
    raise typer.Exit(code)


@app.command()
def work(  # noqa: PLR0913 - each is an option of the command
    *,
    queues: Annotated[
        list[str] | None,
        typer.Option("--queue", metavar="NAME", help="Whose bells to answer; may be repeated."),
    ] = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="How many bells to answer at once.")
    ] = None,
    tick: Annotated[bool, typer.Option("--tick", help="Tick every minute, too.")] = False,
    isolation: Annotated[
        bool, typer.Option(help="Run each body in a process of its own, or in the worker's.")
    ] = True,
    grace: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="How long bodies may go on at the end."),
    ] = None,
    health: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where to answer GET /health.")
    ] = None,
    stack: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The deployed stack; else the environment names all."),
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Answer the bells of a deployed stack's queues on this machine, until SIGTERM or Ctrl-C.

    It waits for the bodies that are under way then; a second signal ends it at once. What is left
    out is read from HEADRACE_WORK_QUEUES and so on. The exit code is 0 when all have ended, 1 when
    AWS is in trouble, 2 when something is wrong with what was asked for, and 3 when a body could
    not be stopped.
    """
    with plainly(verbose=verbose):
        from functions.local.working import work as answer_bells

        options = {
            "queues": tuple(queues) if queues else None,
            "threads": threads,
            "tick": tick or None,
            "isolate": None if isolation else False,
            "grace": None if grace is None else timedelta(seconds=grace),
            "health": health,
        }
        code = answer_bells(stack, options)

        # What it reads of the environment is there only now.
        from functions.work import leave

        leave(code)


@app.command("workflows")
def list_workflows(
    *, workflows: Package = "functions.workflows", verbose: Verbose = False
) -> None:
    """List the workflows, with their stages."""
    with plainly(verbose=verbose):
        from functions.local.listing import list_in
        from functions.local.terminal import Terminal

        list_in(workflows, Terminal())


def _is_sure(question: str) -> bool:
    try:
        return typer.confirm(question)
    except typer.Abort as error:
        hint = "Answer y or n; --yes asks nobody."
        raise RefusalError("Nobody answers, so nothing was moved.", hint=hint) from error
