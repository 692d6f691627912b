"""Judging a cart: which promotions apply, in what order, what each takes off, and why others do not.

Total and pure: a cart that was decoded gets an answer, always the same one.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET

from couponry.domain import refusals
from couponry.domain.cart import Cart
from couponry.domain.entered import EnteredCode, Grant
from couponry.domain.explanation import trace
from couponry.domain.gifts import added, suggestion
from couponry.domain.outcome import (
    AddedItem,
    Applied,
    Discount,
    Evaluation,
    JudgedLine,
    JudgedShippingGroup,
    Reason,
    Refused,
    Suggestion,
    Totals,
    Trace,
)
from couponry.domain.promotion_book import Book, Entry
from couponry.domain.running import Lines, RunningCart


def evaluate(
    cart: Cart, promotions: Book, entered: Sequence[EnteredCode], at: datetime, *, explain: bool = False
) -> Evaluation:
    """Judge *cart* by *promotions* with the codes *entered*, as of the moment *at*.

    Promotions apply one after the other, each to the prices that those before it left (behaviour.md 4.5, 4.6).
    With *explain*, automatic promotions that do not apply are named too, and each carries its trace.
    """
    judgement = _Judgement(RunningCart(cart, promotions.fields), at, explain=explain)
    grants = _by_promotion(entered, promotions)
    chosen = promotions.everything(grants) if explain else promotions.candidates(judgement.running, grants)
    for one in chosen:
        judgement.judge(one, () if one.automatic else grants[one.id])
    judgement.refused += [
        Refused(code=code.code, reason="unknown_code", detail=refusals.UNKNOWN_CODE)
        for code in entered
        if not any(_takes_codes(grant.promotion_id, promotions) for grant in code.grants)
        and not promotions.is_auto_code(code.code)
    ]
    return judgement.evaluation()


def _takes_codes(promotion_id: str, promotions: Book) -> bool:
    """Tell whether the store has the promotion, and codes of it help: those of one that became automatic are inert."""
    one = promotions.by_id.get(promotion_id)
    return one is not None and not one.automatic


def _by_promotion(entered: Sequence[EnteredCode], promotions: Book) -> dict[str, list[Grant]]:
    """Return the grants of each promotion that codes were entered for, in their order; automatic ones need none."""
    grants: dict[str, list[Grant]] = {}
    for code in entered:
        for grant in code.grants:
            one = promotions.by_id.get(grant.promotion_id)
            if one is not None and not one.automatic:
                grants.setdefault(one.id, []).append(grant)
    return grants


def _discounts(of: Sequence[object]) -> list[list[Discount]]:
    return [[] for _ in of]


class _Judgement:
    """What has been decided so far."""

    def __init__(self, running: RunningCart, at: datetime, *, explain: bool) -> None:
        self.running, self.at, self.explain = running, at, explain
        self.cart = cart = running.cart
        self.of_lines = _discounts(cart.items), self.running.left
        self.of_shipping = _discounts(cart.shipping_groups), self.running.shipping_left
        """The discounts of each, and what each still costs."""
        self.admitted: list[Entry] = []
        self.closed = False
        """Whether a promotion that does not stack was admitted, so that the next may not be."""
        self.applied: list[Applied] = []
        self.refused: list[Refused] = []
        self.added: list[AddedItem] = []
        self.suggestions: list[Suggestion] = []

    def judge(self, one: Entry, grants: Sequence[Grant]) -> None:
        """Decide on a promotion: apply it by the first of its *grants* that can be used, or say why not."""
        if not (one.enabled and one.start <= self.at < one.end) or one.currencies:
            reason = refusals.hindrance(one, self.at, self.cart.currency)
            if reason is not None:
                self._refuse(one, grants, reason)
                return
        usable = self._usable(one, grants) if grants else grants
        if grants and not usable:
            return
        running = self.running
        among = running.every if one.catalogs is None else running.among_catalogs(one.catalogs)
        if not among and running.every:
            self._refuse(one, usable, "catalog_mismatch")
            return
        told = trace(one.promotion.rule_set.rules, running, among) if self.explain else None
        matched = one.match(running, among)
        if matched is None:
            if usable or self.explain:
                self._refuse(one, usable, "rules_not_met", told)
        elif (self.closed or not one.stackable) and not self._stacks(one):
            self._refuse(one, usable, "cannot_stack", told, refusals.cannot_stack(one, self.admitted))
        else:
            offered = self._offer(one, usable, among) if one.offers else False
            self._apply(one, usable, among, matched, told, offered=offered)

    def _usable(self, one: Entry, grants: Sequence[Grant]) -> list[Grant]:
        """Return the grants that this shopper can use, and refuse the others."""
        usable: list[Grant] = []
        for grant in grants:
            reason = refusals.inadmissible(grant, self.cart.shopper)
            if reason is None:
                usable.append(grant)
            else:
                self._refuse(one, [grant], reason)
        return usable

    def _stacks(self, one: Entry) -> bool:
        return all(refusals.compatible(one, other) for other in self.admitted)

    def _apply(
        self,
        one: Entry,
        usable: Sequence[Grant],
        among: Lines,
        matched: Lines,
        told: Trace | None,
        *,
        offered: bool,
    ) -> None:
        grant = usable[0] if usable else None
        code = one.auto_code if grant is None else grant.code
        per_application = grant is not None and grant.per_application
        uses = grant.remaining if grant is not None and per_application else None
        amount, applications = 0, 0
        for take, of_cart, of_shipping in one.steps:
            taken, times = take(self.running, among, matched, uses)
            if not taken:
                continue
            discounts, left = self.of_shipping if of_shipping else self.of_lines
            self.running.ordinal = ordinal = self.running.ordinal + 1
            for at, off, units in taken:
                left[at] -= off
                amount -= off
                discounts[at].append(Discount(one.id, code, -off, ordinal, units or UNSET, of_cart))
            applications += times
            uses = None if uses is None else uses - times
            if uses == 0:
                break
        if not amount:
            self._refuse(one, usable, "no_discount", told, refusals.TARGET_MISSING if offered else None)
            return
        self.admitted.append(one)
        if not one.stackable:
            self.closed = True
        charged = applications if per_application else 1
        self.applied.append(Applied(one.id, code, one.name, amount, applications, charged, told or UNSET))
        if len(usable) > 1:
            detail = f"The promotion applied already, by the code {code}."
            self._refuse(one, usable[1:], "cannot_stack", told, detail)

    def _offer(self, one: Entry, usable: Sequence[Grant], among: Lines) -> bool:
        """Add and suggest what the promotion is off; return whether there is anything."""
        before = len(self.added) + len(self.suggestions)
        code = usable[0].code if usable else one.auto_code
        for offer in one.offers:
            gifts = added(offer, self.running, among, one.id, code) if offer.auto_add else []
            self.added += gifts
            if offer.show and not gifts:
                info = one.promotion.description or one.name
                hint = suggestion(offer, self.running, among, one.id, code, info)
                self.suggestions += [] if hint is None else [hint]
        return len(self.added) + len(self.suggestions) > before

    def _refuse(
        self, one: Entry, grants: Sequence[Grant], reason: Reason, told: Trace | None = None, detail: str | None = None
    ) -> None:
        if one.automatic and not self.explain:
            return
        for grant in grants or (None,):
            self.refused.append(
                Refused(
                    promotion_id=one.id,
                    code=one.auto_code if grant is None else grant.code,
                    reason=reason,
                    detail=detail or refusals.told(reason, one, self.cart, grant),
                    trace=told or UNSET,
                )
            )

    def evaluation(self) -> Evaluation:
        """Return the answer."""
        (line_discounts, left), (shipping_discounts, shipping_left) = self.of_lines, self.of_shipping
        items: list[JudgedLine] = []
        total = 0
        for line, after, discounts in zip(self.cart.items, left, line_discounts, strict=True):
            value = line.unit_price * line.quantity
            total += value
            items.append(JudgedLine(line.id, line.quantity, line.unit_price, value, after - value, after, discounts))
        groups = [
            JudgedShippingGroup(group.id, group.base_price, after - group.base_price, discounts)
            for group, after, discounts in zip(
                self.cart.shipping_groups, shipping_left, shipping_discounts, strict=True
            )
        ]
        # Nobody pays for a group that no line is in.
        shipping = sum(groups[at].base_price for at in self.running.shipping_groups(None)) if groups else 0
        remains = sum(left)
        return Evaluation(
            currency=self.cart.currency,
            totals=Totals(total, remains - total, remains, shipping, sum(group.discount for group in groups)),
            items=items,
            shipping_groups=groups,
            applied=self.applied,
            refused=self.refused,
            added_items=self.added,
            suggestions=self.suggestions,
        )
