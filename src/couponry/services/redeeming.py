"""Redeeming: judging a cart, and claiming every use that it takes, all at once or none."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET

from couponry.domain.audit import Action, Entry, Via
from couponry.domain.cart import Cart
from couponry.domain.codes import auto_code
from couponry.domain.entered import EnteredCode, Grant
from couponry.domain.errors import Refusal
from couponry.domain.evaluation import evaluate
from couponry.domain.figures import refused_codes
from couponry.domain.ids import series
from couponry.domain.outcome import Evaluation, Refused
from couponry.domain.redemption import Claim, Redemption, RedemptionState, Used, Wanted, claim_of, shoppers_of
from couponry.domain.redemption_errors import CodesRefused, FullyConsumed, NotApplicable
from couponry.services import audit, evaluations, retries
from couponry.services.claiming import Attempt
from couponry.services.context import fresh_id, utc_now
from couponry.services.till import Till
from couponry.storage import claims, codes
from couponry.storage.idempotency import Answered, Key
from couponry.storage.redemptions import NewRedemption
from couponry.storage.usages import Usage

USED_UP = frozenset({"code_exhausted", "shopper_exhausted"})
"""Reasons of codes that have been used as often as they may."""

TRIES = 100
"""How often a cart is judged anew because somebody else was faster."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks to redeem."""

    store_id: UUID
    actor: str
    cart: Cart
    codes: tuple[str, ...]
    explain: bool
    order_id: str | None
    state: RedemptionState
    hold_seconds: int
    strict: bool
    """Whether it is refused when a code gives nothing; otherwise it goes on without that code."""
    key: str | None
    """The same for every retry."""
    at: datetime | None = None
    """The moment at which it is judged and used, where that is not now."""
    via: Via = Via.API
    """How whoever asks came in; what is redeemed by hand is noted in the audit log."""
    request_id: str | None = None
    """What whoever asks calls the request."""

    def fingerprint(self) -> bytes:
        """Return a hash of what is asked, whoever asks, and however the request spells it."""
        cart = [getattr(self.cart, name) for name in Cart.__struct_fields__]
        how = [self.order_id, self.state, self.hold_seconds, self.strict, self.explain]
        return hashlib.sha256(msgspec.json.encode(["redeem", cart, self.codes, how], order="deterministic")).digest()


class Redeemed(NamedTuple):
    """A redemption, and whether it was answered before."""

    redemption: Redemption
    replayed: bool = False


async def redeem(till: Till, order: Order) -> Redeemed:
    """Judge a cart and claim every use that it takes, all at once or none.

    A retry with the same key gets the first answer. Refusals are not remembered.

    Raises:
        CodesRefused: one of the codes gives nothing, and the order is strict.
        IdempotencyKeyReused: the key was sent with another request.
    """
    key = None if order.key is None else Key(order.key, order.fingerprint())
    if key is not None and (answered := await retries.answered(till.database, order.store_id, key)) is not None:
        return Redeemed(_read(answered), replayed=True)
    shoppers = shoppers_of(till.shopper_key, order.store_id, order.cart.shopper)
    for _ in range(TRIES):
        judged = await _judged(till, order, shoppers)
        refused = list(refused_codes(judged.evaluation, [one.code for one in judged.entered]))
        if order.strict and refused:
            if key is not None and (answered := await retries.awaited(till.database, order.store_id, key)) is not None:
                return Redeemed(_read(answered), replayed=True)
            till.refused.count(order.store_id, judged.at, refused)
            raise CodesRefused(*refusals(refused))
        attempt = await _attempt(till, order, shoppers, key, judged)
        outcome = "refused" if attempt is None else await till.claim(order.store_id, attempt)
        if attempt is not None and outcome == "granted":
            till.refused.count(order.store_id, judged.at, refused)
            return Redeemed(_read(attempt.answer))
        if key is not None and isinstance(outcome, Answered):
            return Redeemed(_read(retries.checked(key, outcome)), replayed=True)
    raise claims.Overtaken


def _read(answer: bytes) -> Redemption:
    return msgspec.json.decode(answer, type=Redemption)


class _Judged(NamedTuple):
    """A judged cart, when it was judged, and what was known of the codes entered."""

    evaluation: Evaluation
    at: datetime
    entered: Sequence[EnteredCode]


async def _judged(till: Till, order: Order, shoppers: tuple[bytes, ...]) -> _Judged:
    entered, book = await evaluations.look_up(till.look_ups, till.promotions, order.store_id, order.codes, shoppers)
    now = order.at or utc_now()
    return _Judged(evaluate(order.cart, book, entered, now, explain=order.explain), now, entered)


