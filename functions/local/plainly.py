"""How the command line says that something went wrong: in one sentence, with a hint."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from functions.local.refusal import FAILED, INTERRUPTED, RefusalError


@contextmanager
def plainly(*, verbose: bool) -> Iterator[None]:
    """Say in one sentence, with a hint, what would be a traceback."""
    try:
        yield
    except RefusalError as error:
        refusal = error
    except KeyboardInterrupt:
        refusal = RefusalError("Interrupted.", code=INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - nobody else will say it
        refusal = _unforeseen(error)
    else:
        return
    if verbose and refusal.code == FAILED:
        traceback.print_exc()
    typer.secho(f"Error: {refusal.sentence}", err=True, fg="red")
    if refusal.hint:
        typer.echo(f"Hint: {refusal.hint}", err=True)
    raise typer.Exit(refusal.code)


def _unforeseen(error: Exception) -> RefusalError:
    if isinstance(error, ModuleNotFoundError):
        hint = "Install the extras: pip install --editable '.[local,digest]'."
        return RefusalError(f"The package '{error.name}' is missing.", hint=hint, code=FAILED)
    sentence = f"Something is wrong in headrace itself: {type(error).__name__}: {error}."
    return RefusalError(sentence, hint="Try again with --verbose to see where.", code=FAILED)
