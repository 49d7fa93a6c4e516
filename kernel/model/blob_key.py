"""What may be the key of a blob, the same for every store."""

from kernel.errors import InvalidInputError

LONGEST = 1024


def checked(key: str) -> str:
    """Return *key*, or refuse what could lead out of its folder or be lost on its way.

    Raises:
        InvalidInputError: It is no relative path of printable characters.
    """
    problem = _problem(key)
    if problem:
        raise InvalidInputError(f"{key!r} cannot be the key of a blob: {problem}.", key=repr(key))
    return key


def _problem(key: str) -> str | None:
    parts = key.split("/")
    if not key:
        return "it is empty"
    if not key.isprintable():
        return "it has a character that cannot be printed"
    # HTTP clients tidy such parts away, so that another key would be meant on the other side.
    if any(part in {"", ".", ".."} for part in parts):
        return "a part of it is empty, `.` or `..`"
    if len(key.encode()) > LONGEST:
        return f"it is longer than {LONGEST} bytes"
    return None
