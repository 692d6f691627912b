"""A cart while it is judged: its lines found by what they are, and what is left of each line's value.

Sets of lines are integers, bit n standing for the n-th line: union, intersection and complement cost next to
nothing however many conditions ask for them.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, TypeAlias, TypeVar

from couponry.domain.cart import Cart, Line

Lines: TypeAlias = int
"""A set of lines."""
Scalar: TypeAlias = str | bool | int | float

Key = TypeVar("Key")
FieldKey: TypeAlias = tuple[str, str, str | float | tuple[bool]]
"""A product template, a field of it, and a value; a boolean stands in a tuple, as it would equal 0 or 1."""


def field_key(template: str, field: str, value: Scalar) -> FieldKey:
    """Return what a line with that *value* in that *field* is found by."""
    return template, field, (value,) if isinstance(value, bool) else value


class RunningCart:
    """The cart in the state that the promotions judged so far have left."""

    __slots__ = ("_members", "attributes", "cart", "catalogs", "categories", "every", "left", "products", "quantities",
                 "shipping_left", "skus")  # fmt: skip

    skus: dict[str, Lines]
    products: dict[str, Lines]
    categories: dict[str, Lines]
    attributes: dict[FieldKey, Lines]
    catalogs: dict[str, Lines]

    def __init__(self, cart: Cart) -> None:
        self.cart = cart
        self.quantities = [line.quantity for line in cart.items]
        self.left = [line.unit_price * line.quantity for line in cart.items]
        """What each line still costs, in minor units."""
        self.shipping_left = [group.base_price for group in cart.shipping_groups]
        self.every: Lines = (1 << len(cart.items)) - 1
        self._members: dict[Lines, Sequence[int]] = {self.every: range(len(cart.items))}

    def __getattr__(self, table: str) -> dict[Any, Lines]:
        """Make one of the tables that lines are found in when it is first asked for."""
        found = defaultdict[Any, Lines](int)
        TABLES[table](self.cart.items, found)
        found.default_factory = None
        setattr(self, table, found)
        return found

    def members(self, lines: Lines) -> Sequence[int]:
        """Return the positions of *lines* in the cart, in its order."""
        known = self._members.get(lines)
        if known is None:
            known = self._members[lines] = _positions(lines)
        return known

    def value_of(self, lines: Lines) -> int:
        """Return what *lines* still cost together."""
        left = self.left
        return sum(left) if lines == self.every else sum([left[at] for at in self.members(lines)])

    def shipping_groups(self, types: Set[str] | None) -> list[int]:
        """Return the positions of the shipping groups of these types, of all for None, that some line is in."""
        ids = {line.id for line in self.cart.items}
        return [
            at
            for at, group in enumerate(self.cart.shipping_groups)
            if (types is None or group.shipping_type in types) and not ids.isdisjoint(group.item_ids)
        ]

    def among_catalogs(self, catalogs: Set[str]) -> Lines:
        """Return the lines of these catalogs; custom items are of none."""
        return union(self.catalogs, catalogs)


def _note_skus(items: Sequence[Line], found: dict[str, Lines]) -> None:
    for at, line in enumerate(items):
        if line.sku is not None:
            found[line.sku] |= 1 << at


def _note_products(items: Sequence[Line], found: dict[str, Lines]) -> None:
    for at, line in enumerate(items):
        if line.product_id is not None:
            found[line.product_id] |= 1 << at


def _note_categories(items: Sequence[Line], found: dict[str, Lines]) -> None:
    for at, line in enumerate(items):
        for category in line.category_ids:
            found[category] |= 1 << at


def _note_catalogs(items: Sequence[Line], found: dict[str, Lines]) -> None:
    for at, line in enumerate(items):
        if line.catalog_id is not None and not line.custom:
            found[line.catalog_id] |= 1 << at


def _note_attributes(items: Sequence[Line], found: dict[FieldKey, Lines]) -> None:
    for at, line in enumerate(items):
        for template, fields in line.attributes.items():
            for field, value in fields.items():
                if isinstance(value, tuple):
                    for one in value:
                        found[field_key(template, field, one)] |= 1 << at
                elif value is not None:
                    found[field_key(template, field, value)] |= 1 << at


TABLES: dict[str, Callable[[Sequence[Line], dict[Any, Lines]], None]] = {
    "skus": _note_skus,
    "products": _note_products,
    "categories": _note_categories,
    "catalogs": _note_catalogs,
    "attributes": _note_attributes,
}
"""What lines are found by: fills a table that begins with no lines for each key."""


Selector: TypeAlias = Callable[[RunningCart, Lines], Lines]
"""Returns those of the given lines that meet a condition."""


def _positions(lines: Lines) -> list[int]:
    found: list[int] = []
    while lines:
        lowest = lines & -lines
        found.append(lowest.bit_length() - 1)
        lines ^= lowest
    return found


def union(found: Mapping[Key, Lines], wanted: Set[Key]) -> Lines:
    """Return the lines *found* by any of the *wanted* keys, at the cost of the shorter of both."""
    lines = 0
    if len(wanted) <= len(found):
        for key in wanted:
            lines |= found.get(key, 0)
    else:
        for key, some in found.items():
            if key in wanted:
                lines |= some
    return lines
