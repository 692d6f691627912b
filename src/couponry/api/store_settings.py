"""Settings of a store that official clients ask for."""

from typing import Any

from litestar import Response, Router, get

from couponry.api.auth import require_merchant
from couponry.api.wire import json_answer

PROMOTIONS: dict[str, Any] = {"type": "promotion_settings", "rule_promotions_preview_enabled": True}


@get("/promotions", operation_id="getPromotionSettings")
async def get_promotion_settings() -> Response[bytes]:
    """Tell that rule promotions are at hand: they always are."""
    return json_answer({"data": PROMOTIONS})


router = Router(
    "/v2/settings",
    route_handlers=[get_promotion_settings],
    guards=[require_merchant],
    tags=["Settings"],
)
