"""What of this repository belongs into what Lambda gets."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
CODE: Final = ("adapters", "functions", "kernel")
AT_HOME: Final = (
    *("functions/local", "functions/workflows/digest.py", "functions/workflows/digesting"),
    *("functions/workflows/review.py", "functions/workflows/reviewing"),
)


def modules_in(folder: Path) -> set[str]:
    """Return our modules in *folder* that are for Lambda."""
    found = {
        path.relative_to(folder).as_posix()
        for package in CODE
        for path in (folder / package).rglob("*.py")
    }
    return {name for name in found if not name.startswith(AT_HOME)}
