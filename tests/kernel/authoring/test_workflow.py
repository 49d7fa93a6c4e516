"""What a built workflow tells its engine and its tools."""

from datetime import date

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from kernel.authoring import StageContext, stage, workflow
from kernel.errors import InvalidInputError, NotFoundError
from kernel.model.json import Json
from tests.kernel.authoring.reports import (
    Classify,
    Document,
    Words,
    count,
    problems_in,
    split,
    summarise,
)


class Limits(BaseModel):
    low: int = 1
    high: int = 9


class SearchConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    limits: Limits = Limits(high=5)
    words: list[str] = ["a", "b"]
    depth: int = Field(default=1, alias="maxDepth")


class Threshold(BaseModel):
    threshold: float


class Secret(BaseModel):
    password: SecretStr


@stage
def search(ctx: StageContext[Document, SearchConfig]) -> Words:
    return Words(words=[])


@stage
def judge(ctx: StageContext[Words, Threshold]) -> str:
    return ""


@stage
def tally(ctx: StageContext[None, dict[str, int]]) -> int:
    return sum(ctx.config.values())


@stage(id="end", name='The "end" <b>\n#1</b>', dependencies=[split], when=lambda _: True)
def last(ctx: StageContext[str, None]) -> str:
    return ctx.input


REPORTS = (
    workflow("word_reports", description="Counts.", input=Document)
    .pipe(split)
    .parallel(count, Classify)
    .pipe(summarise)
    .pipe(last)
    .build()
)
SEARCH = (
    workflow("search", name="Find", input=Document, output=str).pipe(search).pipe(judge).build()
)


def test_names_follow_from_ids() -> None:
    assert (REPORTS.id, REPORTS.name, REPORTS.description) == (
        "word_reports",
        "Word reports",
        "Counts.",
    )
    assert SEARCH.name == "Find"


def test_stages_and_their_groups_are_found_by_id() -> None:
    assert REPORTS.stage_ids == ("split", "count", "classify", "summarise", "end")
    assert REPORTS.stage("count") is count
    assert REPORTS.group_of("split") == 1
    assert REPORTS.group_of("classify") == 2


def test_an_unknown_stage_is_told_with_those_there_are() -> None:
    with pytest.raises(NotFoundError) as caught:
        SEARCH.stage("split")

    assert caught.value.message == "Workflow 'search' has no stage 'split'; it has search, judge."
    assert caught.value.context == {"workflow_id": "search", "stage_id": "split"}


def test_a_plan_is_plain_json() -> None:
    assert REPORTS.plan()[1:] == [
        {
            "group": 2,
            "stages": [
                {"id": "count", "name": "Count", "dependencies": []},
                {"id": "classify", "name": "Classify", "dependencies": []},
            ],
        },
        {"group": 3, "stages": [{"id": "summarise", "name": "Summarise", "dependencies": []}]},
        {
            "group": 4,
            "stages": [{"id": "end", "name": 'The "end" <b>\n#1</b>', "dependencies": ["split"]}],
        },
    ]


def test_a_flowchart_has_a_box_for_each_stage_and_each_group_of_several() -> None:
    assert REPORTS.mermaid() == (
        "flowchart TD\n"
        '    s1["Split"]\n'
        '    subgraph g2["Group 2"]\n'
        '        s2["Count"]\n'
        '        s3["Classify"]\n'
        "    end\n"
        '    s4["Summarise"]\n'
        '    s5{{"The #quot;end#quot; #lt;b#gt; #35;1#lt;/b#gt;"}}\n'
        "    s1 --> g2\n"
        "    g2 --> s4\n"
        "    s4 --> s5\n"
        "    s1 -.-> s5\n"
    )


def test_an_input_is_kept_as_it_was_read() -> None:
    class Period(BaseModel):
        since: date
        days: int = 7

    period = workflow("period", input=Period).pipe(tally).build()

    assert period.parse_input({"since": "2026-01-02", "more": 1}) == {
        "since": "2026-01-02",
        "days": 7,
    }


