"""What stays in an outbox after it was sent, and when the rest has its turn."""

import pytest

from kernel.decisions.outbox import Sending, Sifted, sifted
from kernel.dispatch import Context
from kernel.model.change import SaveDeadLetter
from kernel.model.dead_letter import DeadLetter
from kernel.model.event import Event
from kernel.model.policy import Policy
from kernel.ports.event_sink import Published
from tests.support.builders import A_MINUTE, NOON, after, an_event
from tests.support.world import memory_ports


def named(name: str, refusals: int = 0) -> Event:
    return an_event(id=name, refusals=refusals)


FIRST, SECOND, THIRD = named("first"), named("second"), named("third")
OUTBOX = (FIRST, SECOND, THIRD)


@pytest.fixture
def context() -> Context:
    policy = Policy(publish_tries=3, dead_letters_kept=10 * A_MINUTE)
    return Context(ports=memory_ports(), policy=policy, now=NOON)


def test_an_answer_names_what_was_accepted_and_what_was_refused() -> None:
    answer = Published(accepted=[FIRST], refusal="too large")

    sending = Sending.of(OUTBOX, answer)

    assert sending == Sending(accepted=frozenset({"first"}), refused="second", reason="too large")


def test_a_sink_that_took_no_more_has_refused_nothing() -> None:
    sending = Sending.of(OUTBOX, Published(accepted=[FIRST]))

    assert sending == Sending(accepted=frozenset({"first"}))


def test_a_sending_concerns_whoever_has_an_event_in_it() -> None:
    sending = Sending(accepted=frozenset({"first"}), refused="second")

    concerned = [sending.concerns([event]) for event in OUTBOX]

    assert concerned == [True, True, False]


def test_without_a_sending_everything_stays(context: Context) -> None:
    assert sifted(context, OUTBOX, None) == Sifted(left=OUTBOX)


def test_what_was_accepted_is_gone_and_the_rest_stays_in_order(context: Context) -> None:
    sending = Sending(accepted=frozenset({"first", "elsewhere"}))

    assert sifted(context, OUTBOX, sending) == Sifted(left=(SECOND, THIRD))


def test_a_refusal_is_counted_with_its_event(context: Context) -> None:
    sending = Sending(accepted=frozenset({"first"}), refused="second", reason="no")

    after_it = sifted(context, OUTBOX, sending)

    assert after_it == Sifted(left=(named("second", refusals=1), THIRD))


def test_at_its_last_refusal_an_event_is_given_up_on(context: Context) -> None:
    sending = Sending(accepted=frozenset(), refused="second", reason="no")

    after_it = sifted(context, (FIRST, named("second", refusals=2), THIRD), sending)

    letter = DeadLetter(
        event=named("second", refusals=3), reason="no", at=NOON, expires_at=after(10)
    )
    assert after_it == Sifted(left=(FIRST, THIRD), letters=(SaveDeadLetter(letter=letter),))


def test_with_an_event_that_is_given_up_on_every_copy_of_it_goes(context: Context) -> None:
    sending = Sending(accepted=frozenset(), refused="first", reason="no")

    after_it = sifted(context, (FIRST, named("first", refusals=2), SECOND), sending)

    assert after_it.left == (SECOND,)
    assert [change.letter.event.refusals for change in after_it.letters] == [3]


def test_those_that_were_held_up_are_due_soon(context: Context) -> None:
    sending = Sending(accepted=frozenset(), refused="first", reason="no")
    last_try = (named("first", refusals=2), SECOND)

    given_up = sifted(context, last_try, sending)
    alone = sifted(context, last_try[:1], sending)
    counted = sifted(context, OUTBOX, sending)

    assert given_up.due(after(15), context) == after(1)
    assert given_up.due(after(0.5), context) == after(0.5)
    assert alone.due(None, context) is None
    assert counted.due(after(15), context) == after(15)
