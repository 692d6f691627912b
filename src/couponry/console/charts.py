"""Pictures of numbers, as the numbers that SVG wants."""

from collections.abc import Sequence

WIDTH, HEIGHT = 120, 28
_EDGE = 2


def spark(values: Sequence[int]) -> str:
    """Return the points of a line through *values*, for a picture of `WIDTH` by `HEIGHT`; 0 is at its bottom."""
    most = max(*values, 1)
    step = (WIDTH - 2 * _EDGE) / max(len(values) - 1, 1)
    return " ".join(
        f"{_EDGE + at * step:.1f},{HEIGHT - _EDGE - value / most * (HEIGHT - 2 * _EDGE):.1f}"
        for at, value in enumerate(values)
    )


def bars(values: Sequence[int], width: int, height: int) -> list[tuple[float, float, float, float]]:
    """Return a bar for each of *values*: its left, top, width and height; what is not 0 can be seen."""
    most, step = max(*values, 1), width / len(values)
    heights = [max(value / most * height, 2) if value else 0 for value in values]
    return [(round(at * step + 1, 1), round(height - high, 1), round(step - 2, 1), round(high, 1))
            for at, high in enumerate(heights)]  # fmt: skip


def share(value: int, most: int, width: int) -> float:
    """Return how long a bar for *value* is where *most* takes the whole *width*; what is not 0 can be seen."""
    return round(max(value / max(most, 1) * width, 2), 1) if value else 0
