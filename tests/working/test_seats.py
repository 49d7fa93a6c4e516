"""Seats are taken by whoever waits longest, and by nobody once they are closed."""

import threading

from functions.seats import Seats
from tests.e2e.patience import until

ENOUGH = 10.0


def test_whoever_comes_gets_as_many_as_are_free() -> None:
    seats = Seats(3)

    taken = [seats.take(2), seats.take(2)]

    assert taken == [2, 1]


def test_whoever_finds_none_waits_until_one_is_left() -> None:
    seats = Seats(1)
    seats.take(1)
    waiting = threading.Thread(target=seats.take, args=(1,), daemon=True)
    waiting.start()
    until(lambda: seats.waiting)

    seats.leave()
    waiting.join(ENOUGH)

    assert not waiting.is_alive()


def test_nobody_gets_all_while_another_one_waits() -> None:
    seats, shares = Seats(4), list[int]()
    seats.take(4)
    crowd = [
        threading.Thread(target=lambda: shares.append(seats.take(4)), daemon=True)
        for _ in range(2)
    ]
    crowd[0].start()
    crowd[1].start()
    until(lambda: seats.waiting == 2)

    seats.leave(4)
    crowd[0].join(ENOUGH)
    crowd[1].join(ENOUGH)

    assert shares == [2, 2]


def test_seats_that_are_closed_are_taken_by_nobody() -> None:
    seats, answers = Seats(1), list[int]()
    seats.take(1)
    waiting = threading.Thread(target=lambda: answers.append(seats.take(1)), daemon=True)
    waiting.start()

    seats.close()
    waiting.join(ENOUGH)
    seats.leave()

    assert [*answers, seats.take(1)] == [0, 0]
