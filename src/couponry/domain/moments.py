"""Moments as clients write them: a date, a date and a time, or RFC 3339."""

import re
from datetime import UTC, datetime, timedelta, timezone

FORMS = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?"
    r"(?:[Zz]|([+-])(\d\d):(\d\d))?)?",
    re.ASCII,
)


def parse_moment(text: str) -> datetime:
    """Return the moment that *text* names, in UTC; no time is midnight, no zone is UTC. Raises ValueError."""
    if not (match := FORMS.fullmatch(text)):
        raise ValueError("not a date-time")
    year, month, day, hour, minute, second, fraction, sign, offset_hours, offset_minutes = match.groups("0")
    moment = datetime(
        int(year),
        int(month),
        int(day),
        int(hour),
        int(minute),
        int(second),
        int(fraction.ljust(6, "0")[:6]),
        tzinfo=_zone(sign, int(offset_hours), int(offset_minutes)),
    )
    try:
        return moment.astimezone(UTC)
    except OverflowError as beyond:
        raise ValueError("before the year 1 or after the year 9999") from beyond


def _zone(sign: str, hours: int, minutes: int) -> timezone:
    if hours > 23 or minutes > 59:
        raise ValueError("no such offset")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if sign == "-" else offset)
