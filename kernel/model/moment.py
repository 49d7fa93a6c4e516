"""How a moment is spelt where it leaves the process, so that texts sort as moments do."""

from datetime import UTC, datetime


def to_text(moment: datetime) -> str:
    """Return ISO 8601 in UTC, with milliseconds and a `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """Return the moment, in UTC.

    Raises:
        ValueError: It is no moment, or does not say in which time zone.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} does not say in which time zone it is.")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is beyond the calendar.") from error
