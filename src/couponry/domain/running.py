"""A cart while it is judged: its lines found by what they are, and what is left of each line's value.

Sets of lines are integers, bit n standing for the n-th line: union, intersection and complement cost next to
nothing however many conditions ask for them.
"""

from collections.abc import Mapping, Sequence, Set
from typing import TypeAlias, TypeVar

from couponry.domain.cart import Cart, Line, ProductField

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

    __slots__ = (
        "_members",
        "attributes",
        "cart",
        "catalogs",
        "categories",
        "every",
        "left",
        "products",
        "quantities",
        "shipping_left",
        "skus",
    )

    def __init__(self, cart: Cart) -> None:
        self.cart = cart
        self.quantities = [line.quantity for line in cart.items]
        self.left = [line.unit_price * line.quantity for line in cart.items]
        """What each line still costs, in minor units."""
        self.shipping_left = [group.base_price for group in cart.shipping_groups]
        self.every: Lines = (1 << len(cart.items)) - 1
        self.skus: dict[str, Lines] = {}
        self.products: dict[str, Lines] = {}
        self.categories: dict[str, Lines] = {}
        self.attributes: dict[FieldKey, Lines] = {}
        self.catalogs: dict[str, Lines] = {}
        self._members: dict[Lines, Sequence[int]] = {self.every: range(len(cart.items))}
        bit = 1
        for line in cart.items:
            self._note(line, bit)
            bit <<= 1

    def _note(self, line: Line, bit: Lines) -> None:
        if line.sku is not None:
            self.skus[line.sku] = self.skus.get(line.sku, 0) | bit
        if line.product_id is not None:
            self.products[line.product_id] = self.products.get(line.product_id, 0) | bit
        if line.catalog_id is not None and not line.custom:
            self.catalogs[line.catalog_id] = self.catalogs.get(line.catalog_id, 0) | bit
        for category in line.category_ids:
            self.categories[category] = self.categories.get(category, 0) | bit
        if line.attributes:
            self._note_fields(line.attributes, bit)

    def _note_fields(self, attributes: Mapping[str, Mapping[str, ProductField]], bit: Lines) -> None:
        known = self.attributes
        for template, fields in attributes.items():
            for field, values in fields.items():
                for value in values if isinstance(values, tuple) else (values,):
                    if value is not None:
                        key = field_key(template, field, value)
                        known[key] = known.get(key, 0) | bit

    def members(self, lines: Lines) -> Sequence[int]:
        """Return the positions of *lines* in the cart, in its order."""
        known = self._members.get(lines)
        if known is None:
            known = self._members[lines] = [at for at in range(lines.bit_length()) if lines >> at & 1]
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
