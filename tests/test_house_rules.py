"""Rules of the house that no linter knows."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path
    for package in ("adapters", "functions", "kernel", "tests")
    for path in (ROOT / package).rglob("*.py")
)
KERNEL = [path for path in SOURCES if path.is_relative_to(ROOT / "kernel")]
PORTS = [path for path in KERNEL if path.parent.name == "ports"]
COMMANDS = [path for path in KERNEL if path.parent.name == "commands" and path.stem != "__init__"]
INITS = [path for path in SOURCES if path.stem == "__init__"]
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.lock"))
EVENTS = sorted((ROOT / "events").glob("*.json"))

PINNED = r"[a-z0-9-]+==[^ ]+( ; [^#]+?)?( +--hash=sha256:[0-9a-f]{64})+"
INSECURE = re.compile(r"S(\d|$)|ALL")

LONGEST = 300

VAGUE = {
    *("base", "common", "data", "helper", "helpers", "info", "manager", "managers"),
    *("service", "services", "types", "util", "utils"),
}
VAGUE_VERBS = ("do_", "process_")

# What computes and touches nothing. Pydantic is here because stages need typed input and output.
QUIET = {
    *("abc", "base64", "collections", "contextlib", "copy", "dataclasses", "datetime", "decimal"),
    *("enum", "functools", "hashlib", "heapq", "hmac", "inspect", "itertools", "json", "math"),
    *("operator", "pydantic", "re", "traceback", "types", "typing"),
}

# Faces that people import from, and the one that sets pytest up.
TALKATIVE_INITS = {"adapters/memory", "kernel/authoring", "tests"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def companies(tree: ast.Module) -> Iterator[str]:
    """Yield the top-level name of everything that *tree* imports."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name.partition(".")[0] for alias in names)
            case ast.ImportFrom(module=str(module)):
                yield module.partition(".")[0]


def protocol_methods(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for cls in ast.walk(tree):
        if isinstance(cls, ast.ClassDef) and any("Protocol" in ast.unparse(b) for b in cls.bases):
            yield from (
                node
                for node in cls.body
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            )


def pins(lock: str) -> set[str]:
    text = (ROOT / lock).read_text(encoding="utf-8")
    return set(re.findall(r"^[a-z0-9-]+==[^ ]+", text, flags=re.MULTILINE))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_module_is_longer_than_a_wall(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")

    assert lines <= LONGEST


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_name_is_a_grab_bag(path: Path) -> None:
    parts = path.relative_to(ROOT).with_suffix("").parts

    words = {word for part in parts for word in part.split("_")}

    assert not words & VAGUE
    assert not any(part.startswith(VAGUE_VERBS) for part in parts)


@pytest.mark.parametrize("path", KERNEL, ids=name_of)
def test_the_kernel_keeps_quiet_company(path: Path) -> None:
    loud = set(companies(tree_of(path))) - QUIET - {"kernel"}

    assert not loud


@pytest.mark.parametrize("path", PORTS, ids=name_of)
def test_every_port_method_says_what_it_promises(path: Path) -> None:
    silent = [node.name for node in protocol_methods(tree_of(path)) if not ast.get_docstring(node)]

    assert not silent


@pytest.mark.parametrize("path", COMMANDS, ids=name_of)
def test_every_command_has_one_handler(path: Path) -> None:
    functions = [node for node in tree_of(path).body if isinstance(node, ast.FunctionDef)]

    handlers = [node.name for node in functions if not node.name.startswith("_")]

    assert handlers == ["handle"]


@pytest.mark.parametrize("path", COMMANDS, ids=name_of)
def test_every_command_is_in_the_engines_table(path: Path) -> None:
    engine = (ROOT / "kernel" / "engine.py").read_text(encoding="utf-8")

    assert re.search(rf"\b{path.stem}\b", engine)


@pytest.mark.parametrize("path", COMMANDS, ids=name_of)
def test_every_command_has_a_test_file_of_its_own(path: Path) -> None:
    test_file = ROOT / "tests" / "kernel" / "commands" / f"test_{path.stem}.py"

    assert test_file.exists()


@pytest.mark.parametrize("path", INITS, ids=name_of)
def test_an_init_says_one_thing_and_does_nothing(path: Path) -> None:
    tree = tree_of(path)

    assert ast.get_docstring(tree)
    assert len(tree.body) == 1 or name_of(path.parent) in TALKATIVE_INITS


@pytest.mark.parametrize("path", EVENTS, ids=name_of)
def test_every_sample_event_feeds_a_test(path: Path) -> None:
    tests = [source for source in SOURCES if source.is_relative_to(ROOT / "tests")]

    readers = [test for test in tests if path.name in test.read_text(encoding="utf-8")]

    assert readers


def test_lambda_runs_the_versions_that_developers_test() -> None:
    shipped = pins("requirements.lock")

    assert shipped
    assert shipped <= pins("requirements-dev.lock")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_each_package_to_one_version_and_to_the_digests_of_its_files(
    lock: str,
) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]

    loose = [line for line in lines if not re.fullmatch(PINNED, line)]

    assert lines
    assert not loose


def test_the_linter_looks_for_what_is_insecure_and_passes_over_it_in_tests_only() -> None:
    lint = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"][
        "lint"
    ]

    passed = {"**": lint["ignore"], **lint["per-file-ignores"]}

    assert lint["select"] == ["ALL"]
    assert {place for place, rules in passed.items() if any(map(INSECURE.match, rules))} == {
        "tests/**"
    }


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")

    assert "://" not in text
