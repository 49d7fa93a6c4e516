"""What was given up on lies apart from its run, oldest first, until somebody takes it away."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from kernel.model.change import RemoveDeadLetter, SaveDeadLetter, equals
from kernel.model.dead_letter import DeadLetter
from kernel.ports.persistence import Persistence
from tests.conformance.persistence_ground import (
    Ground,
    given_run,
    given_sibling,
    goes_in,
    happened,
)
from tests.conformance.persistence_races import CROWD, at_once
from tests.support.builders import (
    NOON,
    a_dead_letter,
    after,
    an_event,
    update_run,
    update_stage,
)


def letter_of(run_id: str, name: str = "lost", **given: Any) -> DeadLetter:
    (event,) = happened(run_id, name)
    return a_dead_letter(**{"event": event, **given})


def letters_of(persistence: Persistence, *run_ids: str) -> list[DeadLetter]:
    """Return the dead letters of some runs; others may have theirs in the same store."""
    return [each for each in persistence.dead_letters() if each.event.run_id in run_ids]


def buried(persistence: Persistence, run_id: str, minutes: float) -> Iterator[DeadLetter]:
    letter = letter_of(run_id, f"after {minutes}", at=after(minutes))
    persistence.commit([SaveDeadLetter(letter=letter)])
    yield letter


class DeadLetterPromises(Ground):
    def test_a_dead_letter_comes_back_whole(self, persistence: Persistence, run_id: str) -> None:
        event = an_event(
            id=f"{run_id}:split:1:2:stage:failed",
            run_id=run_id,
            type="stage:failed",
            at=after(2),
            generation=1,
            sequence="0001.0001.0002.00.8",
            stage_id="split",
            attempt=2,
            detail={"error": {"message": "räuspern \ud800"}, "duration": 0.25},
            refusals=5,
        )
        letter = a_dead_letter(event=event, reason="Zu groß: \udcff", at=after(9.5))

        persistence.commit([SaveDeadLetter(letter=letter)])

        assert letters_of(persistence, run_id) == [letter]

    def test_those_of_all_runs_are_read_oldest_first(
        self, persistence: Persistence, run_id: str
    ) -> None:
        runs = [f"{run_id}-{nth}" for nth in range(12)]
        letters = [
            letter
            for nth, each in enumerate(runs)
            for letter in buried(persistence, each, minutes=nth * 5 % 12)
        ]

        found = letters_of(persistence, *runs)

        assert found == sorted(letters, key=lambda letter: letter.at)

    def test_there_may_be_more_than_a_page(self, persistence: Persistence, run_id: str) -> None:
        letters = [
            letter for nth in range(90) for letter in buried(persistence, run_id, minutes=nth)
        ]

        assert letters_of(persistence, run_id) == letters

    def test_two_of_one_moment_are_two(self, persistence: Persistence, run_id: str) -> None:
        letters = [letter_of(run_id, name) for name in ("one", "two")]

        persistence.commit([SaveDeadLetter(letter=letter) for letter in letters])

        assert len(letters_of(persistence, run_id)) == 2

    def test_an_event_given_up_on_twice_is_there_twice(
        self, persistence: Persistence, run_id: str
    ) -> None:
        letters = [letter_of(run_id, at=after(minutes)) for minutes in (1, 2)]

        persistence.commit([SaveDeadLetter(letter=letter) for letter in letters])

        assert letters_of(persistence, run_id) == letters

    def test_it_is_there_until_it_is_removed(self, persistence: Persistence, run_id: str) -> None:
        letter = letter_of(run_id)
        known = [persistence.has_dead_letter(letter)]

        persistence.commit([SaveDeadLetter(letter=letter)])
        known.append(persistence.has_dead_letter(letter))
        persistence.commit([RemoveDeadLetter(letter=letter)])
        known.append(persistence.has_dead_letter(letter))

        assert known == [False, True, False]
        assert letters_of(persistence, run_id) == []

    def test_what_is_not_there_cannot_be_removed(
        self, persistence: Persistence, run_id: str
    ) -> None:
        run = given_run(persistence, run_id)
        letter = letter_of(run_id)

        alone = goes_in(persistence, RemoveDeadLetter(letter=letter))
        together = goes_in(
            persistence,
            RemoveDeadLetter(letter=letter),
            update_run(run, events=happened(run_id, "lost")),
        )

        assert (alone, together) == (False, False)
        assert persistence.run(run_id) == run

    def test_an_event_moves_out_of_its_outbox_and_back_at_once(
        self, persistence: Persistence, run_id: str
    ) -> None:
        run = given_run(persistence, run_id, outbox=happened(run_id, "lost", "next"))
        letter = letter_of(run_id)
        out = update_run(
            run, equals("version", run.version), events=happened(run_id, "next"), clears=True
        )

        persistence.commit([out, SaveDeadLetter(letter=letter)])
        between = persistence.run(run_id)
        back = update_run(between, events=(letter.event,), due_at=NOON)
        persistence.commit([RemoveDeadLetter(letter=letter), back])

        assert between.outbox == happened(run_id, "next")
        assert persistence.run(run_id).outbox == happened(run_id, "next", "lost")
        assert letters_of(persistence, run_id) == []

    def test_an_event_that_cannot_leave_its_outbox_is_no_dead_letter(
        self, persistence: Persistence, run_id: str
    ) -> None:
        stage = given_sibling(persistence, run_id, outbox=happened(run_id, "lost"))
        late = update_stage(stage, equals("version", stage.version + 1), clears=True)

        went_in = goes_in(persistence, late, SaveDeadLetter(letter=letter_of(run_id)))

        assert not went_in
        assert letters_of(persistence, run_id) == []

    def test_one_of_many_takes_it_away(self, persistence: Persistence, run_id: str) -> None:
        letter = letter_of(run_id, expires_at=NOON + timedelta(days=1))
        run = given_run(persistence, run_id)
        persistence.commit([SaveDeadLetter(letter=letter)])

        winners = at_once(
            lambda _number: goes_in(
                persistence,
                RemoveDeadLetter(letter=letter),
                update_run(run, events=(letter.event,)),
            )
        )

        assert CROWD > len(winners) == 1
        assert persistence.run(run_id).outbox == (letter.event,)
