"""How numbers and moments are written on pages."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any


def number(value: int) -> str:
    """Write a whole number: `1,234`."""
    return f"{value:,}"


def day(moment: datetime) -> str:
    """Write the day of a moment: `1 Jun 2026`."""
    return plain_date(moment.astimezone(UTC))


def plain_date(of: date) -> str:
    """Write a day: `1 Jun 2026`."""
    return f"{of.day} {of:%b %Y}"


def moment(at: datetime) -> str:
    """Write a moment: `1 Jun 2026, 14:05 UTC`."""
    return f"{day(at)}, {at.astimezone(UTC):%H:%M} UTC"


def iso(at: datetime) -> str:
    """Write a moment for machines."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def field(at: datetime) -> str:
    """Write a moment for an input of type `datetime-local`, whole seconds of UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def later(at: datetime, days: int) -> datetime:
    """Return the moment so many days later."""
    return at + timedelta(days=days)


def plural(count: int, one: str, many: str | None = None) -> str:
    """Write how many there are of something: `1 code`, `2 codes`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


FILTERS: dict[str, Callable[..., Any]] = {
    "number": number,
    "day": day,
    "date": plain_date,
    "moment": moment,
    "iso": iso,
    "field": field,
    "later": later,
    "plural": plural,
}
"""What templates may write with."""
