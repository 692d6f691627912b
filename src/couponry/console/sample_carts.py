"""A cart that makes sense for a promotion: where that can be done, one that it applies to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil, floor

from couponry.console.cart_forms import Asked
from couponry.console.visits import Form
from couponry.domain.actions import FixedPrice, FixedPriceFor, ItemDiscount, ItemsBundleDiscount, ShippingDiscount
from couponry.domain.attributes import Value
from couponry.domain.cart import MAX_QUANTITY
from couponry.domain.conditions import AccountTags, And, CartCustomAttribute, CartTotal, ItemsBundle, Or
from couponry.domain.item_conditions import (
    Condition,
    ItemAttribute,
    ItemCategory,
    ItemIdentifier,
    ItemOr,
    ItemPrice,
    ItemProductId,
    ItemQuantity,
    ItemSku,
    LineCondition,
    children_of,
)
from couponry.domain.promotions import RuleSet

USUAL_PRICE = 2000
USUAL_SHIPPING = 500
MAX_LINES = 20


@dataclass
class SampleLine:
    """A line that is being made to meet conditions; a price that nothing asks for is left open."""

    sku: str = ""
    product_id: str = ""
    quantity: int = 1
    unit_price: int | None = None
    category: str = ""
    fields: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])

    @property
    def is_any(self) -> bool:
        """Whether any product would do."""
        return not (self.sku or self.product_id or self.category or self.fields)

    def fit(self, condition: Condition) -> None:
        """Make the line meet a condition, as far as that is simple."""
        children = children_of(condition)
        match condition:
            case ItemOr() | Or():
                children = children[:1]
            case ItemSku(operator="in"):
                self.sku = condition.args[0]
            case ItemProductId(operator="in"):
                self.product_id = condition.args[0]
            case ItemIdentifier(operator="in"):
                [named] = condition.args
                self.sku, self.product_id = "".join(named.skus[:1]), "" if named.skus else named.ids[0]
            case ItemCategory(operator="in"):
                self.category = condition.args[0]
            case ItemAttribute(operator="in"):
                template, name, _, value, *_ = condition.args
                self.fields[str(template), str(name)] = written(value)
            case ItemPrice():
                self.unit_price = met(condition.operator, condition.args[0], 0)
            case ItemQuantity():
                self.quantity = min(met(condition.operator, condition.args[0], 1), MAX_QUANTITY)
            case _:
                pass
        for child in children:
            self.fit(child)


@dataclass
class SampleCart:
    """A cart that is being made to meet conditions."""

    lines: list[SampleLine] = field(default_factory=list[SampleLine])
    tags: list[str] = field(default_factory=list[str])
    account: bool = False
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    totals: list[tuple[CartTotal, SampleLine]] = field(default_factory=list[tuple[CartTotal, SampleLine]])
    shipping: str = ""
    shipping_price: int = USUAL_SHIPPING

    def add(self, condition: Condition | None = None) -> SampleLine:
        """Add a line that meets a condition, unless there is one just like it."""
        line = SampleLine()
        if condition is not None:
            line.fit(condition)
        alike = next((one for one in self.lines if one == line), None)
        if alike is None and len(self.lines) < MAX_LINES:
            self.lines.append(line)
        return alike or line

    def any(self) -> SampleLine:
        """Return the first line, made now where there is none."""
        return self.lines[0] if self.lines else self.add()

    def meet(self, condition: Condition) -> list[SampleLine]:
        """Make the cart meet a condition, and return the lines by which it does."""
        match condition:
            case And():
                return self._meet_all(condition)
            case Or():
                return self.meet(condition.children[0])
            case AccountTags():
                self.account = True
                self.tags += condition.args if condition.operator.startswith("contains") else ()
            case CartCustomAttribute():
                self._say(condition)
            case CartTotal():
                counted = self.add(condition.children[0]) if condition.children else self.any()
                for child in condition.children[1:]:
                    counted.fit(child)
                self.totals.append((condition, counted))
            case ItemsBundle():
                return [self.add(child) for child in condition.children]
            case LineCondition():
                return [self.add(condition)]
            case _:
                pass
        return []

    def _say(self, condition: CartCustomAttribute) -> None:
        key, _, value, *_ = condition.args
        if isinstance(value, int | float) and not isinstance(value, bool):
            value += _STEPS.get(condition.operator, 0)
        if condition.operator != "nin":  # which a cart without the attribute meets
            self.attributes[str(key)] = written(value)

    def _meet_all(self, condition: And) -> list[SampleLine]:
        narrow = [one for one in condition.children if isinstance(one, LineCondition) and not one.selects]
        others = [one for one in condition.children if one not in narrow and not isinstance(one, CartTotal)]
        lines = [line for one in others for line in self.meet(one)]
        for one in narrow:
            for line in lines or [self.any()]:
                line.fit(one)
        for one in condition.children:
            if isinstance(one, CartTotal):
                self.meet(one)
        return lines


_STEPS = {"gt": 1, "lt": -1}


def met(operator: str, number: float, least: int) -> int:
    """Return a whole number that compares so with *number*, and is no less than *least*."""
    nearest = floor(number) if operator in ("gt", "lte") else ceil(number)
    return max(nearest + _STEPS.get(operator, 1 if operator == "ne" else 0), least)


def written(value: Value) -> str:
    """Return a value as it is typed into a field."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def sample_cart(rule_set: RuleSet) -> SampleCart:
    """Return a cart for *rule_set*; its lines have no prices yet but those that conditions ask for."""
    cart = SampleCart()
    matched = cart.meet(rule_set.rules)
    for action in rule_set.actions:
        match action:
            case ShippingDiscount():
                cart.shipping = action.condition.args[0] if action.condition else "standard"
                cart.shipping_price += action.args.total if isinstance(action.args, FixedPrice) else 0
            case ItemDiscount(auto_add=True):
                pass  # a gift is for carts that lack it
            case ItemDiscount():
                chosen = [cart.add(action.condition)] if action.condition else matched or [cart.any()]
                if isinstance(action.args, FixedPriceFor):
                    _fill(chosen[0], action.args)
            case ItemsBundleDiscount() if action.condition is not None:
                cart.meet(action.condition)
            case _:
                pass
    cart.any()
    return cart


