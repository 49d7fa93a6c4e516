"""`headrace workflows`: what there is to run."""

import json

from functions.discovery import DiscoveryError, discover
from functions.local.refusal import RefusalError
from functions.local.terminal import Terminal
from kernel.authoring.workflow import Workflow


def list_in(package: str, terminal: Terminal) -> None:
    """Say which workflows *package* has, and what each is made of.

    Raises:
        RefusalError: They cannot be loaded.
    """
    try:
        found = discover(package)
    except DiscoveryError as error:
        raise unloadable(error) from error
    for workflow in found:
        terminal.say(f"{workflow.id}: {_described(workflow)}")
        terminal.say(f"  stages  {_stages(workflow)}")
        terminal.say(f"  input   {_input(workflow)}")


def unloadable(error: DiscoveryError) -> RefusalError:
    hint = "The package is named by --workflows or HEADRACE_WORKFLOWS."
    return RefusalError(str(error), hint=hint)


def _described(workflow: Workflow) -> str:
    return workflow.description or workflow.name


def _stages(workflow: Workflow) -> str:
    """Return the groups in their order; stages side by side are joined by a plus."""
    groups = (" + ".join(stage.id for stage in group) for group in workflow.groups)
    return " > ".join(groups)


def _input(workflow: Workflow) -> str:
    """Return the fields, the optional ones with their defaults."""
    schema = workflow.input.json_schema()
    if schema.get("type") != "object":
        return json.dumps(schema)
    required = schema.get("required", [])
    fields = (
        name if name in required else f"{name}={json.dumps(field.get('default'))}"
        for name, field in schema.get("properties", {}).items()
    )
    return ", ".join(fields) or "nothing"
