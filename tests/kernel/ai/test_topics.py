"""Topics: dotted paths, and what is none."""

import pytest

from kernel.ai import topics
from kernel.errors import InvalidInputError


def test_a_stage_has_its_topic_whichever_run_it_is_of() -> None:
    assert topics.of_stage("review", "judge") == "workflow.review.stage.judge"


def test_a_child_is_one_step_below() -> None:
    topic = topics.below("workflow.review", "judge")

    assert topic == "workflow.review.judge"


@pytest.mark.parametrize("segment", ["", "a.b", "a b", "é", "x" * 65])
def test_a_segment_is_one_to_64_plain_characters(segment: str) -> None:
    with pytest.raises(InvalidInputError):
        topics.below("workflow", segment)


def test_a_topic_has_its_longest() -> None:
    topic = ".".join(["x" * 63] * 8)

    assert topics.checked(topic) == topic
    with pytest.raises(InvalidInputError):
        topics.below(topic, "y")
