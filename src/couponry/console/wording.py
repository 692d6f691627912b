"""Faults in plain words, beside the field that they are about."""

import re

from couponry.domain.errors import Fault

_BOUND = re.compile(r"-?\d+")

_WORDS = (
    ("required", "", "Fill this in."),
    ("string_gte", "to 1", "Fill this in."),
    ("string_lte", "", "At most {} characters."),
    ("array_min_items", "least 1 ", "Name at least one."),
    ("array_min_items", "", "Name at least {}."),
    ("array_max_items", "deep", "Conditions nest too deep here: at most {} deep."),
    ("array_max_items", "", "Name at most {}."),
    ("number_gte", "", "At least {}."),
    ("number_lte", "", "At most {}."),
    ("invalid_type", "Expected: integer", "Write a whole number."),
    ("invalid_type", "Expected: number", "Write a whole number."),
    ("format", "", "Write a date and a time."),
    ("pattern", "", "No control characters here."),
)
"""The kind of a fault, what its detail tells, and what a person should do about it; `{}` is the bound it names."""


def plain(fault: Fault) -> str:
    """Return what a person should do about *fault*."""
    bound = (_BOUND.findall(fault.detail) or [""])[-1]
    for title, told, words in _WORDS:
        if fault.title == title and told in fault.detail:
            return words.format(bound)
    if fault.title == "enum":
        return f"Choose one of {fault.detail.partition(': ')[2]}."
    return fault.detail
