"""Finding the workflows: every module of their package is imported, and none may be broken.

A process that knew only some of them would let the runs of the others wait and fail. So it does
not start at all, and says which module is to blame.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from types import ModuleType

from kernel.authoring.workflow import Workflow


class DiscoveryError(Exception):
    """The workflows cannot be loaded as they are."""


def discover(package: str) -> Sequence[Workflow]:
    """Return the workflows that *package* and the modules in it define, by id.

    Raises:
        DiscoveryError: A module cannot be imported, two workflows have the same id, or there
            is none.
    """
    found: dict[str, tuple[Workflow, str]] = {}
    for module in _modules(package):
        for workflow in _defined_in(module):
            known, where = found.setdefault(workflow.id, (workflow, module.__name__))
            if known is not workflow:
                raise DiscoveryError(
                    f"Two workflows have the id {workflow.id!r}, one in {where!r} and one in"
                    f" {module.__name__!r}; rename one."
                )
    if not found:
        raise DiscoveryError(
            f"{package!r} defines no workflow; HEADRACE_WORKFLOWS must name a package with"
            " workflows at the top level of its modules."
        )
    return tuple(workflow for _, (workflow, _) in sorted(found.items()))


def _modules(name: str) -> Iterator[ModuleType]:
    module = _imported(name)
    yield module
    inside = pkgutil.iter_modules(getattr(module, "__path__", ()), prefix=f"{name}.")
    for inner in sorted(each.name for each in inside):
        yield from _modules(inner)


def _imported(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        cause = f"{type(error).__name__}: {error}".rstrip(".: ")
        raise DiscoveryError(
            f"The workflow module {name!r} cannot be imported: {cause}."
            " Mend it, or take it out of the package."
        ) from error


def _defined_in(module: ModuleType) -> Iterator[Workflow]:
    return (value for value in vars(module).values() if isinstance(value, Workflow))
