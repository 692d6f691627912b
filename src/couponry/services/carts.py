"""Keeping carts: every change is judged, and never made to a cart that somebody else changed meanwhile."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec

from couponry.domain.cart import Shopper
from couponry.domain.cart_changes import Scene, with_codes
from couponry.domain.cart_errors import CartBusy, CodeNotApplicable, CodeNotTaken
from couponry.domain.cart_judged import Message, changed, messages, settled, verdict, why_refused
from couponry.domain.cart_settings import CartSettings
from couponry.domain.errors import Refusal
from couponry.domain.evaluation import evaluate
from couponry.domain.figures import refused_codes
from couponry.domain.outcome import AddedItem, Evaluation
from couponry.domain.promotion_book import Entry, book
from couponry.domain.redemption import shoppers_of
from couponry.domain.shopping_cart import ShoppingCart, to_judge
from couponry.services import evaluations, gifts
from couponry.services.context import fresh_id
from couponry.services.till import Till
from couponry.storage import books, carts
from couponry.storage.carts import StoredCart

ATTEMPTS = 100
"""How often a change is made anew because another process changed the cart first."""
SWEPT = 10
"""How many expired carts of a store go when a new one comes."""

MAX_OWNERS = 1_000
"""By how many owners a cart is found, those of now first: nobody makes it grow without end."""

NO_PROMOTIONS = book(())

NO_RULE_PROMOTIONS = {"reason": "no_rule_promotions", "explanation": "The cart does not take rule promotions."}
"""Why a code gives nothing to a cart that takes no discounts at all."""


class Desk(msgspec.Struct, frozen=True):
    """On whose behalf, in which store, when, and by which promotions a cart is used."""

    till: Till
    store_id: UUID
    now: datetime
    customer_id: str | None = None
    """Who shops, where the cart belongs to nobody."""
    currency: str | None = None
    """What carts are in that are in no currency yet."""
    explains: bool = False
    """Whether whoever asks may learn why a code gives nothing."""

    def scene(self, cart_id: str) -> Scene:
        """Return what a change to that cart is told."""
        return Scene(cart_id, self.now, self.currency, lambda: str(fresh_id()))


class Change(NamedTuple):
    """A cart as a request would have it, and the codes that it enters."""

    cart: ShoppingCart
    entered: tuple[str, ...] = ()
    errors: tuple[Refusal, ...] = ()
    all_or_nothing: bool = True
    """Whether a code that is refused undoes the rest."""


Apply = Callable[[ShoppingCart], Change]


class CartView(msgspec.Struct, frozen=True, kw_only=True):
    """A cart as it stands after a request, judged."""

    id: str
    cart: ShoppingCart
    evaluation: Evaluation
    messages: list[Message]
    missed: list[tuple[AddedItem, str]]
    """Gifts that are due and could not be added, each with what its promotion is about."""
    errors: list[Refusal]
    created_at: datetime
    updated_at: datetime
    expires_at: datetime


_turns: WeakValueDictionary[tuple[UUID, str], asyncio.Lock] = WeakValueDictionary()
"""Requests of this process for one cart wait here: made one after the other, none is made twice."""


def turn(desk: Desk, cart_id: str) -> asyncio.Lock:
    """Return what a request of this process holds while it changes a cart."""
    return _turns.setdefault((desk.store_id, cart_id), asyncio.Lock())


async def change(desk: Desk, cart_id: str, apply: Apply) -> CartView:
    """Change a cart, which begins empty where there is none, judge it, and keep it.

    Raises:
        CodeNotApplicable, CodeNotTaken: a code that is entered and gives nothing; and whatever *apply* raises.
    """
    async with turn(desk, cart_id):
        for _ in range(ATTEMPTS):
            stored, settings = await stored_cart(desk, cart_id)
            applied = apply(stored.cart)
            view = await _judged_anew(desk, cart_id, stored, applied)
            expires_at = desk.now + timedelta(days=settings.cart_expiry_days)
            cart = changed(view.cart, view.evaluation)
            view = msgspec.structs.replace(view, cart=cart, updated_at=desk.now, expires_at=expires_at)
            if await _kept(desk, view, stored):
                _count(desk, view.cart, view.evaluation, applied.entered)
                return view
    raise CartBusy


async def look_at(desk: Desk, cart_id: str) -> CartView:
    """Return a cart as it is judged now, made if there was none; it expires no later for it."""
    async with turn(desk, cart_id):
        for _ in range(ATTEMPTS):
            stored, _ = await stored_cart(desk, cart_id)
            view = await _judged_anew(desk, cart_id, stored, Change(stored.cart))
            if (stored.version and view.cart == stored.cart) or await _kept(desk, view, stored):
                return view
    raise CartBusy


async def delete(desk: Desk, cart_id: str) -> None:
    """Delete a cart, if there is one."""
    async with desk.till.database.transaction() as connection:
        await carts.delete(connection, desk.store_id, cart_id)


async def stored_cart(desk: Desk, cart_id: str) -> tuple[StoredCart, CartSettings]:
    """Return a cart as it is kept, of version 0 if it is not, and the settings of its store."""
    async with desk.till.database.connection() as connection:
        stored = await carts.get(connection, desk.store_id, cart_id, desk.now)
        settings = await carts.settings(connection, desk.store_id)
    if stored is None:
        until = desk.now + timedelta(days=settings.cart_expiry_days)
        stored = StoredCart(ShoppingCart(settings=settings.new_carts), 0, desk.now, desk.now, until)
    return stored, settings


async def _kept(desk: Desk, view: CartView, stored: StoredCart) -> bool:
    """Store a cart, unless somebody changed it meanwhile."""
    known = known_by(stored, owners(desk, view.cart))
    new = StoredCart(view.cart, stored.version, view.created_at, view.updated_at, view.expires_at, known)
    async with desk.till.database.transaction() as connection:
        if stored.version == 0:
            await carts.delete_expired(connection, desk.store_id, desk.now, SWEPT)
        return await carts.put(connection, desk.store_id, view.id, new)


def owners(desk: Desk, cart: ShoppingCart) -> tuple[bytes, ...]:
    """Return what all are known by whom *cart* belongs to, and who shops where it has no customer."""
    shops = Shopper(customer_id=None if cart.customers else desk.customer_id, email=cart.contact_email)
    named = [Shopper(customer_id=one) for one in cart.customers] + [Shopper(account_id=one.id) for one in cart.accounts]
    key, store_id = desk.till.shopper_key, desk.store_id
    return tuple(dict.fromkeys(known for one in (shops, *named) for known in shoppers_of(key, store_id, one)))


def known_by(stored: StoredCart, owners: Iterable[bytes]) -> tuple[bytes, ...]:
    """Return what a cart is found by that belongs to *owners* now: its earlier owners have left what it says in it."""
    return tuple(dict.fromkeys([*owners, *stored.known_by]))[:MAX_OWNERS]


async def _judged_anew(desk: Desk, cart_id: str, stored: StoredCart, change: Change) -> CartView:
    """Judge a changed cart with the codes that are entered, and settle what becomes of them."""
    scene = desk.scene(cart_id)
    untaken = _untaken(desk, change)
    entered = () if untaken else change.entered
    tried = with_codes(change.cart, entered)
    judged = await gifts.judged(tried, lambda cart: _judged(desk, cart), desk.till.database, desk.store_id, scene)
    verdicts = {code: verdict(code, judged.evaluation) for code in entered}
    refused = [
        CodeNotApplicable(code, **(why_refused(code, judged.evaluation) if desk.explains else {}))
        for code, what in verdicts.items()
        if what == "refused"
    ]
    errors: list[Refusal] = [*change.errors, *untaken, *refused]
    if errors and change.all_or_nothing:
        _count(desk, tried, judged.evaluation, entered)
        raise errors[0]
    attached = [code for code, what in verdicts.items() if what == "attached"]
    cart = msgspec.structs.replace(judged.cart, codes=with_codes(change.cart, attached).codes)
    after = settled(cart, judged.evaluation, desk.now, scene.fresh_id)
    return CartView(
        id=cart_id,
        cart=after,
        evaluation=judged.evaluation,
        messages=messages(stored.cart, after, judged.evaluation.refused, entered),
        missed=await _told(desk, [item for item, _ in judged.missed]),
        errors=errors + [refusal for _, refusal in judged.missed],
        created_at=stored.created_at,
        updated_at=stored.updated_at,
        expires_at=stored.expires_at,
    )


def _count(desk: Desk, cart: ShoppingCart, evaluation: Evaluation, entered: Sequence[str]) -> None:
    """Count those of the codes just entered that give nothing; a preview is nobody's attempt."""
    if cart.snapshot_date is None:
        desk.till.refused.count(desk.store_id, desk.now, refused_codes(evaluation, entered))


