"""What may cross a boundary: plain JSON, written one way so that it can be compared."""

import hashlib
import json
from typing import TypeAlias

# A real union, not one in quotes, so that it can be part of another one at run time.
Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None


def canonical(value: object) -> str:
    """Return the one spelling of *value*: sorted keys, no spaces, no NaN.

    Raises:
        ValueError: A number is not finite.
        TypeError: Something in it is not JSON.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def digest(value: object) -> str:
    """Return 32 hexadecimal digits that tell *value* from any other."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()[:32]
