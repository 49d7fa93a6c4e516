"""Libraries that only the digest uses, imported when it runs: a deployment need not carry them."""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Final

from kernel.authoring import Fatal

MODULES: Final = (
    "bs4",
    "chardet",
    "jinja2",
    "markdown_it",
    "pdfminer",
    "regex",
    "sentencex",
    "snowballstemmer",
    "stop_words",
    "syllapy",
)


def extra(module: str) -> ModuleType:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise Fatal(_advice([error.name or module])) from error


def require_extras(modules: tuple[str, ...] = MODULES) -> None:
    """Fail before any work is done, not half-way through."""
    if missing := [module for module in modules if find_spec(module) is None]:
        raise Fatal(_advice(missing))


def _advice(missing: list[str]) -> str:
    return (
        f"The digest needs what is not installed here ({', '.join(missing)}): install the extra "
        "with `pip install -e '.[digest]'` in the project's folder."
    )
