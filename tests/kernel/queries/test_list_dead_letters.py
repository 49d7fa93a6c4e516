"""What was given up on, the oldest first."""

from kernel.model.change import SaveDeadLetter
from kernel.model.dead_letter import LetterFilter
from kernel.queries.list_dead_letters import list_dead_letters
from tests.support.builders import A_MINUTE, a_dead_letter, an_event
from tests.support.world import World


def given_letters(world: World, *ages: int) -> None:
    """Let events have been given up on so many minutes ago, each of a type of its own."""
    for age in ages:
        event = an_event(id=f"{age}", type=f"type:{age}")
        letter = a_dead_letter(event=event, at=world.now - age * A_MINUTE)
        world.persistence.commit([SaveDeadLetter(letter=letter)])


def ids(world: World, which: LetterFilter | None = None, limit: int = 100) -> list[str]:
    letters = list_dead_letters(world.ports, which or LetterFilter(), limit=limit)
    return [letter.event.id for letter in letters]


def test_the_oldest_come_first(world: World) -> None:
    given_letters(world, 1, 3, 2)

    assert ids(world) == ["3", "2", "1"]


def test_no_more_come_than_are_asked_for(world: World) -> None:
    given_letters(world, 1, 3, 2)

    assert ids(world, limit=2) == ["3", "2"]


def test_those_that_are_not_meant_do_not_count(world: World) -> None:
    given_letters(world, *range(1, 21))

    found = ids(world, LetterFilter(types=["type:2", "type:1"]), limit=2)

    assert found == ["2", "1"]


def test_age_counts_from_when_an_event_was_given_up_on(world: World) -> None:
    given_letters(world, 1, 3, 2)

    old, young = LetterFilter(older_than=2 * A_MINUTE), LetterFilter(younger_than=2 * A_MINUTE)

    assert (ids(world, old), ids(world, young)) == (["3", "2"], ["2", "1"])
