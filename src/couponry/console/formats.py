"""How numbers and moments are written on pages."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

_AT_MOMENT = re.compile(r"\bat (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)")


def number(value: int) -> str:
    """Write a whole number: `1,234`."""
    return f"{value:,}"


def size(of_bytes: int) -> str:
    """Write how large a file is: `10 GiB`, `1.5 MiB`, `1,000 bytes`."""
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if of_bytes >= unit:
            return f"{of_bytes / unit:,.1f}".removesuffix(".0") + f" {name}"
    return f"{number(of_bytes)} bytes"


def day(moment: datetime) -> str:
    """Write the day of a moment: `1 Jun 2026`."""
    return plain_date(moment.astimezone(UTC))


def plain_date(of: date) -> str:
    """Write a day: `1 Jun 2026`."""
    return f"{of.day} {of:%b %Y}"


def moment(at: datetime) -> str:
    """Write a moment: `1 Jun 2026, 14:05 UTC`."""
    return f"{day(at)}, {at.astimezone(UTC):%H:%M} UTC"


def with_moments(text: str) -> str:
    """Return a sentence of the API with its moments as people read them: `ended on 1 Jun 2026, 14:05 UTC`."""
    return _AT_MOMENT.sub(lambda found: f"on {moment(datetime.fromisoformat(found[1]))}", text)


def iso(at: datetime) -> str:
    """Write a moment for machines."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def field(at: datetime) -> str:
    """Write a moment for an input of type `datetime-local`, whole seconds of UTC."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")


def said(text: str) -> str:
    """Return what stands in such an input as the wire writes it: a browser leaves out seconds that are 0.

    What is no moment is returned as it was typed.
    """
    try:
        return iso(datetime.fromisoformat(f"{text}+00:00"))
    except ValueError:
        return text


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
    "with_moments": with_moments,
    "iso": iso,
    "field": field,
    "later": later,
    "plural": plural,
}
"""What templates may write with."""
