"""Loops of a template, spelt out as CloudFormation does it."""

from typing import Any

import pytest

from functions.local.expansion import expand


def a_template(collection: Any, body: Any, **more: Any) -> dict[str, Any]:
    return {
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "one,two"}},
        "Transform": ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"],
        "Resources": {"Fn::ForEach::Loop": ["Name", collection, body], **more},
    }


def test_each_name_of_the_parameter_takes_its_turn() -> None:
    template = a_template({"Ref": "Names"}, {"${Name}Queue": {"Type": "Q"}}, Other={"Type": "O"})

    expanded = expand(template)

    assert list(expanded["Resources"]) == ["oneQueue", "twoQueue", "Other"]


def test_what_is_given_takes_the_place_of_the_default() -> None:
    template = a_template({"Ref": "Names"}, {"${Name}Queue": {}})

    expanded = expand(template, parameters={"Names": "gpu, big"})

    assert list(expanded["Resources"]) == ["gpuQueue", "bigQueue"]


def test_names_may_be_listed_in_the_template_itself() -> None:
    template = a_template(["three"], {"${Name}": {}})

    assert expand(template)["Resources"] == {"three": {}}


def test_the_name_is_put_wherever_it_is_meant_and_nothing_else_is() -> None:
    body = {
        "${Name}": {
            "Alone": {"Ref": "Name"},
            "Whole": {"Fn::GetAtt": [{"Fn::Sub": "${Name}Queue"}, "Arn"]},
            "Part": {"Fn::Sub": "${AWS::StackName}-${Name}"},
            "Listed": ["${Name}", 7, True],
            "Other": {"Ref": "Names"},
        }
    }

    expanded = expand(a_template(["gpu"], body))

    assert expanded["Resources"] == {
        "gpu": {
            "Alone": "gpu",
            "Whole": {"Fn::GetAtt": ["gpuQueue", "Arn"]},
            "Part": {"Fn::Sub": "${AWS::StackName}-gpu"},
            "Listed": ["gpu", 7, True],
            "Other": {"Ref": "Names"},
        }
    }


def test_a_loop_may_be_in_a_loop() -> None:
    inner = {"Fn::ForEach::Inner": ["Kind", ["A", "B"], {"${Name}${Kind}": {"Ref": "Kind"}}]}

    expanded = expand(a_template(["x"], inner))

    assert expanded["Resources"] == {"xA": "A", "xB": "B"}


def test_the_transform_that_was_done_is_gone() -> None:
    assert expand(a_template([], {}))["Transform"] == ["AWS::Serverless-2016-10-31"]


def test_a_template_without_loops_stays_as_it_is() -> None:
    template = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}, "Transform": ["T"]}

    assert expand(template) == template


def test_what_cannot_be_gone_through_is_refused() -> None:
    with pytest.raises(ValueError, match="Nobody here knows"):
        expand(a_template({"Fn::Split": [",", "a,b"]}, {}))