async def _attempt(
    till: Till, order: Order, shoppers: tuple[bytes, ...], key: Key | None, judged: _Judged
) -> Attempt | None:
    """Return what is to be claimed for a judged cart; None if promotions changed meanwhile."""
    evaluation, now, entered = judged
    asked = await claims_of(till, order.store_id, evaluation, entered, shoppers)
    if asked is None:
        return None
    hold = order.state is RedemptionState.HELD
    redemption = NewRedemption(
        id=fresh_id(),
        state=order.state,
        order_id=order.order_id,
        expires_at=now + timedelta(seconds=order.hold_seconds if hold else 0),
        evaluation=msgspec.json.encode(evaluation),
        shoppers=shoppers,
        created_by=order.actor,
        created_at=now,
    )
    first = series(fresh_id())  # so that they are read in the order in which promotions applied
    usages = tuple(
        _usage(order, redemption, UUID(int=first + at), claim, -applied.amount)
        for at, (claim, applied) in enumerate(zip(asked, evaluation.applied, strict=True))
    )
    answer = msgspec.json.encode(_answer(redemption, asked))
    return Attempt(
        wanted=Wanted(asked, shoppers, not hold),
        redemption=redemption,
        usages=usages,
        key=key,
        answer=answer,
        noted=None if order.via is Via.API else _entry(order, redemption, asked),
    )


def refusals(refused: Iterable[tuple[str, Refused]]) -> list[Refusal]:
    """Return the refusal of each code that gave nothing."""
    return [
        (FullyConsumed if one.reason in USED_UP else NotApplicable)(one.detail, code=code, reason=one.reason)
        for code, one in refused
    ]


async def claims_of(
    till: Till,
    store_id: UUID,
    evaluation: Evaluation,
    entered: Sequence[EnteredCode],
    shoppers: tuple[bytes, ...],
) -> tuple[Claim, ...] | None:
    """Return what each promotion that applied asks of its code; None if one has no such code any more."""
    grants: dict[tuple[str, str], Grant] = {
        (grant.promotion_id, grant.code): grant for code in entered for grant in code.grants
    }
    automatic = [UUID(one.promotion_id) for one in evaluation.applied if one.code == auto_code(one.promotion_id)]
    auto_ids: dict[UUID, UUID] = {}
    if automatic:
        async with till.database.connection() as connection:
            auto_ids = await codes.auto_ids(connection, store_id, automatic)
    asked: list[Claim] = []
    for one in evaluation.applied:
        promotion_id, grant = UUID(one.promotion_id), grants.get((one.promotion_id, one.code))
        code_id = auto_ids.get(promotion_id) if promotion_id in automatic or grant is None else grant.code_id
        if code_id is None:
            return None
        used = Used(promotion_id, code_id, one.code, one.uses)
        asked.append(Claim(used) if grant is None else claim_of(grant, used, shoppers))
    return tuple(asked)


def _usage(order: Order, redemption: NewRedemption, id_: UUID, claim: Claim, discount: int) -> Usage:
    shopper = order.cart.shopper
    return Usage(
        id=id_,
        redemption_id=redemption.id,
        used=claim.used,
        expires_at=redemption.expires_at,
        used_on=redemption.created_at,
        customer_id=shopper.customer_id,
        account_id=shopper.account_id,
        customer_email=shopper.email,
        updated_by=order.actor,
        shoppers=claim.shoppers,
        held=redemption.state is RedemptionState.HELD,
        discount=discount,
        currency=order.cart.currency,
    )


def _entry(order: Order, redemption: NewRedemption, asked: Sequence[Claim]) -> Entry:
    return Entry(
        store_id=order.store_id,
        id=fresh_id(),
        at=utc_now(),
        via=order.via,
        client_id=order.actor,
        action=Action.REDEEMED,
        object_type="redemption",
        object_id=str(redemption.id),
        object_name=order.order_id,
        details=audit.entered(claim.used for claim in asked),
        request_id=order.request_id,
    )


def _answer(redemption: NewRedemption, asked: Sequence[Claim]) -> Redemption:
    return Redemption(
        id=redemption.id,
        state=redemption.state,
        expires_at=redemption.expires_at if redemption.state is RedemptionState.HELD else UNSET,
        order_id=UNSET if redemption.order_id is None else redemption.order_id,
        evaluation=msgspec.Raw(redemption.evaluation),
        uses=tuple(claim.used for claim in asked),
    )
