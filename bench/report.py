"""The lines of the table that a run prints."""

from dataclasses import dataclass


@dataclass
class Row:
    """One line of the table: what was measured, what it must reach, and by what it is compared."""

    name: str
    measured: str
    required: str
    stretch: str
    detail: str
    reached: bool


def ratio(name: str, required: float, stretch: float, ours: float, theirs: float, unit: str) -> Row:
    """Return a line for a rate of *ours* over the rate of *theirs*."""
    found = ours / theirs
    detail = f"{ours:,.0f} against {theirs:,.0f} {unit}"
    return Row(name, f"{found:.2f}", f">= {required:.2f}", f"{stretch:.2f}", detail, found >= required)
