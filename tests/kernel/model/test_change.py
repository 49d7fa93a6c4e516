"""Conditions and writes, as data."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from kernel.model.change import (
    Condition,
    absent,
    before,
    by,
    differences,
    equals,
    look,
    moves_version,
    not_after,
    one_of,
    present,
)
from kernel.model.change import Test as Comparison  # Pytest would take it for a test.
from kernel.model.status import UNFINISHED, Status
from tests.support.builders import (
    NOON,
    a_lease,
    a_run,
    a_stage,
    a_suspension,
    after,
    an_event,
    update_run,
    update_stage,
)

LEASED = a_stage(status=Status.RUNNING, lease=a_lease(token="mine", expires_at=after(5)))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (equals("status", Status.RUNNING), True),
        (equals("status", Status.PENDING), False),
        (equals("lease.token", "mine"), True),
        (equals("lease.token", "theirs"), False),
        (equals("suspension.lease.token", "mine"), False),
        (one_of("status", sorted(UNFINISHED)), True),
        (one_of("status", (Status.PENDING,)), False),
        (Condition(field="status", test=Comparison.ONE_OF, value=7), False),
        (absent("suspension"), True),
        (absent("lease"), False),
        (absent("suspension.lease"), True),
        (present("lease"), True),
        (present("lease.token"), True),
        (present("suspension"), False),
        (before("lease.expires_at", after(6)), True),
        (before("lease.expires_at", after(5)), False),
        (before("not_before", after(5)), False),
        (not_after("lease.expires_at", after(5)), True),
        (not_after("lease.expires_at", after(4)), False),
        (not_after("not_before", NOON), True),
        (by("lease.expires_at", after(5)), True),
        (by("lease.expires_at", after(4)), False),
        (by("not_before", NOON), False),
        (Condition(field="lease.expires_at", test=Comparison.BEFORE, value=7), False),
        (Condition(field="not_before", test=Comparison.NOT_AFTER, value=None), False),
    ],
    ids=lambda given: (
        f"{given.field} {given.test} {given.value}" if isinstance(given, Condition) else ""
    ),
)
def test_a_condition_holds_or_not(condition: Condition, *, holds: bool) -> None:
    assert condition.holds(LEASED) is holds


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("status", Status.RUNNING),
        ("lease.token", "mine"),
        ("suspension", None),
        ("suspension.lease.token", None),
    ],
)
def test_a_path_looks_inside_as_far_as_it_goes(path: str, found: object) -> None:
    assert look(LEASED, path) == found


def test_a_path_finds_a_lease_within_a_suspension() -> None:
    stage = a_stage(suspension=a_suspension(lease=a_lease(token="polling")))

    assert look(stage, "suspension.lease.token") == "polling"


def test_only_fields_that_differ_are_named() -> None:
    old = a_stage()

    names = differences(old, replace(old, status=Status.RUNNING, attempt=1))

    assert names == {"status", "attempt"}


def test_what_the_store_keeps_is_never_named() -> None:
    old = a_run()

    names = differences(old, replace(old, version=9, outbox=(an_event(),)))

    assert names == frozenset()


@pytest.mark.parametrize(
    ("written", "more", "moves"),
    [
        ({"due_at": NOON}, {}, False),
        ({"due_at": NOON}, {"events": (an_event(),)}, True),
        ({"due_at": NOON}, {"clears": True}, True),
        ({"due_at": NOON, "tenant": "acme"}, {}, True),
        ({"tenant": "acme"}, {}, True),
        ({}, {"clears": True}, True),
    ],
    ids=str,
)
def test_every_write_but_a_push_back_moves_the_version(
    written: dict[str, Any], more: dict[str, Any], *, moves: bool
) -> None:
    change = update_run(a_run(), **more, **written)

    assert moves_version(change) is moves


@pytest.mark.parametrize("moment", [None, NOON])
def test_a_stages_push_back_does_not_move_its_version_either(moment: datetime | None) -> None:
    assert not moves_version(update_stage(a_stage(), due_at=moment))
