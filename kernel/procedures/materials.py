"""What a body needs: from its doorbell where that carries it, from the store where not."""

from collections.abc import Mapping

from kernel.authoring.workflow import Workflow
from kernel.model.json import Json
from kernel.model.materials import Materials
from kernel.model.stage import StageKey, StageRecord
from kernel.payloads import fetch, merged
from kernel.ports.bundle import Ports


def gather(
    ports: Ports,
    workflow: Workflow,
    stage: StageRecord,
    payload: Mapping[str, Json] | None = None,
) -> Materials:
    """Return the stage's input and the run's config; the store is the truth.

    Raises:
        NotFoundError: A blob of an earlier stage is gone.
    """
    carried = Materials.from_payload(payload, digest_=stage.digest)
    if carried is not None:
        return carried
    intake = ports.persistence.intake(stage.run_id)
    config = fetch(ports.blobs, intake.config)
    return Materials(
        input=(
            fetch(ports.blobs, intake.input)
            if stage.group == 1
            else _output_before(ports, workflow, stage)
        ),
        config=config if isinstance(config, dict) else {},
    )


def earlier(ports: Ports, workflow: Workflow, run_id: str, stage_id: str) -> StageRecord:
    """Return the record of a stage of an earlier group.

    Raises:
        NotFoundError: The run has no such stage.
    """
    group = workflow.group_of(stage_id)
    solo = len(workflow.groups[group - 1]) == 1
    key = StageKey(run_id=run_id, stage_id=stage_id, group=group, solo=solo)
    return ports.persistence.standing(key).stage


def _output_before(ports: Ports, workflow: Workflow, stage: StageRecord) -> Json:
    group = workflow.groups[stage.group - 2]
    records = (earlier(ports, workflow, stage.run_id, one.id) for one in group)
    return merged(ports.blobs, records)
