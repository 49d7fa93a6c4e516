"""The translated template, read as CloudFormation reads it: with parameters and conditions."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from functions.local.account import REGION
from functions.local.template import references, translate_template

Json = dict[str, Any]

NOTHING: Final = {"Ref": "AWS::NoValue"}
# What an operator gives for each of the choices that change what there is.
TOKENS: Final = {"JwtIssuer": "https://issuer.example", "JwtAudience": "one,two"}
CONTAINERS: Final = {
    "ContainerRepository": "workers",
    "ContainerVpc": "vpc-1",
    "ContainerSubnets": "subnet-1,subnet-2",
}
GRADUALLY: Final = {"Rollout": "Canary10Percent5Minutes", "Release": "1f2e3d4"}


@cache
def plain() -> Json:
    return translate_template(region=REGION)


def given(**parameters: str) -> Json:
    """Return the template as *parameters* make it: without conditions, and what fails one."""
    template = plain()
    chosen = {
        name: str(parameters.get(name, each["Default"]))
        for name, each in template["Parameters"].items()
    }
    truth = {name: holds(each, chosen) for name, each in template["Conditions"].items()}
    resources, outputs = (
        {
            name: _chosen({key: value for key, value in each.items() if key != "Condition"}, truth)
            for name, each in template[section].items()
            if truth.get(each.get("Condition"), True)
        }
        for section in ("Resources", "Outputs")
    )
    left = {**template, "Resources": resources, "Outputs": outputs}
    del left["Conditions"]
    used = set(references({"Resources": resources, "Rules": template["Rules"]}))
    left["Parameters"] = {name: each for name, each in left["Parameters"].items() if name in used}
    return left


def holds(condition: Any, parameters: Mapping[str, str]) -> bool:
    """Whether *condition*, of the template or of one of its rules, is true."""
    match condition:
        case {"Fn::Equals": [one, other]}:
            return _value(one, parameters) == _value(other, parameters)
        case {"Fn::Not": [inner]}:
            return not holds(inner, parameters)
        case {"Fn::And": list(all_)}:
            return all(holds(each, parameters) for each in all_)
        case {"Fn::Or": list(any_)}:
            return any(holds(each, parameters) for each in any_)
        case {"Condition": name}:
            return holds(plain()["Conditions"][name], parameters)
    raise AssertionError(condition)


def refusals(**parameters: str) -> list[str]:
    """Return what CloudFormation says to *parameters* before it makes anything."""
    template = plain()
    chosen = {
        name: str(parameters.get(name, each["Default"]))
        for name, each in template["Parameters"].items()
    }
    return [
        assertion["AssertDescription"]
        for rule in template["Rules"].values()
        if "RuleCondition" not in rule or holds(rule["RuleCondition"], chosen)
        for assertion in rule["Assertions"]
        if not holds(assertion["Assert"], chosen)
    ]


def properties(template: Json, name: str) -> Json:
    found: Json = template["Resources"][name]["Properties"]
    return found


def of_type(template: Json, type_: str) -> dict[str, Json]:
    """Return the properties of all resources of one type, by their names."""
    return {
        name: each.get("Properties", {})
        for name, each in template["Resources"].items()
        if each["Type"] == type_
    }


def statements(template: Json, role: str) -> Iterator[Json]:
    """Yield what *role* is allowed, by itself and by policies that name it."""
    beside = of_type(template, "AWS::IAM::Policy").values()
    granted = [each for each in beside if {"Ref": role} in each["Roles"]]
    for policy in (*properties(template, role)["Policies"], *granted):
        yield from policy["PolicyDocument"]["Statement"]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def actions(template: Json, role: str) -> set[str]:
    return {name for each in statements(template, role) for name in as_list(each["Action"])}


def _value(node: Any, parameters: Mapping[str, str]) -> str:
    match node:
        case {"Ref": name}:
            return parameters[name]
        case {"Fn::Join": [between, list_]}:
            return str(between).join(_value(list_, parameters).split(","))
    return str(node)


def _chosen(node: Any, truth: Mapping[str, bool]) -> Any:
    match node:
        case {"Fn::If": [name, yes, no]}:
            return _chosen(yes if truth[name] else no, truth)
        case dict():
            found = {key: _chosen(value, truth) for key, value in node.items()}
            return {key: value for key, value in found.items() if value != NOTHING}
        case list():
            return [each for value in node if (each := _chosen(value, truth)) != NOTHING]
        case _:
            return node
