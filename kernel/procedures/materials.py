"""What a body needs: from its doorbell where that carries it, from the store where not."""

from collections.abc import Mapping

from kernel.authoring.workflow import Workflow
from kernel.model.json import Json
from kernel.model.materials import Materials
from kernel.model.stage import StageKey, StageRecord
from kernel.payloads import fetch, merged
from kernel.ports.bundle import Ports


def gather(
    ports: Ports, stage: StageRecord, payload: Mapping[str, Json] | None = None
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
            fetch(ports.blobs, intake.input) if stage.group == 1 else _output_before(ports, stage)
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


def _output_before(ports: Ports, stage: StageRecord) -> Json:
    """Return what the group before *stage* put out: as it was made, whatever is defined today."""
    made = list(ports.persistence.group(stage.run_id, stage.group - 1))
    newest = max((record.generation for record in made), default=0)
    records = [record for record in made if record.generation == newest]
    return merged(ports.blobs, sorted(records, key=lambda record: record.ordinal))
