"""A slow and readable judge of carts, to hold the fast one against.

It reads rule sets as the JSON that merchants write, counts in exact fractions, and shares nothing with the engine
but the shapes of carts, promotions and codes. Paragraphs (4.x, R1 to R19) are those of behaviour.md.
"""

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

import msgspec
from msgspec import UNSET

from couponry.domain.cart import Cart, Line, ShippingGroup, Shopper
from couponry.domain.entered import EnteredCode, Grant
from couponry.domain.outcome import Totals
from couponry.domain.promotions import PromotionAttributes

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OraclePromotion:
    """A promotion as the judge needs it; `created_at` decides between those of equal standing."""

    id: str
    attributes: PromotionAttributes
    created_at: datetime

    @property
    def auto_code(self) -> str:
        return f"auto_{self.id}"


class LineDiscount(NamedTuple):
    promotion_id: str
    code: str
    amount: int
    ordinal: int
    units: int | None
    is_cart_discount: bool


class GroupDiscount(NamedTuple):
    promotion_id: str
    code: str
    amount: int
    ordinal: int


class AppliedPromotion(NamedTuple):
    promotion_id: str
    code: str
    amount: int
    applications: int
    uses: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every line and group is a key of its dictionary, also without discounts; amounts of discounts are negative."""

    lines: dict[str, list[LineDiscount]]
    groups: dict[str, list[GroupDiscount]]
    applied: list[AppliedPromotion]
    refused: dict[tuple[str | None, str | None], str]
    """Reasons by promotion and code; `(None, code)` where nobody knows the code."""
    totals: Totals


def judge(cart: Cart, promotions: Sequence[OraclePromotion], entered: Sequence[EnteredCode], at: datetime) -> Verdict:
    """Judge *cart* at a moment, with the codes that its shopper entered. Gifts and suggestions are left out."""
    till = Till(cart)
    refused: dict[tuple[str | None, str | None], str] = {}
    admitted: list[PromotionAttributes] = []
    autos = {promotion.auto_code for promotion in promotions if promotion.attributes.automatic}
    coded = {promotion.id for promotion in promotions if not promotion.attributes.automatic}
    for code in entered:
        if coded.isdisjoint(grant.promotion_id for grant in code.grants) and code.code not in autos:
            refused[None, code.code] = "unknown_code"
    for promotion in sorted(promotions, key=standing):
        terms = promotion.attributes
        usable: list[Terms] = []
        for offer in offers(promotion, entered):
            reason = untimely(terms, cart, at) or offer.refusal(cart.shopper)
            if reason is None:
                usable.append(offer)
            else:
                refused[promotion.id, offer.code] = reason
        if not usable:
            continue
        reason = apply(promotion, usable[0], till, admitted)
        if reason is None:
            admitted.append(terms)
            usable, reason = usable[1:], "cannot_stack"
        for offer in usable:
            refused[promotion.id, offer.code] = reason
    return till.verdict(refused)


def standing(promotion: OraclePromotion) -> tuple[bool, int, float, str]:
    """R8: the order in which promotions are judged."""
    priority = promotion.attributes.priority
    return (priority is None, -(priority or 0), -promotion.created_at.timestamp(), promotion.id)


def untimely(terms: PromotionAttributes, cart: Cart, at: datetime) -> str | None:
    """4.1: why a promotion takes no part, whatever is in the cart."""
    if not terms.enabled:
        return "disabled"
    if at < terms.start:
        return "not_started"
    if at >= terms.end:
        return "ended"
    if terms.rule_set.currencies and cart.currency not in terms.rule_set.currencies:
        return "currency_mismatch"
    return None


def compatible(one: PromotionAttributes, other: PromotionAttributes) -> bool:
    """4.6: whether two promotions stack."""

    def overrides(strong: PromotionAttributes, weak: PromotionAttributes) -> bool:
        return strong.override_stacking and not weak.stackable and not weak.override_stacking

    return (one.stackable and other.stackable) or overrides(one, other) or overrides(other, one)


def apply(
    promotion: OraclePromotion, offer: "Terms", till: "Till", admitted: Sequence[PromotionAttributes]
) -> str | None:
    """Apply a promotion to the cart on the till, or say why not."""
    rule_set: Json = msgspec.to_builtins(promotion.attributes.rule_set)
    catalogs = rule_set.get("catalog_ids")
    lines = [line for line in till.cart.items if not catalogs or (line.catalog_id in catalogs and not line.custom)]
    if till.cart.items and not lines:
        return "catalog_mismatch"
    holds, matched = till.rules(rule_set["rules"], lines)
    if not holds:
        return "rules_not_met"
    if not all(compatible(promotion.attributes, other) for other in admitted):
        return "cannot_stack"
    amount = applications = 0
    for action in rule_set["actions"]:
        cuts = till.cuts(action, rule_set["rules"], lines, matched, offer.uses_left - applications)
        if cuts is not None:
            amount += till.book(promotion.id, offer.code, cuts)
            applications += cuts.applications
    if not amount:
        return "no_discount"
    uses = applications if offer.per_application else 1
    till.applied.append(AppliedPromotion(promotion.id, offer.code, amount, applications, uses))
    return None


# Codes


@dataclass(frozen=True, slots=True)
class Terms:
    """What a promotion is offered on: an entered code, or nothing but being automatic."""

    code: str
    grant: Grant | None = None

    @property
    def per_application(self) -> bool:
        return self.grant is not None and self.grant.limits.consume_unit == "per_application"

    @property
    def uses_left(self) -> float:
        """How many applications are left."""
        if self.grant is None or self.grant.remaining is None or not self.per_application:
            return math.inf
        return self.grant.remaining

    def refusal(self, shopper: Shopper) -> str | None:
        """5.6: why this shopper may not use the code."""
        if self.grant is None:
            return None
        return next((reason for reason, applies in code_reasons(self.grant, shopper) if applies), None)


def offers(promotion: OraclePromotion, entered: Sequence[EnteredCode]) -> list[Terms]:
    """Return what the promotion is offered on, in the order entered."""
    if promotion.attributes.automatic:
        return [Terms(promotion.auto_code)]
    grants = [grant for code in entered for grant in code.grants]
    return [Terms(grant.code, grant) for grant in grants if grant.promotion_id == promotion.id]


def code_reasons(grant: Grant, shopper: Shopper) -> Iterator[tuple[str, bool]]:
    """Yield the reasons why a code may be unusable in the order they are tried, and whether they apply."""
    limits = grant.limits
    guest = shopper.customer_id is None and shopper.account_id is None
    for_new = limits.is_for_new_shopper is True
    most, guests_too = UNSET, False
    if limits.max_uses_per_shopper is not UNSET:
        most = limits.max_uses_per_shopper.max_uses
        guests_too = limits.max_uses_per_shopper.includes_guests is True
    per_shopper = most is not UNSET
    yield "wrong_shopper", limits.user is not UNSET and not is_user(limits.user, shopper)
    yield "guest_not_allowed", guest and per_shopper and not guests_too
    yield "guest_email_missing", guest and shopper.email is None and (per_shopper or for_new)
    yield "not_new_shopper", for_new and not grant.new_shopper
    yield "code_exhausted", grant.remaining == 0
    yield "shopper_exhausted", per_shopper and grant.used_by_shopper >= most


def is_user(user: str, shopper: Shopper) -> bool:
    """Whether a code's only user is this shopper: by customer id, or by e-mail in any spelling."""
    if user == shopper.customer_id:
        return True
    return shopper.email is not None and user.strip().casefold() == shopper.email.strip().casefold()


