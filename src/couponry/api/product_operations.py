"""What the operations of products take, answer and refuse."""

from couponry.api import examples
from couponry.api.answers import (
    ProductAnswer,
    ProductList,
    StoredProducts,
)
from couponry.api.documents import ProductsDocument
from couponry.api.operation import Operation, Tag
from couponry.domain import product_errors
from couponry.storage import products

PRODUCTS = Tag(
    "Products",
    "What carts look up: prices, categories and attributes of what a shop sells. These operations are ours.",
    {
        "putProducts": Operation(
            "All of them are stored, or none. A product with an id that is stored already is replaced as a whole.",
            answer=StoredProducts,
            body=ProductsDocument,
            examples=examples.PRODUCTS,
            refuses=(product_errors.DuplicateSku("sock-red"),),
        ),
        "getProducts": Operation(
            "Shoppers may ask as well. More than ten thousand are not counted to the end.",
            answer=ProductList,
            filters=products.FILTERS,
        ),
        "getProduct": Operation(
            "Shoppers may ask as well. A `/` within an id is written as `%2F`.",
            answer=ProductAnswer,
            refuses=(product_errors.ProductNotFound(),),
        ),
        "deleteProduct": Operation("Its sku is free then.", refuses=(product_errors.ProductNotFound(),)),
    },
)
