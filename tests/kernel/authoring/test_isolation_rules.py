"""What `build()` says of stages that want a process of their own."""

from tests.kernel.authoring.reports import START, a_stage, problems_of


def test_isolation_that_makes_no_sense_is_named() -> None:
    builder = START.pipe(a_stage("odd", isolate="yes", memory_limit=0))
    builder = builder.pipe(a_stage("odder", isolate=False, memory_limit=512))
    builder = builder.pipe(a_stage("oddest", isolate=True, memory_limit=True))

    assert problems_of(builder) == [
        "stage 'odd': its isolate must be True, False or left out, not 'yes'",
        "stage 'odd': its memory_limit must be a whole number of MiB, at least 1, not 0",
        (
            "stage 'odder': its memory_limit holds in a process of its own, and isolate=False "
            "refuses one"
        ),
        "stage 'oddest': its memory_limit must be a whole number of MiB, at least 1, not True",
    ]


def test_isolation_that_makes_sense_is_no_problem() -> None:
    builder = START.pipe(a_stage("alone", isolate=True, memory_limit=512))
    builder = builder.pipe(a_stage("limited", memory_limit=1)).pipe(a_stage("near", isolate=False))

    stages = [group[0] for group in builder.build().groups]

    assert [stage.isolate for stage in stages] == [True, None, False]
    assert [stage.memory_limit for stage in stages] == [512, 1, None]
