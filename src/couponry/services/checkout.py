"""Checking carts out: an order is made and every use that it takes is claimed, both or neither."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from couponry.domain.cart import Shopper
from couponry.domain.cart_errors import CartBusy, ProductMissing
from couponry.domain.cart_judged import messages, of_missed, settled
from couponry.domain.checkout import AccountMember, Checkout, CheckoutCustomer, shopper_at_checkout
from couponry.domain.codes import code_key
from couponry.domain.entered import EnteredCode
from couponry.domain.errors import Refusal
from couponry.domain.evaluation import evaluate
from couponry.domain.figures import refused_codes
from couponry.domain.ids import series
from couponry.domain.order_errors import (
    EmptyCartNotCheckedOut,
    GiftOutOfStock,
    GiftsRefused,
    PreviewNotCheckedOut,
)
from couponry.domain.orders import Order, OrderContact, OrderCustomer, Placed
from couponry.domain.outcome import Evaluation, Refused
from couponry.domain.redemption import Claim, Wanted, decide, shoppers_of
from couponry.domain.redemption_errors import CodesRefused
from couponry.domain.shopping_cart import DEFAULT_NAME, ShoppingCart, to_judge
from couponry.services import carts, evaluations, forgetting, gifts, retries
from couponry.services.carts import ATTEMPTS, NO_PROMOTIONS, Desk
from couponry.services.claiming import left, lock
from couponry.services.context import Context, fresh_id
from couponry.services.forgetting import Watch
from couponry.services.gifts import Judged
from couponry.services.redeeming import USED_UP, claims_of, refusals
from couponry.storage import carts as stored_carts
from couponry.storage import claims, idempotency, orders, usages
from couponry.storage.carts import StoredCart
from couponry.storage.database import Connection
from couponry.storage.idempotency import Answered, Key
from couponry.storage.usages import Usage


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody asks to check a cart out."""

    desk: Desk
    actor: str
    cart_id: str
    said: Checkout
    key: str | None = None
    """The same for every retry."""

    def fingerprint(self) -> bytes:
        """Return a hash of what is asked, whoever asks, and however the request spells it."""
        asked = ["checkout", self.cart_id, self.desk.customer_id, self.said]
        return hashlib.sha256(msgspec.json.encode(asked, order="deterministic")).digest()


class PlacedOrder(NamedTuple):
    """An order as it was made, and whether the request was answered before."""

    placed: Placed
    replayed: bool = False


class _Attempt(NamedTuple):
    """An order that is to be, as soon as it gets what it asks for."""

    placed: Placed
    stored: StoredCart
    """The cart as it is then kept, of the version that was judged."""
    claims: tuple[Claim, ...]
    shoppers: tuple[bytes, ...]
    named: tuple[bytes, ...]
    """What all are known by whom the order names."""
    usages: tuple[Usage, ...]
    lost: list[tuple[str, Refused]]
    """Codes that it goes on without."""


async def check_out(request: Request) -> PlacedOrder:
    """Make an order of a cart, and claim every use that it takes; the cart stays.

    A retry with the same key gets the first answer. Refusals are not remembered.

    Raises:
        EmptyCartNotCheckedOut, PreviewNotCheckedOut: the cart cannot be checked out.
        CodesRefused, GiftsRefused: a code of the cart has run out, or a gift cannot be had, and the checkout is
            strict.
        IdempotencyKeyReused: the key was sent with another request.
        CartBusy: very many requests change the cart at once.
    """
    desk, key = request.desk, None if request.key is None else Key(request.key, request.fingerprint())
    if key is not None and (answer := await retries.answered(desk.till.database, desk.store_id, key)) is not None:
        return PlacedOrder(_read(answer), replayed=True)
    watch = Watch(desk.till.database, desk.store_id)
    async with carts.turn(desk, request.cart_id):
        for _ in range(ATTEMPTS):
            try:
                attempt = await _judged(request, watch)
            except Refusal:
                if key and (answer := await retries.awaited(desk.till.database, desk.store_id, key)) is not None:
                    return PlacedOrder(_read(answer), replayed=True)
                raise
            outcome = None if attempt is None else await _try(request, attempt, key, watch)
            if key is not None and isinstance(outcome, Answered):
                return PlacedOrder(_read(retries.checked(key, outcome)), replayed=True)
            if attempt is not None and isinstance(outcome, Placed):
                desk.till.refused.count(desk.store_id, desk.now, attempt.lost)
                return PlacedOrder(outcome)
    raise CartBusy


def _read(answer: bytes) -> Placed:
    return msgspec.json.decode(answer, type=Placed)


