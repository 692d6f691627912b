"""Products, which are ours: as much of them as carts, rule sets and gifts need."""

from typing import Any
from urllib.parse import unquote

import msgspec
from litestar import Request, Response, Router, delete, get, put

from couponry.api import aliases
from couponry.api.answers import ProductAnswer, ProductResource, ResourceMeta, StoredProducts, Timestamps
from couponry.api.auth import require_merchant, require_token
from couponry.api.documents import ProductsDocument, decode
from couponry.api.listing import filter_asked, list_document, page_asked
from couponry.api.state import context_of
from couponry.api.wire import json_answer, json_body, moment, no_content
from couponry.domain.product_errors import ProductNotFound
from couponry.domain.products import NewProduct, Product, ProductId
from couponry.services import products

PREFIX = "/v2/products"


@put("/", operation_id="putProducts", guards=[require_merchant])
async def put_products(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Store up to 1,000 products, all or none of them."""
    new = decode(await json_body(request), ProductsDocument, aliases.PRODUCTS).data
    async with context_of(request) as context:
        stored = await products.put_products(context, new)
    return json_answer(StoredProducts([product_document(product) for product in stored]))


@get("/", operation_id="getProducts", guards=[require_token])
async def list_products(request: Request[Any, Any, Any]) -> Response[bytes]:
    """List the products of the store by id."""
    wanted, page = filter_asked(request), page_asked(request)
    async with context_of(request) as context:
        listed = await products.list_products(context, wanted, page)
    data = [product_document(product) for product in listed.rows]
    return json_answer(list_document(request, page, listed, data))


@get("/{product_id:path}", operation_id="getProduct", guards=[require_token])
async def get_product(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Get a product."""
    id_ = _id_asked(request)
    async with context_of(request) as context:
        product = await products.get_product(context, id_)
    return json_answer(ProductAnswer(product_document(product)))


@delete("/{product_id:path}", operation_id="deleteProduct", status_code=204, guards=[require_merchant])
async def delete_product(request: Request[Any, Any, Any]) -> Response[None]:
    """Delete a product for good."""
    id_ = _id_asked(request)
    async with context_of(request) as context:
        await products.delete_product(context, id_)
    return no_content()


def product_document(product: Product) -> ProductResource:
    """Return a product as it is answered."""
    said = {name: getattr(product, name) for name in NewProduct.__struct_fields__}
    timestamps = Timestamps(moment(product.created_at), moment(product.updated_at))
    return ProductResource(**said, meta=ResourceMeta(timestamps))


def _id_asked(request: Request[Any, Any, Any]) -> str:
    """Return the id that the path names, as it was sent: a decoded path has lost which slashes belong to the id.

    Raises:
        ProductNotFound: no product can have it.
    """
    sent = request.scope["raw_path"].decode("ascii", "replace")
    try:
        return msgspec.convert(unquote(sent.partition(f"{PREFIX}/")[2]), ProductId)
    except msgspec.ValidationError as error:
        raise ProductNotFound from error


router = Router(
    PREFIX,
    route_handlers=[put_products, list_products, get_product, delete_product],
    tags=["Products"],
)
