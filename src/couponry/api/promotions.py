"""Rule promotions (behaviour.md 1.1)."""

from typing import Any

from litestar import Request, Response, Router, delete, get, post, put
from litestar.params import FromPath

from couponry.api.auth import require_merchant
from couponry.api.documents import amend_promotion, decode_promotion, promotion_document
from couponry.api.listing import filter_asked, list_document, page_asked
from couponry.api.state import context_of
from couponry.api.wire import id_in_path, json_answer, json_body, no_content
from couponry.domain.promotion_errors import PromotionNotFound
from couponry.services import promotions


@post("/", operation_id="createRulePromotion")
async def create_promotion(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Create a rule promotion."""
    attributes = decode_promotion(await json_body(request))
    async with context_of(request) as context:
        promotion = await promotions.create_promotion(context, attributes)
    return json_answer({"data": promotion_document(promotion)}, 201)


@get("/", operation_id="getRulePromotions")
async def list_promotions(request: Request[Any, Any, Any]) -> Response[bytes]:
    """List the rule promotions of the store, newest first."""
    wanted, page = filter_asked(request), page_asked(request)
    async with context_of(request) as context:
        listed = await promotions.list_promotions(context, wanted, page)
    data = [promotion_document(promotion) for promotion in listed.rows]
    return json_answer(list_document(request, page, listed, data))


@get("/{promotion_id:str}", operation_id="getRulePromotionById")
async def get_promotion(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Get a rule promotion."""
    id_ = id_in_path(promotion_id, PromotionNotFound)
    async with context_of(request) as context:
        promotion = await promotions.get_promotion(context, id_)
    return json_answer({"data": promotion_document(promotion)})


@put("/{promotion_id:str}", operation_id="updateRulePromotion")
async def update_promotion(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Change those members of a rule promotion that are sent; the others stay as they are."""
    amend = amend_promotion(await json_body(request))
    id_ = id_in_path(promotion_id, PromotionNotFound)
    async with context_of(request) as context:
        promotion = await promotions.update_promotion(context, id_, amend)
    return json_answer({"data": promotion_document(promotion)})


@delete("/{promotion_id:str}", operation_id="deleteRulePromotion", status_code=204)
async def delete_promotion(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[None]:
    """Delete a rule promotion and its codes, for good."""
    id_ = id_in_path(promotion_id, PromotionNotFound)
    async with context_of(request) as context:
        await promotions.delete_promotion(context, id_)
    return no_content()


router = Router(
    "/v2/rule-promotions",
    route_handlers=[create_promotion, list_promotions, get_promotion, update_promotion, delete_promotion],
    guards=[require_merchant],
    tags=["Rule Promotions"],
)