class _Judge:
    """Judges a cart for whoever checks it out, and remembers what was known of its codes."""

    def __init__(self, desk: Desk, shopper: Shopper, shoppers: tuple[bytes, ...]) -> None:
        self.entered: list[EnteredCode] = []
        self._desk, self._shopper, self._shoppers = desk, shopper, shoppers

    async def __call__(self, cart: ShoppingCart) -> Evaluation:
        desk = self._desk
        asked = replace(to_judge(cart, currency=desk.currency), shopper=self._shopper)
        if not cart.settings.use_rule_promotions:
            return evaluate(asked, NO_PROMOTIONS, (), desk.now)
        self.entered, book = await evaluations.look_up(
            desk.till.look_ups, desk.till.promotions, desk.store_id, cart.codes, self._shoppers
        )
        return evaluate(asked, book, self.entered, desk.now)


async def _judged(request: Request, watch: Watch) -> _Attempt | None:
    """Judge the cart and return the order that is to be; None if promotions changed meanwhile.

    Raises:
        EmptyCartNotCheckedOut, PreviewNotCheckedOut: the cart cannot be checked out.
        CodesRefused, GiftsRefused: a code of the cart has run out, or a gift cannot be had, and the checkout is
            strict.
    """
    desk, said = request.desk, request.said
    stored, settings = await carts.stored_cart(desk, request.cart_id)
    if stored.cart.snapshot_date is not None:
        raise PreviewNotCheckedOut
    shopper = shopper_at_checkout(to_judge(stored.cart, desk.customer_id).shopper, said)
    shoppers = shoppers_of(desk.till.shopper_key, desk.store_id, shopper)
    named = _named(desk, shoppers, [*said.emails, stored.cart.contact_email or ""])
    await watch.over(named)
    judge = _Judge(desk, shopper, shoppers)
    scene = desk.scene(request.cart_id)
    judged = await gifts.judged(stored.cart, judge, desk.till.database, desk.store_id, scene)
    if not judged.cart.lines:
        raise EmptyCartNotCheckedOut
    strict = settings.strict_checkout or said.strict
    missed = [(item, _out_of_stock(refusal)) for item, refusal in judged.missed]
    lost = list(_lost(stored.cart, judged.evaluation, judge.entered))
    if strict and (lost or missed):
        desk.till.refused.count(desk.store_id, desk.now, lost)
        _require_all(refusals(lost), [refusal for _, refusal in missed])
    asked = await claims_of(desk.till, desk.store_id, judged.evaluation, judge.entered, shoppers)
    if asked is None:
        return None
    after = settled(judged.cart, judged.evaluation, desk.now, scene.fresh_id)
    told = [*messages(stored.cart, after, judged.evaluation.refused, stored.cart.codes), *of_missed(missed)]
    order = _order(request, judged._replace(cart=after), shopper)
    taken = tuple(_claim(claim) for claim in asked)
    return _Attempt(
        placed=Placed(order.id, order, told),
        stored=replace(stored, cart=after, known_by=carts.known_by(stored, (*named, *carts.owners(desk, after)))),
        claims=taken,
        shoppers=shoppers,
        named=named,
        usages=tuple(_usages(order, shopper, taken, request.actor)),
        lost=lost,
    )


def _named(desk: Desk, shoppers: Sequence[bytes], emails: Sequence[str]) -> tuple[bytes, ...]:
    """Return what everybody is known by whom a checkout names: its *shoppers*, and whose these addresses are."""
    others = (shoppers_of(desk.till.shopper_key, desk.store_id, Shopper(email=email)) for email in emails)
    return tuple(dict.fromkeys([*shoppers, *chain.from_iterable(others)]))


def _lost(cart: ShoppingCart, evaluation: Evaluation, entered: Sequence[EnteredCode]) -> Iterator[tuple[str, Refused]]:
    """Yield the codes that are used up, and those that gave something when the cart was last changed."""
    gave = {code_key(code) for code in cart.gave}
    for code, refused in refused_codes(evaluation, [one.code for one in entered]):
        if refused.reason in USED_UP or code_key(code) in gave:
            yield code, refused


def _out_of_stock(refusal: Refusal) -> Refusal:
    """Return why a gift cannot be had: a product that is gone is out of stock to whoever orders."""
    return GiftOutOfStock(**refusal.meta) if isinstance(refusal, ProductMissing) else refusal


def _require_all(lost: Iterable[Refusal], missed: Sequence[Refusal]) -> None:
    if codes := [*lost]:
        raise CodesRefused(*codes, *missed)
    if missed:
        raise GiftsRefused(*missed)


