"""The promotions of a store, compiled for judging and found by what they need of a cart."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from couponry.domain.actions import Effect, ItemDiscount, ShippingDiscount
from couponry.domain.codes import AUTO_CODE_PREFIX, auto_code, code_key
from couponry.domain.gifts import Offer, offers_of
from couponry.domain.item_conditions import ItemAttribute, Matcher, Needs, widest
from couponry.domain.nesting import walk
from couponry.domain.promotions import PromotionAttributes
from couponry.domain.running import RunningCart

EARLIEST = datetime.min.replace(tzinfo=UTC)


class Step(NamedTuple):
    """One action of a promotion, ready to be taken."""

    take: Effect
    of_cart: bool
    of_shipping: bool


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One promotion, compiled for judging."""

    id: str
    promotion: PromotionAttributes
    name: str
    enabled: bool
    automatic: bool
    stackable: bool
    start: datetime
    end: datetime
    created_at: datetime
    auto_code: str
    """What stands for the code of an automatic promotion."""
    currencies: frozenset[str] | None
    catalogs: frozenset[str] | None
    match: Matcher
    steps: tuple[Step, ...]
    offers: tuple[Offer, ...]
    needs: Needs | None
    fields: frozenset[tuple[str, str]]
    """The fields of product templates that it asks for, each with its template."""

    @property
    def standing(self) -> tuple[bool, int, float, str]:
        """Return what promotions are sorted by: priority, then the newest, then the id (behaviour.md R8)."""
        priority = self.promotion.priority
        return priority is None, -(priority or 0), -self.created_at.timestamp(), self.id


def entry(id_: str, promotion: PromotionAttributes, created_at: datetime = EARLIEST) -> Entry:
    """Compile a promotion, which costs tens of microseconds: keep the result."""
    rule_set = promotion.rule_set
    return Entry(
        id=id_,
        promotion=promotion,
        name=promotion.name,
        enabled=promotion.enabled,
        automatic=promotion.automatic,
        stackable=promotion.stackable,
        start=promotion.start,
        end=promotion.end,
        created_at=created_at,
        auto_code=auto_code(id_),
        currencies=frozenset(currency.upper() for currency in rule_set.currencies) if rule_set.currencies else None,
        catalogs=frozenset(rule_set.catalog_ids) if rule_set.catalog_ids else None,
        match=rule_set.rules.matcher(),
        steps=tuple(_steps(promotion)),
        offers=offers_of(rule_set.actions),
        needs=_needs(promotion),
        fields=frozenset(_fields(promotion)),
    )


def _steps(promotion: PromotionAttributes) -> Iterator[Step]:
    for action in promotion.rule_set.actions:
        strategy = str(action.__struct_config__.tag)
        yield Step(
            action.effect(promotion.rule_set.rules), strategy == "cart_discount", isinstance(action, ShippingDiscount)
        )


def _fields(promotion: PromotionAttributes) -> Iterator[tuple[str, str]]:
    conditions = [promotion.rule_set.rules, *(action.condition for action in promotion.rule_set.actions)]
    for condition in conditions:
        for _, _, part in walk(condition) if condition is not None else ():
            if isinstance(part, ItemAttribute):
                yield str(part.args[0]), str(part.args[1])


def _needs(promotion: PromotionAttributes) -> Needs | None:
    """Return what a cart must have one of for the promotion to do anything.

    Where the rules ask for nothing in particular, every action may still be for particular lines only; gifts and
    suggestions are for carts that lack them.
    """
    rule_set = promotion.rule_set
    if (needs := rule_set.rules.needs) is not None:
        return needs
    if any(isinstance(one, ItemDiscount) and (one.auto_add or one.show_suggestions) for one in rule_set.actions):
        return None
    conditions = [one.condition for one in rule_set.actions]
    return widest(None if condition is None else condition.needs for condition in conditions)


class Book:
    """The promotions of a store in the order in which they apply; immutable."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(sorted(entries, key=lambda one: one.standing))
        self.by_id: Mapping[str, Entry] = {one.id: one for one in self.entries}
        self.fields: frozenset[tuple[str, str]] = frozenset().union(*(one.fields for one in self.entries))
        self._places = {one.id: place for place, one in enumerate(self.entries)}
        self._always: list[int] = []
        self._needing: dict[str, dict[Any, list[int]]] = {}
        for place, one in enumerate(self.entries):
            if one.automatic:
                self._index(place, one.needs)

    def _index(self, place: int, needs: Needs | None) -> None:
        if needs is None:
            self._always.append(place)
            return
        for table, key in needs:
            self._needing.setdefault(table, {}).setdefault(key, []).append(place)

    def is_auto_code(self, code: str) -> bool:
        """Tell whether *code* stands for an automatic promotion, which entering it neither helps nor hinders."""
        key = code_key(code)
        return key.startswith(AUTO_CODE_PREFIX) and any(
            one.automatic and code_key(one.auto_code) == key for one in self.entries
        )

    def candidates(self, cart: RunningCart, coded: Iterable[str]) -> list[Entry]:
        """Return the automatic promotions that could apply to *cart*, and those *coded*, in order of application.

        Costs what the cart has, not what there is: promotions for what it lacks are not even looked at.
        """
        places = set(self._always)
        for table, needing in self._needing.items():
            found: dict[Any, Any] = getattr(cart, table)
            for key in found.keys() & needing.keys():
                places.update(needing[key])
        places.update(self._places[id_] for id_ in coded if id_ in self._places)
        return [self.entries[place] for place in sorted(places)]

    def everything(self, coded: Iterable[str]) -> list[Entry]:
        """Return every automatic promotion and those *coded*, in order of application."""
        chosen = set(coded)
        return [one for one in self.entries if one.automatic or one.id in chosen]


def book(entries: Iterable[Entry]) -> Book:
    """Bind *entries*, each id once, in the order in which they apply."""
    return Book(entries)
