"""A dead letter whose event went out is taken away once."""

from kernel.commands.drop_dead_letter import DropDeadLetter
from kernel.model.change import SaveDeadLetter
from tests.support.builders import a_dead_letter
from tests.support.world import World


def drop(world: World) -> bool:
    return world.dispatch(DropDeadLetter(letter=a_dead_letter())).dropped


def test_it_is_taken_away(world: World) -> None:
    world.persistence.commit([SaveDeadLetter(letter=a_dead_letter())])

    dropped = drop(world)

    assert dropped
    assert [*world.persistence.dead_letters()] == []


def test_what_another_took_away_is_not_dropped(world: World) -> None:
    world.persistence.commit([SaveDeadLetter(letter=a_dead_letter())])

    dropped = [drop(world) for _ in range(2)]

    assert dropped == [True, False]
