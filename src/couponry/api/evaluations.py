"""Judging carts: who gets what off, and why not."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, Router, post
from msgspec import Meta

from couponry.api.answers import EvaluationAnswer
from couponry.api.auth import require_token
from couponry.api.documents import decode
from couponry.api.drafts import ALIASES, Drafts, draft_faults, drafts_said, work_faults
from couponry.api.state import api_of
from couponry.api.wire import json_answer, json_body
from couponry.domain.cart import Cart
from couponry.domain.errors import Fault, Forbidden
from couponry.domain.figures import refused_codes
from couponry.domain.outcome import Evaluation
from couponry.domain.promotions import Moment
from couponry.domain.redemption import shoppers_of
from couponry.domain.validity import outside
from couponry.services import evaluations
from couponry.services.access import Token
from couponry.services.context import utc_now

MAX_CODES = 100
"""The most codes that a cart is judged with."""


class CartToEvaluate(Cart, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A cart, the codes that were entered, and what to judge it by."""

    type: Literal["evaluation"]
    codes: Annotated[tuple[str, ...], Meta(max_length=MAX_CODES)] = ()
    """The codes as they were entered. Case does not matter, nor does it to enter one twice."""
    at: Moment | None = None
    """The moment at which to judge, instead of now. Merchants only."""
    explain: bool = False
    """Whether to tell of each condition what was found, and of automatic promotions that do not apply."""
    promotions: Drafts | None = None
    """Drafts of promotions to judge by, instead of those of the store. Merchants only."""

    def contradictions(self) -> Iterator[Fault]:
        """Tell of a moment outside UTC, and of drafts that cannot be told apart."""
        yield from super().contradictions()
        if self.at is not None and self.at.utcoffset() != timedelta(0):
            yield outside("format", "date-time", "at")
        yield from draft_faults(self.promotions or ())
        yield from work_faults(self.promotions or (), len(self.items), explain=self.explain)


class EvaluationDocument(msgspec.Struct, frozen=True):
    """The body that asks how a cart is judged."""

    data: CartToEvaluate


@post("/", operation_id="evaluateCart", status_code=200)
async def evaluate_cart(request: Request[Any, Token, Any]) -> Response[bytes]:
    """Judge a cart: every discount, and why a promotion or a code gives none."""
    asked = decode(await json_body(request), EvaluationDocument, ALIASES).data
    if request.auth.grant == "client_credentials":
        return json_answer(EvaluationAnswer(await _judged(request, asked, explain=asked.explain)))
    if not (asked.at is asked.promotions is None):
        raise Forbidden
    judged = await _judged(request, asked, explain=False)
    return json_answer(EvaluationAnswer(evaluations.for_shopper(judged, asked.codes)))


async def _judged(request: Request[Any, Token, Any], asked: CartToEvaluate, *, explain: bool) -> Evaluation:
    at = asked.at or utc_now()
    if asked.promotions is not None:
        return evaluations.evaluate_drafts(asked, drafts_said(asked.promotions), asked.codes, at=at, explain=explain)
    api, store_id = api_of(request), request.auth.store_id
    known_by = shoppers_of(api.keys.shoppers, store_id, asked.shopper)
    judged = await evaluations.evaluate_cart(
        api.till.look_ups, api.promotions, store_id, asked, asked.codes, at=at, explain=explain, shoppers=known_by
    )
    # Who asks of another moment, for reasons, or of no cart wants to know and has nothing to buy.
    if asked.items and asked.at is None and not explain:
        api.till.refused.count(store_id, at, refused_codes(judged, asked.codes))
    return judged


router = Router(
    "/v2/rule-promotions/evaluations",
    route_handlers=[evaluate_cart],
    guards=[require_token],
    tags=["Evaluations"],
)
