"""The form of a cart: what it says as the wire says it, and which of its fields a fault is about."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from couponry.console import amounts, formats
from couponry.console.limits import number
from couponry.console.visits import Form
from couponry.console.wording import plain
from couponry.domain.actions import AnyAction, ShippingDiscount
from couponry.domain.attributes import Value
from couponry.domain.conditions import AnyCondition, CartCustomAttribute
from couponry.domain.errors import Fault
from couponry.domain.item_conditions import ItemAttribute
from couponry.domain.nesting import walk
from couponry.domain.products import Product
from couponry.domain.promotions import RuleSet

MAX_LINES = 50
MAX_ASKED = 10
"""How many fields of products, and how many attributes of carts, a form asks for."""
MAX_FIELDS = MAX_LINES * (6 + MAX_ASKED) + MAX_ASKED + 20

NOBODY_YET = {"customer_id": "nobody-yet", "email": "nobody-yet@shopper.invalid"}
"""Who has never ordered: no mail reaches an address in `.invalid`, so nobody has it."""

LINE = "line-"
"""What the ids of lines begin with that no product tells apart."""
MAX_ID = 255

AMOUNTS = ("unit_price", "base_price")
"""The fields that take money, by the beginning of their names."""

_QUANTITY = re.compile(r"quantity-([1-9]\d{0,2})")


class Asked(NamedTuple):
    """What the conditions of a promotion ask of carts, beside what every cart says."""

    fields: tuple[tuple[str, str, str], ...]
    """Fields of products: template, field and type."""
    attributes: tuple[tuple[str, str], ...]
    """Custom attributes of the cart: key and type."""
    shipping: bool
    """Whether it takes anything off shipping."""


def asked_by(rule_set: RuleSet) -> Asked:
    """Return what *rule_set* asks of carts."""
    fields: dict[tuple[str, str, str], None] = {}
    attributes: dict[tuple[str, str], None] = {}
    for condition in _conditions(rule_set):
        match condition:
            case ItemAttribute():
                template, field, type_, *_ = map(str, condition.args)
                fields[template, field, type_] = None
            case CartCustomAttribute():
                attributes[str(condition.args[0]), str(condition.args[1])] = None
            case _:
                pass
    shipping = any(isinstance(action, ShippingDiscount) for action in rule_set.actions)
    return Asked(tuple(fields)[:MAX_ASKED], tuple(attributes)[:MAX_ASKED], shipping)


def _conditions(rule_set: RuleSet) -> Sequence[object]:
    actions: tuple[AnyAction, ...] = rule_set.actions
    roots: list[AnyCondition | None] = [rule_set.rules, *(action.condition for action in actions)]
    return [condition for root in roots if root is not None for _, _, condition in walk(root)]


def numbers(form: Form) -> list[int]:
    """Return the numbers of the lines that a form has, in their order."""
    return sorted(int(match[1]) for name in form if (match := _QUANTITY.fullmatch(name)))


def skus(form: Form) -> list[str]:
    """Return the SKUs that stand in a form."""
    return [sku for number in numbers(form) if (sku := _text(form, f"sku-{number}")) is not None]


class Said(NamedTuple):
    """What a form says."""

    document: dict[str, Any]
    """A cart to evaluate, as the wire has it."""
    lines: list[int]
    """The number of each of its lines in the form."""
    asked: Asked
    known: Mapping[str, Product]
    """The products on its lines, by SKU."""

    def field_of(self, fault: Fault) -> str | None:
        """Return the field that a fault is about, None where it is about none."""
        match fault.source.split("."):
            case ["data", "items", index, "attributes", *_]:
                return f"attribute-{self.lines[int(index)]}-0"
            case ["data", "items", index, member, *_]:
                return f"{member}-{self.lines[int(index)]}"
            case ["data", "custom_attributes", key, *_]:
                keys = [known for known, _ in self.asked.attributes]
                return f"custom-{keys.index(key)}" if key in keys else None
            case ["data", "shipping_groups", _, member, *_] | ["data", "shopper", member, *_] | ["data", member, *_]:
                return member
            case _:
                return None

    def told(self, faults: Sequence[Fault], fields: Form) -> tuple[dict[str, str], list[str]]:
        """Return what is wrong with each of the *fields* of a form, and with none of them."""
        beside: dict[str, str] = {}
        others: list[str] = []
        for fault in faults:
            field = self.field_of(fault)
            if field is not None and field in fields:
                beside.setdefault(field, self._plain(fault, field, fields[field]))
            else:
                others.append(f"{fault.source.removeprefix('data.')}: {plain(fault)}")
        return beside, others

    def _plain(self, fault: Fault, field: str, text: str) -> str:
        """Return what a person should do about a fault; of amounts, with what they come to."""
        name, _, line = field.partition("-")
        if name not in AMOUNTS:
            return plain(fault)
        currency = self.document["currency"]
        if fault.title == "required":
            own = self.document["items"][self.lines.index(int(line))]
            return amounts.missing_price(own.get("sku"), currency, self.known)
        if fault.title == "invalid_type":
            return amounts.instead_of(text, currency)
        return plain(fault)


def said(form: Form, asked: Asked, known: Mapping[str, Product]) -> Said:
    """Return what a form says of a cart; what it leaves open of a line, the product *known* by its SKU says."""
    currency = form.get("currency", "").strip().upper()
    lines = [line for line in numbers(form) if not is_blank(form, line)]
    ids = _ids(form, lines)
    document: dict[str, Any] = {
        "type": "evaluation",
        "currency": currency,
        "items": [
            _line(form, line, id_, asked, known.get(form.get(f"sku-{line}", "").strip()), currency)
            for line, id_ in ids.items()
        ],
        "shipping_groups": _shipping(form, [*ids.values()]),
        "custom_attributes": _attributes(form, asked),
        "shopper": _shopper(form),
        "codes": _listed(form, "codes"),
        "at": formats.said(form["at"]) if form.get("at") else None,
    }
    document = {name: value for name, value in document.items() if value or name in ("currency", "items")}
    return Said(document | {"explain": True}, lines, asked, known)


def is_blank(form: Form, line: int) -> bool:
    """Tell whether nothing is said of what a line is, so that it is none."""
    return not any(form.get(f"{name}-{line}", "").strip() for name in ("sku", "unit_price", "product_id"))


def _ids(form: Form, lines: Sequence[int]) -> dict[int, str]:
    """Return what each line is called: as its product where that tells it apart, so that people know it again."""
    named = {line: _text(form, f"sku-{line}") or _text(form, f"product_id-{line}") or "" for line in lines}
    often = Counter(named.values())
    return {
        line: name if 0 < len(name) <= MAX_ID and often[name] == 1 and not name.startswith(LINE) else f"{LINE}{line}"
        for line, name in named.items()
    }


def _line(form: Form, line: int, id_: str, asked: Asked, product: Product | None, currency: str) -> dict[str, Any]:
    own: dict[str, Any] = {
        "id": id_,
        **{name: _text(form, f"{name}-{line}") for name in ("sku", "product_id", "catalog_id")},
        "category_ids": _listed(form, f"category_ids-{line}") or None,
        "quantity": number(form.get(f"quantity-{line}", "")),
        "unit_price": number(form.get(f"unit_price-{line}", "")),
    }
    attributes: dict[str, dict[str, Any]] = {}
    if product is not None:
        attributes = {template: dict(fields) for template, fields in product.attributes.items()}
        of_product = {
            "product_id": product.id,
            "catalog_id": product.catalog_id,
            "category_ids": list(product.category_ids) or None,
            "unit_price": product.prices.get(currency),
        }
        own |= {name: value for name, value in of_product.items() if own[name] is None}
    for at, (template, field, type_) in enumerate(asked.fields):
        text = _text(form, f"attribute-{line}-{at}")
        if text is not None:
            attributes.setdefault(template, {})[field] = typed(text, type_)
    return {name: value for name, value in own.items() if value is not None} | (
        {"attributes": attributes} if attributes else {}
    )


def _shipping(form: Form, ids: list[str]) -> list[dict[str, Any]]:
    type_, price = _text(form, "shipping_type"), number(form.get("base_price", ""))
    if type_ is None and price is None:
        return []
    group: dict[str, Any] = {"id": "shipping", "shipping_type": type_ or "standard"}
    return [group | {"base_price": price or 0, "item_ids": ids}]


def _attributes(form: Form, asked: Asked) -> dict[str, dict[str, Any]]:
    texts = [(key, type_, _text(form, f"custom-{at}")) for at, (key, type_) in enumerate(asked.attributes)]
    return {key: {"type": type_, "value": typed(text, type_)} for key, type_, text in texts if text is not None}


def _shopper(form: Form) -> dict[str, Any]:
    given = {name: _text(form, name) for name in ("customer_id", "email", "account_id")}
    if "new_shopper" in form:
        # Who is signed in stays so, as somebody else: some codes are not for guests.
        new = {name: value for name, value in NOBODY_YET.items() if name == "email" or given[name]}
        given = dict.fromkeys(NOBODY_YET) | new | {"account_id": given["account_id"]}
    tags = _listed(form, "account_tags")
    return {name: value for name, value in given.items() if value} | ({"account_tags": tags} if tags else {})


def typed(text: str, type_: str) -> Value:
    """Return what was typed as a value of a type; what is none stays text, for whoever judges it to tell."""
    if type_ == "boolean":
        return {"true": True, "yes": True, "false": False, "no": False}.get(text.lower(), text)
    if type_ in ("integer", "float"):
        try:
            return msgspec.json.decode(text, type=int if type_ == "integer" else float)
        except msgspec.MsgspecError:
            return text
    return text


def _text(form: Form, name: str) -> str | None:
    return form.get(name, "").strip() or None


def _listed(form: Form, name: str) -> list[str]:
    return [word for line in form.get(name, "").split("\n") if (word := line.strip())]
