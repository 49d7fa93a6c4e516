"""What a callback link's token says, and that nothing else is taken for one."""

from dataclasses import replace

import pytest

from kernel.errors import NotFoundError
from kernel.model.callback import Callback
from kernel.model.stage import StageKey

SECRET = "s3cret-of_22-characters"
KEY = StageKey(run_id="01JZ8Q6W3M5T9XVB2K4NCDEFGH", stage_id="sign-off", group=2, solo=True)
CALLBACK = Callback(key=KEY, generation=1, attempt=3, secret=SECRET)
TOKEN = f"1.01JZ8Q6W3M5T9XVB2K4NCDEFGH.sign-off.2s.1.3.{SECRET}"


def test_a_token_says_which_attempt_made_it() -> None:
    assert CALLBACK.token == TOKEN


@pytest.mark.parametrize("solo", [True, False])
@pytest.mark.parametrize(
    "name", ["a", "a.b", "1.2s.3", "~61", "Lauf 3/ü#?", "half \udcff", "x" * 64]
)
def test_a_token_is_read_as_it_was_made(name: str, *, solo: bool) -> None:
    key = replace(KEY, run_id=name, stage_id=name, solo=solo)
    made = replace(CALLBACK, key=key)

    read = Callback.read(made.token)

    assert read == made
    assert set(made.token) <= set(
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._~"
    )


@pytest.mark.parametrize(
    "token",
    [
        "",
        "1",
        "callbacks",
        TOKEN.replace("1.", "2.", 1),
        TOKEN[: -len(SECRET)],
        TOKEN.replace(".2s.", ".2x."),
        TOKEN.replace(".2s.", ".-2s."),
        TOKEN.replace(".1.3.", ".1.٣."),
        TOKEN.replace(".1.3.", ".1.9999999."),
        TOKEN.replace("sign-off", "~6"),
        TOKEN.replace("sign-off", "~ff"),
        TOKEN.replace("sign-off", ""),
        TOKEN.replace("sign-off", "x" * 5_000),
        f"{TOKEN}\n",
        f"{TOKEN}/",
        f" {TOKEN}",
        TOKEN + "x" * 5_000,
        "\udcff",
    ],
)
def test_what_is_no_token_is_not_found(token: str) -> None:
    with pytest.raises(NotFoundError, match="no callback link"):
        Callback.read(token)


def test_its_secret_is_not_told_by_accident() -> None:
    told = f"{CALLBACK} {CALLBACK!r}"

    assert SECRET not in told


def test_its_digest_opens_what_it_was_stored_for_and_nothing_else() -> None:
    other = replace(CALLBACK, secret="another-of_22-characters")

    opened = [CALLBACK.opens(stored) for stored in (CALLBACK.digest, other.digest, "", "ü", None)]

    assert opened == [True, False, False, False, False]
    assert SECRET not in CALLBACK.digest


def test_a_stage_that_it_settled_is_recognised() -> None:
    other = replace(CALLBACK, secret="another-of_22-characters")
    marks = (CALLBACK.mark("call-1"), CALLBACK.mark("call-2"), other.mark("call-1"), "ü", None)

    recognised = [CALLBACK.has_settled(mark) for mark in marks]

    assert recognised == [True, True, False, False, False]
