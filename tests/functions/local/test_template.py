"""What of a template an embedded account can hold."""

from typing import Any

from functions.local.template import embeddable, environments


def a_template(**outputs: Any) -> dict[str, Any]:
    return {
        "Parameters": {"Shards": {"Type": "Number", "Default": 8}},
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
            "Group": {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": "later"}},
            "Worker": {
                "Type": "AWS::Lambda::Function",
                "Properties": {"Environment": {"Variables": {"QUEUE": {"Ref": "Queue"}}}},
            },
        },
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }


def test_functions_are_left_out_and_so_are_outputs_that_name_them() -> None:
    template = a_template(
        Queue={"Fn::GetAtt": ["Queue", "Arn"]},
        Group={"Fn::Sub": "${AWS::StackName}/${Group}"},
        Url={"Fn::Sub": ["https://${Host}${Worker.Arn}", {"Host": "a"}]},
        Worker={"Fn::Join": ["/", ["x", {"Ref": "Worker"}]]},
    )

    held = embeddable(template, given={"Group": "later"})

    assert held["Resources"].keys() == {"Queue"}
    assert held["Outputs"].keys() == {"Queue", "Group", "Worker/environment"}


def test_numbers_become_text_as_in_cloudformation() -> None:
    held = embeddable(a_template(), given={"Group": "later"})

    assert held["Parameters"] == {
        "Shards": {"Type": "String", "Default": "8"},
        "Group": {"Type": "String", "Default": "later"},
    }


def test_an_environment_is_read_back_by_its_functions_name() -> None:
    outputs = {"QueueUrl": "https://queue", "Worker/environment": '{"QUEUE": "https://queue"}'}

    read = environments(outputs)

    assert read == {"Worker": {"QUEUE": "https://queue"}}
