"""The table that a run prints."""

from collections import Counter
from typing import NamedTuple

from soak.audit import Findings
from soak.fire import Fire


class Row(NamedTuple):
    """A line of the table: what was counted, and what it must be, if anything."""

    name: str
    counted: str
    required: str = ""
    reached: bool = True


class Verified(NamedTuple):
    """What `couponry verify` said."""

    status: int
    """What it ended with."""
    drift: list[str]
    said: str


class Reckoning(NamedTuple):
    """What was found at the end."""

    examined: Findings
    differences: list[str]
    """Between the ledger and what clients were told."""
    deadlocks: int
    verified: Verified

    @property
    def findings(self) -> list[str]:
        """Everything that is not as it must be, in sentences."""
        return [
            *self.examined.passed,
            *self.examined.wronged,
            *self.examined.left,
            *self.differences,
            *self.verified.drift,
        ]


def table(fire: Fire, found: Reckoning, redemptions: int, seconds: float) -> list[Row]:
    """Return the lines about a run that asked for *redemptions* and redeemed for so many *seconds*."""
    stories, tally = fire.stories, fire.tally
    asked = fire.asked
    granted = [story for story in stories[:asked] if story.id is not None]
    states = Counter(story.state for story in stories if story.id is not None)
    moves = Counter((one.move, one.done) for story in stories for one in story.moves)
    return [
        _exact("redemptions asked for", asked, redemptions),
        _count(f"seconds ({asked / seconds:,.0f} redemptions/s)", round(seconds)),
        _some("API processes killed", tally["killed"]),
        _some("requests that clients hung up on", tally["hung up"]),
        _some("requests cut off by a killed process", tally["cut off"] + tally["silent"]),
        _some("retries answered with the first result", tally["replayed"]),
        _count("told clients that asked again, and got the same", tally["asked again"]),
        _count("granted in the end, though refused meanwhile", fire.late),
        _some("redemptions granted", len(granted)),
        _some("  less than was asked for", sum(bool(story.refused) for story in granted)),
        _some("  confirmed later", moves["confirm", True]),
        _count("  too late to be confirmed", moves["confirm", False]),
        _some("  given back", moves["release", True]),
        _some("  expired", states["held"]),
        _some("redemptions refused", asked - len(granted)),
        _count("redeemed of what was left at the end", tally["topped up"]),
        _none("limits passed at any moment", len(found.examined.passed)),
        _none("shoppers refused while uses were left", len(found.examined.wronged)),
        _none("codes refused, but not used up at the end", len(found.examined.left)),
        _none("differences between ledger and clients", len(found.differences)),
        _none("answers that cannot be", len(fire.findings)),
        _none("deadlocks", found.deadlocks),
        _some("counters verified meanwhile, times", tally["verified meanwhile"]),
        Row("couponry verify", found.verified.said, "", _clean(found.verified)),
    ]


def _clean(verified: Verified) -> bool:
    return verified.status == 0 and not verified.drift and verified.said.endswith(" 0 drifted.")


def _count(name: str, counted: int) -> Row:
    return Row(name, f"{counted:,}")


def _exact(name: str, counted: int, required: int) -> Row:
    return Row(name, f"{counted:,}", f"{required:,}", counted == required)


def _some(name: str, counted: int) -> Row:
    """Return a line about what must have happened, or the run has shown nothing."""
    return Row(name, f"{counted:,}", "> 0", counted > 0)


def _none(name: str, counted: int) -> Row:
    return Row(name, f"{counted:,}", "0", counted == 0)
