"""A cart while it is judged: its lines found by what they are, and what is left of each line's value.

Sets of lines are integers, bit n standing for the n-th line: union, intersection and complement cost next to
nothing however many conditions ask for them.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from typing import Any, TypeAlias, TypeVar

from couponry.domain.cart import MAX_LINES, Cart

Lines: TypeAlias = int
"""A set of lines."""
Scalar: TypeAlias = str | bool | int | float

Key = TypeVar("Key")
FieldKey: TypeAlias = tuple[str, str, str | float | tuple[bool]]
"""A product template, a field of it, and a value; a boolean stands in a tuple, as it would equal 0 or 1."""


def field_key(template: str, field: str, value: Scalar) -> FieldKey:
    """Return what a line with that *value* in that *field* is found by."""
    return template, field, (value,) if isinstance(value, bool) else value


_BITS = tuple(1 << at for at in range(MAX_LINES))


class RunningCart:
    """The cart in the state that the promotions judged so far have left."""

    __slots__ = (
        "_members",
        "assembled",
        "attributes",
        "bits",
        "by_quantity",
        "cart",
        "catalogs",
        "categories",
        "every",
        "fields",
        "left",
        "linked",
        "ordinal",
        "products",
        "quantities",
        "shipping_left",
        "skus",
    )

    skus: dict[str, Lines]
    products: dict[str, Lines]
    categories: dict[str, Lines]
    attributes: dict[FieldKey, Lines]
    catalogs: dict[str, Lines]

    def __init__(self, cart: Cart, fields: Collection[tuple[str, str]] = ()) -> None:
        self.cart, self.fields = cart, fields
        """The only fields of product templates, each with its template, that anybody will ask for."""
        self.quantities = [line.quantity for line in cart.items]
        self.by_quantity: dict[tuple[str, int, int], Lines] = {}
        """The lines found by each comparison of their quantities so far."""
        self.left = [line.unit_price * line.quantity for line in cart.items]
        """What each line still costs, in minor units."""
        self.shipping_left = [group.base_price for group in cart.shipping_groups]
        self.bits: Sequence[Lines] = _BITS[: len(cart.items)]
        """Each line as a set of itself."""
        self.every: Lines = (1 << len(cart.items)) - 1
        self.ordinal = 0
        """How many discounts have been computed."""
        self.assembled: tuple[object, Lines, int, Any] | None = None
        """The bundle that was made last: of which condition, of which lines, and before which discount."""
        self.linked: Sequence[int] | None = None
        """The positions of the shipping groups that some line is in, once anybody has asked."""
        self._members: dict[Lines, Sequence[int]] = {self.every: range(len(cart.items))}

    def __getattr__(self, table: str) -> dict[Any, Lines]:
        """Make one of the tables that lines are found in when it is first asked for."""
        if table not in TABLES:
            raise AttributeError(table)
        found = TABLES[table](self)
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
        groups = self.cart.shipping_groups
        if self.linked is None:
            ids = {line.id for line in self.cart.items}
            self.linked = [at for at, group in enumerate(groups) if not ids.isdisjoint(group.item_ids)]
        return [at for at in self.linked if types is None or groups[at].shipping_type in types]

    def among_catalogs(self, catalogs: Set[str]) -> Lines:
        """Return the lines of these catalogs; custom items are of none."""
        return union(self.catalogs, catalogs)


Selector: TypeAlias = Callable[[RunningCart, Lines], Lines]
"""Returns those of the given lines that meet a condition."""


def _note_skus(cart: RunningCart) -> dict[str, Lines]:
    return _once_each([line.sku for line in cart.cart.items], cart.bits)


def _note_products(cart: RunningCart) -> dict[str, Lines]:
    return _once_each([line.product_id for line in cart.cart.items], cart.bits)


def _once_each(names: Sequence[str | None], bits: Sequence[Lines]) -> dict[str, Lines]:
    """Return the lines of each name; quickly where every line has one of its own, as is usual."""
    named = dict(zip(names, bits, strict=True))
    if len(named) < len(names):
        for bit, name in zip(bits, names, strict=True):
            named[name] |= bit
    named.pop(None, None)
    return named  # pyright: ignore[reportReturnType] # None is gone


def _note_categories(cart: RunningCart) -> dict[str, Lines]:
    found: dict[str, Lines] = defaultdict(int)
    for bit, line in zip(cart.bits, cart.cart.items, strict=True):
        for category in line.category_ids:
            found[category] |= bit
    return dict(found)


def _note_catalogs(cart: RunningCart) -> dict[str, Lines]:
    found: dict[str, Lines] = defaultdict(int)
    for at, line in enumerate(cart.cart.items):
        if line.catalog_id is not None and not line.custom:
            found[line.catalog_id] |= 1 << at
    return dict(found)


_PLAIN: frozenset[type] = frozenset({str, int, float})
"""Types of values that are themselves what lines are found by, unlike booleans and lists."""
_NO_FIELDS: Mapping[str, Scalar | tuple[Scalar, ...]] = {}


def _note_attributes(cart: RunningCart) -> dict[FieldKey, Lines]:
    found: dict[FieldKey, Lines] = defaultdict(int)
    of_lines = [line.attributes for line in cart.cart.items]
    for template, field in cart.fields:
        plain: dict[Any, Lines] = {}  # as most are: a key is made for each value, and not for each line
        values: list[Scalar | tuple[Scalar, ...] | None] = [
            attributes.get(template, _NO_FIELDS).get(field) for attributes in of_lines
        ]
        for bit, value in zip(cart.bits, values, strict=True):
            if type(value) in _PLAIN:
                plain[value] = plain.get(value, 0) | bit
            elif value is not None:
                for one in value if isinstance(value, tuple) else (value,):
                    found[field_key(template, field, one)] |= bit
        for value, lines in plain.items():
            found[template, field, value] |= lines
    return dict(found)


TABLES: dict[str, Callable[[RunningCart], dict[Any, Lines]]] = {
    "skus": _note_skus,
    "products": _note_products,
    "categories": _note_categories,
    "catalogs": _note_catalogs,
    "attributes": _note_attributes,
}
"""What lines are found by."""


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
