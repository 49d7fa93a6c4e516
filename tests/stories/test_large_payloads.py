"""Large payloads lie in blobs; records and bells stay small."""

from kernel.model.json import Json
from kernel.model.payload import Blob
from tests.support.turns import LONG_PAGE, pages
from tests.support.world import World


def test_a_large_input_and_a_large_output_lie_in_blobs(world: World) -> None:
    world.learn(pages)
    run_id = world.create("pages", LONG_PAGE)

    world.finish(run_id)

    stored = world.persistence.intake(run_id).input
    result = world.stages(run_id)["again"].result
    assert result is not None
    assert isinstance(stored, Blob)
    assert isinstance(result.output, Blob)
    assert result.output.size == len(world.blobs.get(result.output.key))
    assert world.output(run_id, "again") == LONG_PAGE


def test_every_attempt_has_blobs_of_its_own(world: World) -> None:
    world.learn(pages)
    run_id = world.create("pages", LONG_PAGE)

    world.finish(run_id)

    keys = world.blobs.keys(f"runs/{run_id}/")
    assert f"runs/{run_id}/echo/0-1/output.json" in keys
    assert f"runs/{run_id}/again/0-1/output.json" in keys


def test_what_is_too_large_for_a_bell_is_read_from_the_store(world: World) -> None:
    world.learn(pages)
    text: dict[str, Json] = {"text": "x" * (world.policy.bell_limit + 1)}
    run_id = world.create("pages", text)

    world.finish(run_id)

    assert {bell.payload is None for bell in world.answered} == {True}
    assert world.output(run_id, "again") == text
