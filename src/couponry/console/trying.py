"""Trying a promotion on a cart: how it is judged, and why, while one types."""

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from couponry.api.documents import decode, decode_promotion
from couponry.api.drafts import ALIASES
from couponry.api.evaluations import CartToEvaluate, EvaluationDocument
from couponry.api.state import api_of
from couponry.console import amounts, formats
from couponry.console.cart_forms import MAX_FIELDS, MAX_LINES, Asked, Said, asked_by, is_blank, numbers, said, skus
from couponry.console.pages import fragment, json_page, page
from couponry.console.promotion_forms import Filled, document_of
from couponry.console.promotions import LIST, Overview, overview_of
from couponry.console.sample_carts import form_of_sample, priced, sample_cart
from couponry.console.verdicts import Verdict, verdicts
from couponry.console.visits import Form, context_of, form_of, session_in
from couponry.domain.errors import Fault, InvalidDocument, Refusal
from couponry.domain.listing import EVERYTHING, Page
from couponry.domain.outcome import Evaluation
from couponry.domain.products import Product
from couponry.domain.promotions import PromotionAttributes, RuleSet
from couponry.domain.redemption import shoppers_of
from couponry.services import codes, products
from couponry.services.context import Context, utc_now
from couponry.services.trying import Trial, Tried, try_cart

NEW = "new"
"""Stands in paths for the id of a promotion that is not stored yet."""
USUAL_CURRENCY = "USD"

OFFERED = 25
"""How many products are offered where a SKU is typed; every other one is found by its SKU as well."""


class Result(NamedTuple):
    """A judged cart, as a page shows it."""

    evaluation: Evaluation
    labels: dict[str, str]
    """What each line is called."""
    names: dict[str, str]
    """What each promotion is called, by id."""
    verdicts: list[Verdict]
    assumed: bool
    document: str
    """The cart, as the API takes it."""


class Typed(NamedTuple):
    """What a form describes: a cart, unless there are faults beside its fields or others."""

    said: Said
    cart: CartToEvaluate | None
    known: dict[str, str]
    faults: dict[str, str]
    others: list[str]


class Judged(NamedTuple):
    """What a form asked, and what came of it."""

    form: Form
    asked: Asked
    known: dict[str, str]
    """The names of the products on the lines, by the number of the line."""
    faults: dict[str, str]
    others: list[str]
    result: Result | None = None


class Subject(NamedTuple):
    """The promotion that is tried: as it is stored, or a draft of it."""

    promotion: PromotionAttributes
    own_id: str
    """What it is called in answers."""
    path: str
    stored: Overview | None
    draft: str
    """The draft as the wire has it; empty where what is stored is tried."""


async def _subject(context: Context, promotion_id: str, form: Form) -> Subject:
    """Return what a form tries: a promotion, or what stands in the form of one and is not saved.

    Raises:
        PromotionNotFound: this store has no such promotion, and it is no draft of a new one.
        InvalidDocument, UnprocessablePromotion: the draft is none.
    """
    draft, promotion = _draft_in(form)
    stored = None if draft and promotion_id == NEW else await overview_of(context, promotion_id)
    promotion = promotion or (stored and stored.promotion)
    assert promotion is not None
    if stored is None:
        return Subject(promotion, "draft", f"{LIST}/{NEW}", None, draft)
    return Subject(promotion, str(stored.promotion.id), stored.path, stored, draft)


def _draft_in(form: Form) -> tuple[str, PromotionAttributes | None]:
    """Return the draft that a form is or brings along, as the wire has it; its faults tell what its fields are called.

    None where it has none.
    """
    try:
        draft = document_of(form).decode() if "rule_set" in form else form.get("draft", "")
        return draft, decode_promotion(draft.encode()) if draft else None
    except InvalidDocument as refusal:
        named = Filled(form, refusal.faults).told
        raise InvalidDocument(*(Fault("invalid", told) for told in named)) from refusal


