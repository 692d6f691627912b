"""Whether limits held at every moment, and whether everybody who was refused had to be."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from soak.plan import Code, Plan
from soak.timeline import Span, Timeline
from soak.told import Moved, Story

Limited: TypeAlias = tuple[str, str]
"""What a limit is for: a code, and all shoppers (`""`) or one."""


class Taken(NamedTuple):
    """How much was taken of what is limited, when."""

    possible: dict[Limited, Timeline]
    """At most."""
    sure: dict[Limited, Timeline]
    """At least."""


class Findings(NamedTuple):
    """What was found; each list is empty if all is well."""

    passed: list[str]
    """Limits that were passed at some moment."""
    wronged: list[str]
    """Shoppers that were refused although there was something left for them all the time."""
    left: list[str]
    """Codes that somebody was refused, and that are not used up at the end."""


def taken(stories: Iterable[Story]) -> Taken:
    """Return when uses of each code, and of each by a shopper, were taken."""
    possible: defaultdict[Limited, list[Span]] = defaultdict(list)
    sure: defaultdict[Limited, list[Span]] = defaultdict(list)
    for story in stories:
        for code, uses in story.uses.items():
            for limited, count in (((code, ""), uses), ((code, story.wish.shopper), 1)):
                possible[limited] += story.possible(count)
                sure[limited] += story.sure(count)
    return Taken(*({limited: Timeline(spans) for limited, spans in side.items()} for side in (possible, sure)))


def examined(plan: Plan, stories: list[Story]) -> Findings:
    """Return what is wrong with what clients were told."""
    what = taken(stories)
    return Findings([*_passed(plan, what)], [*_wronged(plan, stories, what)], [*_left(plan, stories)])


def limit(code: Code, limited: Limited) -> int | None:
    """Return the limit of a code, or that of each of its shoppers."""
    return code.each if limited[1] else code.uses


def _passed(plan: Plan, what: Taken) -> Iterator[str]:
    for limited, timeline in what.sure.items():
        most = limit(plan.codes[limited[0]], limited)
        if most is not None and timeline.most > most:
            yield f"{' '.join(limited).strip()}: {timeline.most} uses of {most} at one moment"


def _wronged(plan: Plan, stories: list[Story], what: Taken) -> Iterator[str]:
    def room(limited: Limited, begin: float, end: float) -> int:
        """Return what was left all the time; a shopper who may always have one more lacks nothing."""
        most, timeline = limit(plan.codes[limited[0]], limited), what.possible.get(limited)
        return 1_000_000 if most is None else most - (timeline.most_within(begin, end) if timeline else 0)

    for story in stories:
        shopper = story.wish.shopper
        for refused in story.refused:
            whose = {"code_exhausted": "", "shopper_exhausted": shopper}.get(refused.reason)
            if whose is None or room((refused.code, whose), refused.sent, refused.received) > 0:
                yield f"{story.key}: {refused}"
        for code, uses in story.uses.items():
            wanted = plan.codes[code].wanted(story.wish.quantity)
            if uses > wanted or (uses < wanted and room((code, ""), story.first_sent, story.answered) > 0):
                yield f"{story.key}: got {uses} uses of {code} instead of {wanted}"
        for move in story.moves:
            if not move.done and all(
                room((code, ""), *_span(move)) >= uses and room((code, shopper), *_span(move)) >= 1
                for code, uses in story.uses.items()
            ):
                yield f"{story.key}: was not confirmed, {move}"


def _span(moment: Moved) -> tuple[float, float]:
    return moment.first_sent, moment.received


def _left(plan: Plan, stories: list[Story]) -> Iterator[str]:
    used: defaultdict[str, int] = defaultdict(int)
    for story in stories:
        if story.state == "confirmed" and story.id is not None:
            for code, uses in story.uses.items():
                used[code] += uses
    for code in sorted(used_up(stories)):
        if used[code] != plan.codes[code].uses:
            yield f"{code}: {used[code]} of {plan.codes[code].uses} uses at the end"


def used_up(stories: Iterable[Story]) -> set[str]:
    """Return the codes of which somebody was told that they are used up."""
    return {one.code for story in stories for one in story.refused if one.reason == "code_exhausted"}
