"""The image for containers: what Lambda gets, from the same lock file."""

import re
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any, Final

import pytest

from functions.local.account import REGION
from functions.local.template import translate_template
from tests.artefact.content import CODE, ROOT, modules_in

TEXT: Final = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IGNORED: Final = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def instructions() -> list[tuple[str, str]]:
    """Return what the Dockerfile says, line by line, as instruction and words."""
    whole = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE))
    lines = [line.split(maxsplit=1) for line in whole.splitlines() if line]
    return [(line[0], line[1]) for line in lines]


def words_of(instruction: str) -> list[str]:
    return [words for name, words in instructions() if name == instruction]


def last_stage() -> list[tuple[str, str]]:
    said = instructions()
    begins = max(nth for nth, (name, _) in enumerate(said) if name == "FROM")
    return said[begins:]


def is_sent(path: str) -> bool:
    """Whether docker sees the file: of the rules for it or for a folder of it, the last counts."""
    places = [path, *map(str, PurePosixPath(path).parents)][:-1]
    sent = True
    for rule in IGNORED:
        pattern = rule.removeprefix("!")
        if any(fnmatch(place, pattern) for place in places):
            sent = rule.startswith("!")
    return sent


def test_it_has_the_modules_that_lambda_gets() -> None:
    copied = [words.split()[0] for words in words_of("COPY") if "--from" not in words]

    ours = {
        path.relative_to(ROOT).as_posix()
        for folder in copied
        for path in (ROOT / folder).rglob("*.py")
    }

    assert sorted(copied) == sorted((*CODE, "requirements.lock"))
    assert {path for path in ours if is_sent(path)} == modules_in(ROOT)


@pytest.mark.parametrize(
    "path",
    [
        *(".git/config", ".env", "samconfig.toml", "requirements-dev.lock", ".venv/bin/python"),
        *("functions/__pycache__/api.cpython-313.pyc", "tests/conftest.py", "stack.json"),
    ],
)
def test_docker_does_not_see_what_is_none_of_its_business(path: str) -> None:
    assert not is_sent(path)


def test_packages_are_those_of_the_lock_file_by_their_hashes() -> None:
    installs = [words for words in words_of("RUN") if "pip" in words]

    assert len(installs) == 1
    assert {"--require-hashes", "--only-binary=:all:"} <= set(installs[0].split())
    assert installs[0].endswith("--requirement requirements.lock")


def test_its_python_is_the_functions() -> None:
    runtimes = {
        each["Properties"]["Runtime"]
        for each in translate_template(region=REGION)["Resources"].values()
        if each["Type"] == "AWS::Lambda::Function"
    }

    bases = {words.split()[0] for words in words_of("FROM")}

    assert runtimes == {base.replace(":", "").removesuffix("-slim") for base in bases}


def test_it_runs_for_nobody_in_particular() -> None:
    (user,) = (words for name, words in last_stage() if name == "USER")

    assert int(user) >= 10_000


def test_its_corner_keeps_its_owner_where_the_task_puts_a_volume() -> None:
    mounted = [each["ContainerPath"] for each in container()["MountPoints"]]

    assert words_of("VOLUME") == mounted


def test_it_answers_for_its_health_where_the_task_asks() -> None:
    asked = container()["HealthCheck"]["Command"][-1]

    (check,) = words_of("HEALTHCHECK")

    assert re.search(r"http://[^\"']+", asked)
    assert re.findall(r"http://[^\"']+", asked) == re.findall(r"http://[^\"']+", check)
    assert words_of("ENTRYPOINT") == ['["python", "-m", "functions.work"]']


def container() -> Any:
    task = translate_template(region=REGION)["Resources"]["heavyTask"]["Properties"]
    return task["ContainerDefinitions"][0]
