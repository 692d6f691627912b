"""Promotions: what a merchant says of one, what the server knows of it, and its status at a moment."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from couponry.domain.actions import AnyAction, ItemDiscount
from couponry.domain.attributes import Word
from couponry.domain.conditions import RuleCondition
from couponry.domain.errors import Fault
from couponry.domain.nesting import only_for_actions, too_deep
from couponry.domain.promotion_errors import UnprocessablePromotion
from couponry.domain.validity import Consistent, outside, within

MAX_NAME = 255
MAX_DESCRIPTION = 65_535
MAX_CUSTOM_FIELDS = 65_536
"""How many bytes of JSON the custom fields of a promotion take together."""

MAX_RULE_SET = 262_144
"""How many bytes of JSON a rule set takes: room for thousands of SKUs, and for a page of such promotions."""

NO_CONTROL = r"^(?![\s\S]*[\x00-\x1f\x7f-\x9f])"
NO_CONTROL_BUT_LINES = r"^(?![\s\S]*[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f])"

Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME, pattern=NO_CONTROL)]
Description = Annotated[str, Meta(max_length=MAX_DESCRIPTION, pattern=NO_CONTROL_BUT_LINES)]
Priority = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Moment = Annotated[datetime, Meta(tz=True)]
Listed = Annotated[tuple[Word, ...], Meta(max_length=400)]


class PromotionStatus(StrEnum):
    """Whether a promotion takes part, and if not, why."""

    DISABLED = "disabled"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    ENDED = "ended"


class RuleSet(Consistent, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Who qualifies for a promotion, and what it then does."""

    catalog_ids: Listed | None = None
    """The only catalogs whose lines count; none named means all, and custom items."""
    currencies: Listed | None = None
    """The only currencies; none named means all."""
    rules: RuleCondition
    actions: Annotated[tuple[AnyAction, ...], Meta(min_length=1, max_length=100)]

    def contradictions(self) -> Iterator[Fault]:
        """Tell of conditions that nest too deep, and of operators that rules have not."""
        yield from within(too_deep(self.rules), "rules")
        yield from within(only_for_actions(self.rules), "rules")
        for index, action in enumerate(self.actions):
            if action.condition is not None:
                yield from within(too_deep(action.condition), f"actions.{index}.condition")


class PromotionAttributes(Consistent, frozen=True, kw_only=True):
    """What a merchant says of a promotion."""

    name: Name
    description: Description | None = None
    enabled: bool = False
    automatic: bool = False
    """Whether it applies without a code."""
    priority: Priority | None = None
    """Higher comes earlier; none comes last."""
    stackable: bool = True
    override_stacking: bool = False
    """Whether it stacks even with promotions that do not stack."""
    start: Moment
    """The first moment that it runs; UTC."""
    end: Moment
    """The first moment that it runs no more; UTC."""
    rule_set: RuleSet
    custom_fields: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """Members that only the merchant understands; they stand beside the others on the wire."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start >= self.end:
            raise UnprocessablePromotion("The start of a promotion must be before its end.")
        for action in self.rule_set.actions:
            if isinstance(action, ItemDiscount) and action.auto_add and not (action.is_gift and self.automatic):
                raise UnprocessablePromotion(
                    "Items can be added automatically (auto_add) only by an automatic promotion"
                    " with a discount of 100 percent."
                )

    def contradictions(self) -> Iterator[Fault]:
        """Tell of moments outside UTC, and of custom fields that are too long."""
        for member, moment in (("start", self.start), ("end", self.end)):
            if moment.utcoffset() != timedelta(0):
                yield outside("format", "date-time", member)
        for name in self.custom_fields:
            if not 1 <= len(name) <= MAX_NAME:
                keyword, bound = ("maxLength", MAX_NAME) if name else ("minLength", 1)
                yield outside(keyword, bound, name)
        if len(msgspec.json.encode(self.rule_set)) > MAX_RULE_SET:
            yield outside("maxLength", MAX_RULE_SET, "rule_set")
        if len(msgspec.json.encode(self.custom_fields)) > MAX_CUSTOM_FIELDS:
            yield outside("maxLength", MAX_CUSTOM_FIELDS)

    def status(self, at: datetime) -> PromotionStatus:
        """Say whether the promotion takes part *at* a moment."""
        return status(at, self.start, self.end, enabled=self.enabled)


def status(at: datetime, start: datetime, end: datetime, *, enabled: bool) -> PromotionStatus:
    """Say whether a promotion takes part *at* a moment: from its start on, and before its end."""
    if not enabled:
        return PromotionStatus.DISABLED
    if at < start:
        return PromotionStatus.SCHEDULED
    return PromotionStatus.RUNNING if at < end else PromotionStatus.ENDED


class Promotion(PromotionAttributes, frozen=True, kw_only=True):
    """A promotion of a store."""

    id: UUID
    store_id: UUID
    created_by: str | None = None
    updated_by: str | None = None
    created_at: Moment
    updated_at: Moment