def test_an_input_that_does_not_fit_is_refused() -> None:
    with pytest.raises(InvalidInputError) as caught:
        SEARCH.parse_input({})

    assert caught.value.message == (
        "The input of workflow 'search' does not fit Document: url: Field required."
    )


def test_an_input_that_cannot_be_stored_is_refused_as_an_input() -> None:
    secret = workflow("secret", input=Secret).pipe(tally).build()

    problems = problems_in(lambda: secret.parse_input({"password": "x"}), InvalidInputError)

    assert problems == ["password: SecretStr comes back changed"]


def test_a_workflow_without_input_takes_null() -> None:
    nothing = workflow("nothing", input=None).pipe(tally).build()

    assert nothing.parse_input(None) is None
    assert problems_in(lambda: nothing.parse_input({})) == ["Input should be null"]


def test_only_stages_with_a_config_have_a_default() -> None:
    assert REPORTS.default_config() == {"split": {"lowercase": True, "limit": 100}}
    assert SEARCH.default_config() == {
        "search": {"limits": {"low": 1, "high": 5}, "words": ["a", "b"], "maxDepth": 1},
        "judge": {},
    }


def test_a_config_is_laid_over_the_defaults() -> None:
    given: dict[str, Json] = {
        "search": {"limits": {"low": 2}, "words": ["c"]},
        "judge": {"threshold": 1},
    }

    assert SEARCH.validate_config(given) == {
        "search": {"limits": {"low": 2, "high": 5}, "words": ["c"], "maxDepth": 1},
        "judge": {"threshold": 1.0},
    }


def test_a_field_may_go_by_its_name_where_the_model_allows_it() -> None:
    by_name: dict[str, Json] = {"search": {"depth": 3}, "judge": {"threshold": 1}}
    by_alias: dict[str, Json] = {"search": {"maxDepth": 3}, "judge": {"threshold": 1}}

    assert SEARCH.validate_config(by_name) == SEARCH.validate_config(by_alias)
    assert SEARCH.validate_config(by_name)["search"] == {
        "limits": {"low": 1, "high": 5},
        "words": ["a", "b"],
        "maxDepth": 3,
    }


def test_all_that_is_wrong_with_a_config_is_told_at_once() -> None:
    given: dict[str, Json] = {
        "search": {"limits": {"low": "x"}, "colour": 1},
        "nobody": {},
        "judge": {},
    }

    problems = problems_in(lambda: SEARCH.validate_config(given), InvalidInputError)

    assert sorted(problems) == [
        "stage 'judge': threshold: Field required",
        "stage 'search': colour: Extra inputs are not permitted",
        (
            "stage 'search': limits.low: Input should be a valid integer, "
            "unable to parse string as an integer"
        ),
        "there is no stage 'nobody', only search, judge",
    ]


def test_a_stage_without_config_takes_none() -> None:
    assert REPORTS.validate_config({"count": {}})
    assert problems_in(lambda: REPORTS.validate_config({"count": {"limit": 1}})) == [
        "stage 'count' takes no config"
    ]


def test_a_config_is_an_object_of_objects() -> None:
    listed: dict[str, Json] = {"split": [1]}

    assert problems_in(lambda: REPORTS.validate_config([])) == [  # type: ignore[arg-type]
        "it must be an object with a key for each stage"
    ]
    assert problems_in(lambda: REPORTS.validate_config(listed)) == [
        "stage 'split': Input should be an object"
    ]


def test_a_config_may_be_something_else_than_a_model() -> None:
    counting = workflow("counting", input=None).pipe(tally).build()

    assert counting.default_config() == {"tally": {}}
    assert counting.validate_config({}) == {"tally": {}}
    assert counting.validate_config({"tally": {"a": 1}}) == {"tally": {"a": 1}}
