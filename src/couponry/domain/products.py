"""Products: as much of each as a cart, a rule set and a gift need to know."""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from couponry.domain.attributes import Word
from couponry.domain.cart import Attributes, Categories, Currency, Id, Price
from couponry.domain.errors import Fault
from couponry.domain.promotions import NO_CONTROL, Description, Moment, Name
from couponry.domain.validity import Consistent, outside

MAX_BYTES = 65_536
"""How many bytes of JSON the categories of a product take, or its attributes: a page of products stays small."""

MAX_CURRENCIES = 200

ProductId = Annotated[Id, Meta(pattern=NO_CONTROL)]
Sku = Annotated[Id, Meta(pattern=NO_CONTROL)]


class NewProduct(Consistent, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What a merchant says of a product."""

    id: ProductId
    sku: Sku | None = None
    """Unique in the store. Products that are sold only as bundles may have none."""
    name: Name
    description: Description | None = None
    prices: Annotated[dict[Currency, Price], Meta(min_length=1, max_length=MAX_CURRENCIES)]
    """What one costs, by currency: `{"USD": 1000}` is ten dollars."""
    catalog_id: Word | None = None
    category_ids: Categories = ()
    """The nodes of the product in its hierarchies, and every node above them."""
    attributes: Attributes = msgspec.field(default_factory=dict)
    """Fields by product template: `{"products(shoes)": {"brand": "EP"}}`."""

    def contradictions(self) -> Iterator[Fault]:
        """Tell of categories or attributes that are too long to be listed by the hundred."""
        for member, value in (("category_ids", self.category_ids), ("attributes", self.attributes)):
            if value and len(msgspec.json.encode(value)) > MAX_BYTES:
                yield outside("maxLength", MAX_BYTES, member)


class Product(NewProduct, frozen=True, kw_only=True):
    """A product of a store."""

    created_at: Moment
    updated_at: Moment