# Conditions and actions, on a cart whose prices fall as discounts are booked


@dataclass(frozen=True, slots=True)
class Cuts:
    """What one action takes off, and how often it applied."""

    applications: int
    lines: list[tuple[Line, int, int | None]] = field(default_factory=list)
    groups: list[tuple[ShippingGroup, int]] = field(default_factory=list)
    of_cart: bool = False


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "gte": operator.ge,
    "gt": operator.gt,
    "lte": operator.le,
    "lt": operator.lt,
    "eq": operator.eq,
    "ne": operator.ne,
}
TAGS: dict[str, Callable[[set[str], set[str]], bool]] = {
    "contains_all": lambda wanted, tags: wanted <= tags,
    "contains_any": lambda wanted, tags: bool(wanted & tags),
    "not_contains_any": lambda wanted, tags: not wanted & tags,
    "not_contains_all": lambda wanted, tags: not wanted <= tags,
}
CART_CONDITIONS = ("cart_total", "cart_custom_attribute", "account_tags")


class Till:
    """A cart with its running prices and the discounts booked so far."""

    def __init__(self, cart: Cart) -> None:
        self.cart = cart
        self.value = {line.id: line.unit_price * line.quantity for line in cart.items}
        self.price = {group.id: group.base_price for group in cart.shipping_groups}
        self.line_discounts: dict[str, list[LineDiscount]] = {line.id: [] for line in cart.items}
        self.group_discounts: dict[str, list[GroupDiscount]] = {group.id: [] for group in cart.shipping_groups}
        self.applied: list[AppliedPromotion] = []
        self.ordinal = 0

    def worth(self, line: Line, units: int = 1) -> Fraction:
        """Return what so many units of the line are worth now."""
        return Fraction(self.value[line.id] * units, line.quantity)

    def book(self, promotion_id: str, code: str, cuts: Cuts) -> int:
        """Take the cuts off the running prices; return the (negative) sum."""
        self.ordinal += 1
        for line, cut, units in cuts.lines:
            self.value[line.id] -= cut
            entry = LineDiscount(promotion_id, code, -cut, self.ordinal, units, cuts.of_cart)
            self.line_discounts[line.id].append(entry)
        for group, cut in cuts.groups:
            self.price[group.id] -= cut
            self.group_discounts[group.id].append(GroupDiscount(promotion_id, code, -cut, self.ordinal))
        return -sum(cut for _, cut, _ in cuts.lines) - sum(cut for _, cut in cuts.groups)

    def verdict(self, refused: dict[tuple[str | None, str | None], str]) -> Verdict:
        """Sum up (R9)."""
        value = sum(line.unit_price * line.quantity for line in self.cart.items)
        discount = sum(entry.amount for entries in self.line_discounts.values() for entry in entries)
        shipping = sum(group.base_price for group in self.shipped())
        shipping_discount = sum(entry.amount for entries in self.group_discounts.values() for entry in entries)
        totals = Totals(value, discount, value + discount, shipping, shipping_discount)
        return Verdict(self.line_discounts, self.group_discounts, self.applied, refused, totals)

    def shipped(self) -> list[ShippingGroup]:
        """Return the groups that count: those with a line of the cart (4.3)."""
        return [group for group in self.cart.shipping_groups if set(group.item_ids) & set(self.value)]

    # What the rules ask, as in 4.2

    def rules(self, condition: Json, lines: Sequence[Line]) -> tuple[bool, list[Line]]:
        """Say whether a condition of the rules holds, and which lines it matches."""
        strategy = condition["strategy"]
        if strategy == "and":
            return self.all_of(condition["children"], lines)
        if strategy == "or":
            holding = [matched for holds, matched in (self.rules(c, lines) for c in condition["children"]) if holds]
            return bool(holding), in_cart_order(lines, holding)
        if strategy == "items_bundle":
            bundle = self.bundle(condition, lines)
            return bundle is not None, in_cart_order(lines, [bundle.lines()] if bundle else [])
        if strategy in CART_CONDITIONS:
            return self.cart_condition(condition, lines)
        matched = [line for line in lines if self.meets(condition, line)]
        return bool(matched), matched

    def all_of(self, children: Sequence[Json], lines: Sequence[Line]) -> tuple[bool, list[Line]]:
        """Judge a rule-level `and`: conditions on the cart, filters of lines, and selectors of lines."""
        on_cart = [child for child in children if child["strategy"] in CART_CONDITIONS]
        filters = [child for child in children if is_filter(child)]
        selectors = [child for child in children if child not in on_cart and child not in filters]
        kept = [line for line in lines if all(self.meets(child, line) for child in filters)]
        holds = all(self.cart_condition(child, lines)[0] for child in on_cart)
        if not selectors:
            return holds and (bool(kept) or not filters), kept
        selected = []
        for child in selectors:
            from_lines = kept if child["strategy"] == "items_bundle" else lines
            matched = [line for line in self.rules(child, from_lines)[1] if line in kept]
            holds = holds and bool(matched) and self.rules(child, from_lines)[0]
            selected.append(matched)
        return holds, in_cart_order(lines, selected)

    def cart_condition(self, condition: Json, lines: Sequence[Line]) -> tuple[bool, list[Line]]:
        """Judge a condition on the cart as a whole."""
        if condition["strategy"] == "cart_total":
            counted = [line for line in lines if all(self.meets(child, line) for child in children_of(condition))]
            return is_total(condition, sum(self.value[line.id] for line in counted)), counted
        if condition["strategy"] == "account_tags":
            shopper = self.cart.shopper
            tags = set(shopper.account_tags or ())
            has_account = shopper.account_id is not None or shopper.account_tags is not None
            return has_account and TAGS[condition["operator"]](set(condition["args"]), tags), list(lines)
        return self.custom_attribute(condition), list(lines)

    def custom_attribute(self, condition: Json) -> bool:
        key, declared, *values = condition["args"]
        attribute = self.cart.custom_attributes.get(key)
        if attribute is None or attribute.type != declared:
            return condition["operator"] == "nin"
        if condition["operator"] in ("in", "nin"):
            return (attribute.value in values) == (condition["operator"] == "in")
        return COMPARE[condition["operator"]](attribute.value, values[0])

    def meets(self, condition: Json, line: Line) -> bool:
        """Say whether a line meets a condition and those below it."""
        below = [self.meets(child, line) for child in children_of(condition)]
        if condition["strategy"] == "or":
            return any(below)
        return all(below) and (condition["strategy"] == "and" or self.meets_itself(condition, line))

    def meets_itself(self, condition: Json, line: Line) -> bool:
        strategy, compares, args = condition["strategy"], condition["operator"], condition["args"]
        if strategy == "item_price":
            return COMPARE[compares](self.value[line.id], exact(args[0]) * line.quantity)
        if strategy == "item_quantity":
            return COMPARE[compares](line.quantity, exact(args[0]))
        return is_named(strategy, args, line) == (compares == "in")

    # Lines bought together, as in 4.4

    def bundle(self, condition: Json, lines: Iterable[Line]) -> "Bundle | None":
        """Walk the requirements greedily; None where one cannot be met."""
        unused = list(lines)
        bundle = Bundle([])
        for requirement in condition["children"]:
            needed, selectors = requirement_of(requirement)
            fitting = [line for line in unused if all(self.meets(selector, line) for selector in selectors)]
            taken: list[tuple[Line, int]] = []
            missing = needed
            for line in sorted(fitting, key=lambda line: -line.quantity):
                if missing:
                    taken.append((line, min(missing, line.quantity)))
                    missing -= taken[-1][1]
                    unused.remove(line)
            if missing:
                return None
            bundle.requirements.append((needed, taken))
        return bundle

    # What an action takes off, as in 4.3

    def cuts(
        self, action: Json, rules: Json, lines: Sequence[Line], matched: Sequence[Line], uses_left: float
    ) -> Cuts | None:
        """Compute one action on the running prices; None where it takes nothing off."""
        if not uses_left:
            return None
        condition = action.get("condition")
        match action["strategy"]:
            case "cart_discount":
                cuts = self.off_cart(action, [line for line in lines if not condition or self.meets(condition, line)])
            case "shipping_discount":
                cuts = self.off_shipping(action, uses_left)
            case "items_bundle_discount":
                bundled = lines if condition else matched
                cuts = self.off_bundles(action, condition or first_bundle(rules), bundled, uses_left)
            case "item_discount":
                targets = matched if condition is None else [line for line in lines if self.meets(condition, line)]
                chosen = self.choose(action, targets)
                per_group = action["args"][0] == "fixed_price"
                cuts = (self.off_groups if per_group else self.off_units)(action, chosen, uses_left)
        return cuts if any(cut for _, cut, _ in cuts.lines) or cuts.groups else None

    def off_cart(self, action: Json, lines: Sequence[Line]) -> Cuts:
        values = [Fraction(self.value[line.id]) for line in lines]
        amount = min(off(action["args"], sum(values, Fraction())), most_of(action))
        parts = spread(amount, values) if amount else []
        return Cuts(1, [(line, part, None) for line, part in zip(lines, parts, strict=False)], of_cart=True)

    def off_shipping(self, action: Json, uses_left: float) -> Cuts:
        types = action.get("condition", {}).get("args")
        groups: list[tuple[ShippingGroup, int]] = []
        for group in self.shipped():
            cut = off(action["args"], Fraction(self.price[group.id]))
            if cut and len(groups) < uses_left and (types is None or group.shipping_type in types):
                groups.append((group, cut))
        return Cuts(len(groups), groups=groups)

    def choose(self, action: Json, targets: Iterable[Line]) -> list[tuple[Line, int]]:
        """Return the lines that an item discount is for, in its order, and of how many units."""
        limitations = action.get("limitations", {})
        items = limitations.get("items", {})
        order = items.get("price_strategy")
        if order is None and ("max_items" in items or "max_units" in items):
            order = "cheapest"
        lines = [line for line in targets if self.value[line.id]]
        if order is not None:
            sign = 1 if order == "cheapest" else -1
            lines.sort(key=lambda line: sign * self.worth(line))
        chosen: list[tuple[Line, int]] = []
        units_left = items.get("max_units", math.inf)
        for line in lines[: items.get("max_items", len(lines))]:
            units = min(line.quantity, limitations.get("max_quantity", math.inf), units_left)
            if units:
                chosen.append((line, units))
                units_left -= units
        return chosen

    def off_units(self, action: Json, chosen: Iterable[tuple[Line, int]], uses_left: float) -> Cuts:
        """Take a percentage or an amount off each unit; lines too cheap to lose anything take no use."""
        cuts: list[tuple[Line, int, int]] = []
        for line, wanted in chosen:
            units = min(wanted, uses_left)
            cut = min(off(action["args"], self.worth(line, units), units), self.value[line.id]) if units else 0
            if cut:
                cuts.append((line, cut, units))
                uses_left -= units
        cuts = self.capped(action, cuts)
        return Cuts(sum(units for _, _, units in cuts), cuts)

    def off_groups(self, action: Json, chosen: Iterable[tuple[Line, int]], uses_left: float) -> Cuts:
        """R5: fill groups unit by unit; each costs a fixed price instead."""
        _, size, price = action["args"]
        units = [line for line, count in chosen for _ in range(count)]
        cut = dict.fromkeys(self.value, 0)
        count = dict.fromkeys(self.value, 0)
        discounted = 0
        for start in range(0, len(units) - size + 1, size):
            group = units[start : start + size]
            worths = [self.worth(line) for line in group]
            amount = rounded(max(sum(worths, Fraction()) - price, Fraction()))
            if not amount or discounted >= uses_left:
                continue
            discounted += 1
            for line, part in zip(group, spread(amount, worths), strict=True):
                cut[line.id] += part
                count[line.id] += 1
        cuts = [(line, min(cut[line.id], self.value[line.id]), count[line.id]) for line in self.cart.items]
        return Cuts(discounted, self.capped(action, cuts))

    def off_bundles(self, action: Json, condition: Json | None, lines: Iterable[Line], uses_left: float) -> Cuts:
        bundle = self.bundle(condition, lines) if condition else None
        if bundle is None:
            return Cuts(0)
        times = min(bundle.repetitions(), uses_left)
        taken = bundle.units(times)
        members = [(line, taken[line.id]) for line in self.cart.items if line.id in taken]
        worths = [self.worth(line, units) for line, units in members]
        amount = off(action["args"], sum(worths, Fraction()), times)
        if not amount:
            return Cuts(0)
        parts = zip(members, spread(amount, worths), strict=True)
        cuts = [(line, min(part, self.value[line.id]), units) for (line, units), part in parts]
        return Cuts(times, self.capped(action, cuts))

    def capped(self, action: Json, cuts: Iterable[tuple[Line, int, int]]) -> list[tuple[Line, int, int]]:
        """R4: spread `max_discount` over the discounts that the lines would have had; drop those of 0."""
        position = {line.id: index for index, line in enumerate(self.cart.items)}
        cuts = sorted((cut for cut in cuts if cut[1]), key=lambda cut: position[cut[0].id])
        if sum(cut for _, cut, _ in cuts) > most_of(action):
            parts = spread(most_of(action), [Fraction(cut) for _, cut, _ in cuts])
            cuts = [(line, part, units) for (line, _, units), part in zip(cuts, parts, strict=True) if part]
        return cuts


