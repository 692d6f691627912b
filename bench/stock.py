"""A store's promotions and codes, stored through the API."""

from functools import cache

import msgspec

from bench import carts
from bench.rig import Rig
from couponry.domain.promotions import PromotionAttributes


@cache
def stock(here: Rig) -> None:
    """Store 50 automatic promotions and two with codes, once for each rig."""
    for promotion in carts.promotions(50):
        here.ok(here.http.post("/v2/rule-promotions", json={"data": _written(promotion)}))
    for number, promotion in enumerate(carts.promotions(2)):
        body = _written(promotion) | {"automatic": False}
        id_ = here.ok(here.http.post("/v2/rule-promotions", json={"data": body}))["data"]["id"]
        codes = {"type": "promotion_codes", "codes": [{"code": f"CODE{number}"}]}
        here.ok(here.http.post(f"/v2/rule-promotions/{id_}/codes", json={"data": codes}))


def _written(promotion: PromotionAttributes) -> dict[str, object]:
    members = msgspec.json.decode(msgspec.json.encode(promotion))
    members.pop("custom_fields")
    return {"type": "rule_promotion", **members}


@cache
def five_million_codes(here: Rig) -> str:
    """Generate five million codes, once for each rig, and return their promotion."""
    promotion = here.promotion()
    here.generate(promotion, 5_000_000, poll=0.5)
    return promotion