def _fill(line: SampleLine, group: FixedPriceFor) -> None:
    """Let a line be a group that costs more than its fixed price."""
    line.quantity = max(line.quantity, min(group.quantity, MAX_QUANTITY))
    if line.unit_price is None and group.total >= line.quantity * USUAL_PRICE:
        line.unit_price = group.total // line.quantity + USUAL_PRICE


def priced(cart: SampleCart, price_of: Mapping[str, int]) -> SampleCart:
    """Return *cart* with prices, those of products where they are known by SKU, so high or many as totals ask."""
    free = [line for line in cart.lines if line.unit_price is None and line.sku not in price_of]
    for line in cart.lines:
        if line.unit_price is None:
            line.unit_price = price_of.get(line.sku, USUAL_PRICE)
    for total, line in cart.totals:
        counted = [line] if total.children else cart.lines
        _reach(line, total, lambda counted=counted: _value(counted), free=line in free)
    return cart


def _value(lines: list[SampleLine]) -> int:
    return sum(line.quantity * (line.unit_price or 0) for line in lines)


def _reach(line: SampleLine, total: CartTotal, value: Callable[[], int], *, free: bool) -> None:
    wanted = met(total.operator, total.args[0], 0)
    price = line.unit_price or 0
    if total.operator in ("gte", "gt", "range", "eq") and value() < wanted and price:
        line.quantity = min(line.quantity + ceil((wanted - value()) / price), MAX_QUANTITY)
    most = met("lte", total.args[-1], 0) if total.operator != "lt" else wanted
    if total.operator in ("lte", "lt", "range", "eq") and value() > most and free:
        line.unit_price = max(price * line.quantity - (value() - most), 0) // line.quantity


def form_of_sample(cart: SampleCart, rule_set: RuleSet, asked: Asked) -> Form:
    """Return the form that says *cart*."""
    form: Form = {
        "currency": (rule_set.currencies or ("USD",))[0].upper(),
        "account_id": "an-account" if cart.account else "",
        "account_tags": "\n".join(dict.fromkeys(cart.tags)),
        "shipping_type": cart.shipping,
        "base_price": str(cart.shipping_price) if cart.shipping else "",
        **{f"custom-{at}": cart.attributes.get(key, "") for at, (key, _) in enumerate(asked.attributes)},
    }
    for number, line in enumerate(cart.lines, 1):
        form |= {
            f"sku-{number}": line.sku,
            f"product_id-{number}": line.product_id,
            f"quantity-{number}": str(line.quantity),
            f"unit_price-{number}": str(line.unit_price or 0),
            f"catalog_id-{number}": (rule_set.catalog_ids or ("",))[0],
            f"category_ids-{number}": line.category,
            **{f"attribute-{number}-{at}": line.fields.get((template, name), "")
               for at, (template, name, _) in enumerate(asked.fields)},
        }  # fmt: skip
    return form