async def promotions_of(desk: Desk, promotion_ids: Iterable[str]) -> list[Entry]:
    """Return those of the named promotions that the store still has."""
    wanted = tuple(dict.fromkeys(promotion_ids))
    if not wanted:
        return []
    async with desk.till.database.connection() as connection:
        version = await books.version(connection, desk.store_id)
    known = (await desk.till.promotions.book(desk.store_id, version)).by_id
    return [known[id_] for id_ in wanted if id_ in known]


async def _told(desk: Desk, missed: Sequence[AddedItem]) -> list[tuple[AddedItem, str]]:
    known = {one.id: one.promotion for one in await promotions_of(desk, [item.promotion_id for item in missed])}
    return [(item, known[item.promotion_id].description or known[item.promotion_id].name) for item in missed]


def _untaken(desk: Desk, change: Change) -> list[Refusal]:
    """Return why the cart takes none of the codes entered, if it does not."""
    settings = change.cart.settings
    if settings.custom_discounts_enabled:
        return [CodeNotTaken.by_custom_discounts(code) for code in change.entered]
    if not settings.use_rule_promotions:
        return [CodeNotApplicable(code, **(NO_RULE_PROMOTIONS if desk.explains else {})) for code in change.entered]
    if not change.cart.lines:
        return [CodeNotTaken.by_empty_cart(code) for code in change.entered]
    return []


async def _judged(desk: Desk, cart: ShoppingCart) -> Evaluation:
    asked = to_judge(cart, desk.customer_id, desk.currency)
    at = cart.snapshot_date or desk.now
    if not cart.settings.use_rule_promotions:
        return evaluate(asked, NO_PROMOTIONS, (), at)
    shoppers = shoppers_of(desk.till.shopper_key, desk.store_id, asked.shopper)
    return await evaluations.evaluate_cart(
        desk.till.look_ups, desk.till.promotions, desk.store_id, asked, cart.codes, at=at, shoppers=shoppers
    )
