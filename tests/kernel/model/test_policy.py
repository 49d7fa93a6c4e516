"""The figures that the engine goes by."""

from datetime import timedelta

import pytest

from kernel.model.policy import Policy


@pytest.mark.parametrize(
    ("published", "event_type", "publishes"),
    [
        (("*",), "stage:started", True),
        (("workflow:*",), "workflow:created", True),
        (("workflow:*",), "stage:failed", False),
        (("stage:failed",), "stage:failed", True),
        (("stage:failed",), "stage:failed:again", False),
        (("stage:failed",), "stage:fail", False),
        ((), "workflow:created", False),
        (("a", "stage:*"), "stage:completed", True),
    ],
)
def test_a_type_is_published_when_it_is_named_or_begins_so(
    published: tuple[str, ...], event_type: str, *, publishes: bool
) -> None:
    policy = Policy(published=published)

    assert policy.publishes(event_type) is publishes


@pytest.mark.parametrize(
    ("event_type", "publishes"),
    [
        ("workflow:created", True),
        ("workflow:completed", True),
        ("stage:failed", True),
        ("stage:suspended", True),
        ("stage:started", False),
        ("stage:completed", False),
        ("stage:skipped", False),
    ],
)
def test_runs_and_what_needs_attention_are_published_by_default(
    event_type: str, *, publishes: bool
) -> None:
    assert Policy().publishes(event_type) is publishes


def test_the_tick_repairs_within_a_minute_and_a_lease_has_half_a_minute_to_spare() -> None:
    policy = Policy()

    assert policy.grace <= timedelta(seconds=60)
    assert policy.lease_margin >= timedelta(seconds=30)
