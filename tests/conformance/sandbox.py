"""What every sandbox promises."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest

from kernel.dispatch import Kernel
from kernel.errors import NotFoundError, UnavailableError
from kernel.model.annotation import Annotation
from kernel.ports.logbook import Level, LogEntry
from kernel.ports.sandbox import Confines, Sandbox
from tests.conformance.executor import AN_ATTEMPT
from tests.support.world import World

ENOUGH: Final = Confines(of=AN_ATTEMPT, within=timedelta(seconds=60))


@dataclass(frozen=True, kw_only=True)
class Greeting:
    """Something that travels."""

    word: str


def echo(_: Kernel, task: Any) -> Any:
    return task


def remember(kernel: Kernel, key: str) -> bytes:
    kernel.ports.blobs.put(key, b"there", content_type="text/plain")
    return kernel.ports.blobs.get(key)


def read_nothing(kernel: Kernel, key: str) -> bytes:
    return kernel.ports.blobs.get(key)


def note(kernel: Kernel, message: str) -> None:
    kernel.ports.logbook.write(LogEntry(level=Level.INFO, message=message))


def look_around(kernel: Kernel, run_id: str) -> tuple[str, list[str], tuple[Annotation, ...]]:
    run = kernel.ports.persistence.run(run_id)
    group = list(kernel.ports.persistence.group(run_id, 1))
    return (
        run.id,
        [stage.id for stage in group],
        tuple(kernel.ports.persistence.annotations(run_id)),
    )


def known_workflows(kernel: Kernel, _: None) -> list[str]:
    return [workflow.id for workflow in kernel.ports.registry.workflows()]


def tell_policy_and_time(kernel: Kernel, _: None) -> tuple[Any, Any]:
    return kernel.policy, kernel.ports.clock.now()


def change(_: Kernel, task: list[int]) -> list[int]:
    task.append(2)
    return task


def refuse(_: Kernel, message: str) -> None:
    raise UnavailableError(message, reason="rain")


class SandboxContract:
    """Procedures return what they return and raise what they raise, wherever they run."""

    @pytest.fixture
    def sandbox(self) -> Sandbox:
        raise NotImplementedError

    def test_a_procedure_returns_what_it_returns(self, sandbox: Sandbox, world: World) -> None:
        greeting = Greeting(word="hello")

        returned = sandbox.run(echo, greeting, kernel=world.kernel, confines=ENOUGH)

        assert returned == greeting
        assert returned is not greeting

    def test_it_has_a_copy_of_its_task(self, sandbox: Sandbox, world: World) -> None:
        task = [1]

        returned = sandbox.run(change, task, kernel=world.kernel, confines=ENOUGH)

        assert (task, returned) == ([1], [1, 2])

    def test_what_it_writes_is_there(self, sandbox: Sandbox, world: World) -> None:
        returned = sandbox.run(remember, "a/key", kernel=world.kernel, confines=ENOUGH)

        assert returned == b"there"
        assert world.ports.blobs.get("a/key") == b"there"

    def test_it_reads_what_is_there(self, sandbox: Sandbox, world: World) -> None:
        run_id = world.create("three", {"value": 1}, annotations={"a": 1})
        world.finish(run_id)

        found, stages, pinned = sandbox.run(
            look_around, run_id, kernel=world.kernel, confines=ENOUGH
        )

        assert (found, stages) == (run_id, ["first"])
        assert pinned == tuple(world.ports.persistence.annotations(run_id))
        assert pinned

    def test_what_a_port_raises_is_raised_there(self, sandbox: Sandbox, world: World) -> None:
        with pytest.raises(NotFoundError):
            sandbox.run(read_nothing, "no/such", kernel=world.kernel, confines=ENOUGH)

    def test_its_lines_are_in_the_logbook(self, sandbox: Sandbox, world: World) -> None:
        sandbox.run(note, "I was here.", kernel=world.kernel, confines=ENOUGH)

        assert "I was here." in world.logbook.messages

    def test_it_knows_the_same_workflows(self, sandbox: Sandbox, world: World) -> None:
        known = sandbox.run(known_workflows, None, kernel=world.kernel, confines=ENOUGH)

        assert known == [workflow.id for workflow in world.ports.registry.workflows()]

    def test_it_goes_by_the_same_policy_and_time(self, sandbox: Sandbox, world: World) -> None:
        policy, now = sandbox.run(tell_policy_and_time, None, kernel=world.kernel, confines=ENOUGH)

        assert policy == world.policy
        assert timedelta() <= now - world.now < timedelta(seconds=60)

    def test_what_it_raises_comes_out_as_it_is(self, sandbox: Sandbox, world: World) -> None:
        with pytest.raises(UnavailableError) as failure:
            sandbox.run(refuse, "Not today.", kernel=world.kernel, confines=ENOUGH)

        assert failure.value.message == "Not today."
        assert failure.value.context == {"reason": "rain"}