@get("/promotions/{promotion_id:str}/try")
async def show_sample(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Show a cart that makes sense for a promotion, and how it is judged."""
    code = request.query_params.get("code", "").replace("\0", "")
    return await try_page(request, promotion_id, {}, code)


@post("/promotions/{promotion_id:str}/try", status_code=200)
async def show_tried(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Show how the cart that a form describes is judged; the form of a promotion tries that, unsaved."""
    return await try_page(request, promotion_id, await form_of(request, MAX_FIELDS))


@post("/promotions/{promotion_id:str}/try/answer", status_code=200)
async def tell_tried(request: Request[Any, Any, Any], promotion_id: FromPath[str]) -> Response[bytes]:
    """Answer how the cart that a form describes is judged, for the module that shows it while one types."""
    form = await form_of(request, MAX_FIELDS)
    async with context_of(request) as context:
        subject = await _subject(context, promotion_id, form)
    judged = await _judged(request, subject, form)
    told = fragment("try_answer.html", result=judged.result, own_id=subject.own_id)
    return json_page({"html": told, "faults": judged.faults, "others": judged.others, "known": judged.known})


async def try_page(
    request: Request[Any, Any, Any], promotion_id: str, form: Form, code: str = "", refused: Sequence[str] = ()
) -> Response[bytes]:
    """Answer the page on which a form is tried: how its cart is judged, and why it was *refused* to be redeemed.

    An empty form shows a cart that makes sense, with a *code* if there is one to try.
    """
    async with context_of(request) as context:
        subject = await _subject(context, promotion_id, form)
        offered = (await products.list_products(context, EVERYTHING, Page(OFFERED))).rows
        if "currency" not in form:  # nobody has filled in a cart yet
            form = await _sample(context, subject, offered) | ({"codes": code} if code else {})
    judged = await _judged(request, subject, form)
    lines = [line for line in numbers(form) if not is_blank(form, line)] or [1]
    # One more than there are, so that a line can be added without modules.
    spare = [lines[-1] + 1] if len(lines) < MAX_LINES else []
    return page(
        request,
        "try.html",
        422 if judged.result is None or refused else 200,
        **subject._asdict(),
        **judged._asdict(),
        lines=lines,
        spare=spare,
        offered=offered,
        max_lines=MAX_LINES,
        refused=refused,
        amount_told=partial(amounts.told, form.get("currency", "").strip().upper()),
        for_amounts=amounts.for_modules(),
        once=secrets.token_urlsafe(16),
    )


async def _sample(context: Context, subject: Subject, offered: Sequence[Product]) -> Form:
    """Return the form of a cart for a promotion, with one of its codes; where any product would do, one *offered*."""
    rule_set = subject.promotion.rule_set
    cart = sample_cart(rule_set)
    spare = iter([product.sku for product in offered if product.sku is not None])
    for line in cart.lines:
        if line.is_any:
            line.sku = next(spare, "")
    currency = _currency(rule_set, offered)
    known = await products.products_by_sku(context, [line.sku for line in cart.lines if line.sku])
    prices = {sku: product.prices[currency] for sku, product in known.items() if currency in product.prices}
    form = form_of_sample(priced(cart, prices), rule_set, asked_by(rule_set)) | {"scope": "alone", "currency": currency}
    if subject.draft:
        form |= _when_it_runs(subject.promotion)
    if subject.stored is not None and not subject.promotion.automatic:
        first = await codes.list_codes(context, subject.stored.promotion.id, EVERYTHING, None, Page(1))
        form["codes"] = "".join(code.code for code in first.rows)
    return form


def _currency(rule_set: RuleSet, offered: Sequence[Product]) -> str:
    """Return a currency that the promotion has amounts in, or else the one that most products have a price in."""
    if rule_set.currencies:
        return rule_set.currencies[0].upper()
    known = Counter(currency for product in offered for currency in product.prices)
    return known.most_common(1)[0][0] if known else USUAL_CURRENCY


def _when_it_runs(promotion: PromotionAttributes) -> Form:
    """Return what makes a draft be judged as it will be: enabled, and not before its start."""
    form = {"as_enabled": "on"}
    if promotion.start > utc_now():
        form["at"] = formats.field(promotion.start + timedelta(seconds=promotion.start.microsecond > 0))
    return form


async def _judged(request: Request[Any, Any, Any], subject: Subject, form: Form) -> Judged:
    promotion = subject.promotion
    asked, typed = asked_by(promotion.rule_set), await cart_typed(request, promotion, form)
    judged = Judged(form, asked, typed.known, typed.faults, typed.others)
    if typed.cart is None:
        return judged
    # Outside of any transaction: what judges carts takes a connection of its own.
    tried = await _tried(request, subject, typed.cart, form)
    return judged._replace(result=_result(typed.said, tried, subject.own_id, typed.known))


async def cart_typed(request: Request[Any, Any, Any], promotion: PromotionAttributes, form: Form) -> Typed:
    """Return the cart that a form describes, or what is wrong with it."""
    async with context_of(request) as context:
        found = await products.products_by_sku(context, skus(form))
    typed = said(form, asked_by(promotion.rule_set), found)
    known = {
        str(line): found[sku].name for line in numbers(form) if (sku := form.get(f"sku-{line}", "").strip()) in found
    }
    try:
        cart = decode(msgspec.json.encode({"data": typed.document}), EvaluationDocument, ALIASES).data
    except InvalidDocument as refusal:
        beside, others = typed.told(refusal.faults, form)
        return Typed(typed, None, known, beside, others)
    except Refusal as refusal:
        return Typed(typed, None, known, {}, [refusal.detail or refusal.title])
    return Typed(typed, cart, known, {}, [])


async def _tried(request: Request[Any, Any, Any], subject: Subject, cart: CartToEvaluate, form: Form) -> Tried:
    session, api = session_in(request), api_of(request)
    assert session is not None
    trial = Trial(
        promotion_id=subject.own_id,
        draft=subject.promotion if subject.draft else None,
        cart=cart,
        codes=cart.codes,
        shoppers=shoppers_of(api.keys.shoppers, session.store_id, cart.shopper),
        at=cart.at or utc_now(),
        alone=form.get("scope") != "all",
        as_enabled="as_enabled" in form,
    )
    return await try_cart(api.till.look_ups, api.promotions, session.store_id, trial)


def _result(typed: Said, tried: Tried, own_id: str, known: Mapping[str, str]) -> Result:
    items: list[dict[str, Any]] = typed.document["items"]
    labels = {
        item["id"]: known.get(str(line)) or item.get("sku") or item.get("product_id") or f"Line {line}"
        for item, line in zip(items, typed.lines, strict=True)
    }
    names = {id_: one.name for id_, one in tried.promotions.items()}
    document = msgspec.json.format(msgspec.json.encode({"data": typed.document}), indent=2).decode()
    told = verdicts(tried, own_id, labels)
    return Result(tried.evaluation, labels, names, told, tried.assumed, document)


handlers = [show_sample, show_tried, tell_tried]
