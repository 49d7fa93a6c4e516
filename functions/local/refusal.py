"""What the command line says instead of a traceback."""

from typing import Final

FAILED: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130


class RefusalError(Exception):
    """One sentence about what is wrong, and a hint at what to do; the process ends with *code*."""

    def __init__(self, sentence: str, *, hint: str = "", code: int = BAD_INPUT) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint
        self.code = code