def _customer(said: CheckoutCustomer | None, customer_id: str | None) -> OrderCustomer | None:
    """Return who ordered, as is *said*, and for the rest as the cart has it."""
    if said is None:
        return None if customer_id is None else OrderCustomer(id=customer_id)
    return OrderCustomer(id=customer_id, email=said.email and said.email.strip(), name=said.name)


def _order(request: Request, judged: Judged, shopper: Shopper) -> Order:
    said, cart, contact = request.said, judged.cart, request.said.contact
    named = {line.id: str(fresh_id()) for line in (*cart.lines, *cart.promotion_lines)}
    return Order(
        id=fresh_id(),
        order_number=said.order_number or None,
        external_ref=said.external_ref or None,
        cart_id=request.cart_id,
        customer=_customer(said.customer, shopper.customer_id),
        account=said.account or (AccountMember(id=shopper.account_id) if shopper.account_id else None),
        contact=None
        if contact is None
        else OrderContact(email=contact.email and contact.email.strip(), name=contact.name),
        billing_address=said.billing_address,
        shipping_address=said.shipping_address,
        cart=replace(cart, name=DEFAULT_NAME, description="", contact_email=None),
        item_ids=named,
        evaluation=replace(judged.evaluation, refused=[], added_items=[], suggestions=[]),
        created_at=request.desk.now,
        updated_at=request.desk.now,
    )


def _claim(claim: Claim) -> Claim:
    """Return what an order asks of a code: an order that is not paid yet is nobody's first."""
    return replace(claim, shoppers=()) if claim.first_time else claim


def _usages(order: Order, shopper: Shopper, taken: Sequence[Claim], actor: str) -> Iterator[Usage]:
    first = series(fresh_id())  # so that they are read in the order in which promotions applied
    for at, (claim, applied) in enumerate(zip(taken, order.evaluation.applied, strict=True)):
        yield Usage(
            id=UUID(int=first + at),
            redemption_id=order.id,
            used=claim.used,
            expires_at=order.created_at,
            used_on=order.created_at,
            customer_id=shopper.customer_id,
            account_id=shopper.account_id,
            customer_email=shopper.email,
            updated_by=actor,
            shoppers=claim.shoppers,
            held=False,
            discount=-applied.amount,
            currency=order.evaluation.currency,
        )


async def _try(request: Request, attempt: _Attempt, key: Key | None, watch: Watch) -> Answered | Placed | None:
    """Claim what the order asks for and write it down; None, and nothing is changed, if somebody was faster.

    An order whose shopper is forgotten while it is made is written down as forgotten, with all that it counts.

    Locks are taken in one order, here as everywhere: shoppers, keys, carts, orders, redemptions, codes, rows of the
    ledger, paying shoppers.
    """
    desk, placed = request.desk, attempt.placed
    try:
        async with desk.till.database.transaction() as connection:
            forgotten = await watch.ended(connection)
            if key is not None and (known := await _known(connection, desk.store_id, key, placed)) is not None:
                return known
            await _place(connection, desk, attempt)
            if forgotten:
                context = Context(connection, desk.store_id, request.actor, desk.now)
                return await forgetting.forget_placed(context, placed)
    except claims.Overtaken:
        return None
    return placed


async def _known(connection: Connection, store_id: UUID, key: Key, placed: Placed) -> Answered | None:
    """Take the key; return what was answered under one that was taken before."""
    if await idempotency.take(connection, store_id, [(key, msgspec.json.encode(placed))]):
        return None
    return (await idempotency.find(connection, store_id, [key.key]))[key.key]


async def _place(connection: Connection, desk: Desk, attempt: _Attempt) -> None:
    """Write an order down with all that it takes.

    Raises:
        Overtaken: somebody has changed the cart meanwhile, or taken what is asked for.
    """
    store_id, order = desk.store_id, attempt.placed.order
    if not await stored_carts.put(connection, store_id, order.cart_id, attempt.stored):
        raise claims.Overtaken
    asked = [claim for claim in attempt.claims if claim.counted]
    standing = await lock(connection, store_id, {claim.code: claim.used.code for claim in asked})
    if decide([Wanted(attempt.claims)], await left(connection, store_id, asked, standing)) != [True]:
        raise claims.Overtaken
    first_time = any(claim.first_time for claim in asked)
    if first_time and await claims.paying(connection, store_id, attempt.shoppers):
        raise claims.Overtaken
    await claims.charge(connection, store_id, asked, standing)
    await orders.add(connection, store_id, order, attempt.shoppers, attempt.named)
    await usages.add(connection, store_id, attempt.usages)