@dataclass(frozen=True, slots=True)
class Bundle:
    """Which units of which lines meet each requirement once."""

    requirements: list[tuple[int, list[tuple[Line, int]]]]

    def lines(self) -> list[Line]:
        return [line for _, taken in self.requirements for line, _ in taken]

    def repetitions(self) -> int:
        """How often the whole bundle can be made, each requirement from its own lines."""
        return min(sum(line.quantity for line, _ in taken) // needed for needed, taken in self.requirements)

    def units(self, times: int) -> dict[str, int]:
        """Return how many units of each line make so many bundles."""
        units: dict[str, int] = {}
        for needed, taken in self.requirements:
            missing = needed * times
            for line, _ in taken:
                units[line.id] = min(missing, line.quantity)
                missing -= units[line.id]
        return units


def is_filter(condition: Json) -> bool:
    """4.2: what narrows the other children of a rule-level `and`."""
    strategy = condition["strategy"]
    if strategy in ("item_quantity", "item_price"):
        return True
    return strategy.startswith("item_") and condition["operator"] == "nin"


def is_total(condition: Json, total: int) -> bool:
    bounds = [exact(number) for number in condition["args"]]
    if condition["operator"] == "range":
        return bounds[0] <= total <= bounds[1]
    return COMPARE[condition["operator"]](total, bounds[0])


def is_named(strategy: str, args: Sequence[Any], line: Line) -> bool:
    """Say whether a line is among what *args* name."""
    match strategy:
        case "item_sku":
            return line.sku in args
        case "item_product_id":
            return line.product_id in args
        case "item_identifier":
            return line.sku in args[0].get("skus", ()) or line.product_id in args[0].get("ids", ())
        case "item_category":
            return any(node in args for node in line.category_ids)
        case "item_attribute":
            template, name, _, *values = args
            found = line.attributes.get(template, {}).get(name)
            several = found if isinstance(found, list | tuple) else [] if found is None else [found]
            return any(kind(one) == kind(value) and one == value for one in several for value in values)
    raise AssertionError(strategy)


def kind(value: Any) -> str:
    """Return the JSON type of a value."""
    return "boolean" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"


def requirement_of(condition: Json) -> tuple[int, list[Json]]:
    """Return how many units a requirement of a bundle needs, and what they must meet."""
    parts = children_of(condition) if condition["strategy"] == "and" else [condition]
    counts = [part["args"][0] for part in parts if part["strategy"] == "item_quantity"]
    return counts[0] if counts else 1, [part for part in parts if part["strategy"] != "item_quantity"]


def first_bundle(condition: Json) -> Json | None:
    """Return the first bundle of the rules, a parent before its children."""
    if condition["strategy"] == "items_bundle":
        return condition
    below = (first_bundle(child) for child in children_of(condition))
    return next((bundle for bundle in below if bundle is not None), None)


def children_of(condition: Json) -> Sequence[Json]:
    return condition.get("children", ())


def in_cart_order(lines: Sequence[Line], parts: Iterable[Iterable[Line]]) -> list[Line]:
    """Return the union of *parts*."""
    ids = {line.id for part in parts for line in part}
    return [line for line in lines if line.id in ids]


# Arithmetic


def exact(number: float) -> Fraction:
    """Return a number as it was written, not as its binary neighbour."""
    return Fraction(Decimal(str(number)))


def rounded(amount: Fraction) -> int:
    """R2: round to the nearest integer, halves away from zero."""
    whole = math.floor(abs(amount) + Fraction(1, 2))
    return whole if amount >= 0 else -whole


def off(args: Sequence[Any], worth: Fraction, times: int = 1) -> int:
    """Return what a discount takes off something of that worth, for so many units or bundles."""
    name, number = args
    if name == "percent":
        return rounded(worth * exact(number) / 100)
    if name == "fixed":
        return rounded(min(Fraction(number * times), worth))
    return rounded(max(worth - number * times, Fraction()))


def most_of(action: Json) -> float:
    """Return the cap on an action's total."""
    return action.get("limitations", {}).get("max_discount", math.inf)


def spread(amount: int, weights: Sequence[Fraction]) -> list[int]:
    """Split an amount in proportion to *weights* by largest remainder, ties to the earlier."""
    whole = sum(weights, Fraction())
    shares = [amount * weight / whole for weight in weights]
    parts = [math.floor(share) for share in shares]
    first = sorted(range(len(parts)), key=lambda index: (parts[index] - shares[index], index))
    for index in first[: amount - sum(parts)]:
        parts[index] += 1
    return parts
