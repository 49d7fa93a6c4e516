"""Chance that nobody can guess."""

import re

from adapters.system.entropy import RandomEntropy
from kernel.ports.entropy import Entropy


def test_tokens_are_long_safe_in_urls_and_never_recur() -> None:
    entropy: Entropy = RandomEntropy()

    tokens = {entropy.token() for _ in range(1_000)}

    assert len(tokens) == 1_000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{22,}", token) for token in tokens)


def test_jitter_is_from_nought_to_below_one_and_spread() -> None:
    entropy: Entropy = RandomEntropy()

    draws = [entropy.jitter() for _ in range(1_000)]

    assert all(0 <= draw < 1 for draw in draws)
    assert 400 < sum(draw < 0.5 for draw in draws) < 600
