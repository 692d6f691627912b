"""Lines of a file of products, and why one of them cannot be taken."""

import msgspec

from couponry.domain.products import NewProduct


class ProductLine(msgspec.Struct, frozen=True):
    """A product, and the number of the line on which it begins."""

    line: int
    product: NewProduct


class WrongLine(msgspec.Struct, frozen=True):
    """A line that is no product, or one that clashes with another."""

    line: int
    reason: str
