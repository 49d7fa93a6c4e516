"""The machine's own chance. It does not repeat itself when Lambda copies a process."""

import secrets

_TOKEN_BYTES = 24


class RandomEntropy:
    """Chance from the operating system."""

    def __init__(self) -> None:
        self._random = secrets.SystemRandom()

    def token(self) -> str:
        return secrets.token_urlsafe(_TOKEN_BYTES)

    def jitter(self) -> float:
        return self._random.random()
