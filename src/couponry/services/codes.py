"""Creating, listing and deleting single codes."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from couponry.domain.codes import NewCode, PromotionCode, code_key, spelling_faults
from couponry.domain.errors import (
    AutomaticCodeKept,
    CodeNotFound,
    DuplicateCode,
    InvalidDocument,
    NoCodesAllowed,
    PromotionNotFound,
    TooManyCodes,
)
from couponry.domain.ids import series
from couponry.domain.listing import Filter, Listed, Page
from couponry.services.context import Context, fresh_id
from couponry.services.promotions import auto_code
from couponry.storage import code_rows, codes, promotions, stores


class CreatedCodes(msgspec.Struct, frozen=True):
    """The codes created, in the order asked for, and those that other promotions use too."""

    codes: list[PromotionCode]
    used_elsewhere: list[str]


async def create_codes(context: Context, promotion_id: UUID, new: Sequence[NewCode]) -> CreatedCodes:
    """Create all of *new*, or none (behaviour.md 2.2 gives the order of the refusals).

    Raises:
        InvalidDocument: a code that is not spelled as a code can be.
        PromotionNotFound: this store has no such promotion.
        NoCodesAllowed: the promotion is automatic.
        InvalidCode, UnsupportedConsumeUnit: limits that exclude each other.
        DuplicateCode: one exists in this promotion, or is asked for twice.
        TooManyCodes: the store limits the codes of a promotion.
    """
    if faults := list(spelling_faults([one.code for one in new], "data.codes")):
        raise InvalidDocument(*faults)
    automatic = await promotions.is_automatic(context.connection, context.store_id, promotion_id)
    if automatic is None:
        raise PromotionNotFound
    if automatic:
        raise NoCodesAllowed
    made = _made(context, new)
    await _add(context, promotion_id, made)
    elsewhere = await codes.keys_elsewhere(
        context.connection, context.store_id, promotion_id, [code_key(code.code) for code in made]
    )
    return CreatedCodes(made, [code.code for code in made if code_key(code.code) in elsewhere])


def _made(context: Context, new: Sequence[NewCode]) -> list[PromotionCode]:
    first = series(fresh_id())
    made: list[PromotionCode] = []
    for offset, one in enumerate(new):
        one.limits.refuse_contradictions(one.code)
        members = msgspec.structs.asdict(one.limits)
        made.append(PromotionCode(id=UUID(int=first + offset), code=one.code.strip(), uses=one.uses, **members))
    return made


async def _add(context: Context, promotion_id: UUID, made: Sequence[PromotionCode]) -> None:
    """Add codes sorted by key, so that two requests for the same codes never wait for each other in a circle."""
    if not made:
        return
    first = made[0].id.int
    keyed = {code_key(code.code): code for code in made}
    if len(keyed) < len(made):
        raise DuplicateCode
    rows = [(code.id.int - first, code.code, key, code) for key, code in sorted(keyed.items())]
    origin = code_rows.Origin(context.store_id, promotion_id, context.actor, context.now)
    try:
        await codes.add(context.connection, code_rows.rows(origin, first, rows))
    except UniqueViolation as error:
        raise DuplicateCode from error
    total = await codes.grow_count(context.connection, context.store_id, promotion_id, len(made))
    limit = (await stores.store_of(context.connection, context.store_id)).max_codes_per_promotion
    if limit is not None and total > limit:
        raise TooManyCodes(limit)


async def list_codes(context: Context, promotion_id: UUID, wanted: Filter, order: str | None, page: Page) -> Listed:
    """Return one page of a promotion's codes that pass *wanted*.

    Raises:
        PromotionNotFound: this store has no such promotion.
    """
    if not await promotions.exists(context.connection, context.store_id, promotion_id):
        raise PromotionNotFound
    found = await codes.page_of(context.connection, context.store_id, promotion_id, wanted, order, page)
    total, exact = await codes.total(context.connection, context.store_id, promotion_id, wanted)
    return Listed(list(found), total, exact)


async def delete_codes(context: Context, promotion_id: UUID, names: Sequence[str]) -> None:
    """Delete the codes with these names; those that do not exist are gone already.

    Raises:
        PromotionNotFound: this store has no such promotion.
        AutomaticCodeKept: one of them is the code of the automatic promotion.
    """
    keys = {code_key(name) for name in names}
    await _require_deletable(context, promotion_id, keys)
    deleted = await codes.delete_named(context.connection, context.store_id, promotion_id, sorted(keys))
    await codes.grow_count(context.connection, context.store_id, promotion_id, -deleted)


async def delete_code(context: Context, promotion_id: UUID, id_or_name: str) -> None:
    """Delete one code, named by its id or by itself.

    Raises:
        PromotionNotFound: this store has no such promotion.
        CodeNotFound: the promotion has no such code.
        AutomaticCodeKept: it is the code of the automatic promotion.
    """
    id_, key = _as_id(id_or_name), code_key(id_or_name)
    if id_ is not None:
        key = await codes.key_of(context.connection, context.store_id, promotion_id, id_) or key
    await _require_deletable(context, promotion_id, {key})
    deleted = await codes.delete_named(context.connection, context.store_id, promotion_id, [key])
    if not deleted:
        raise CodeNotFound
    await codes.grow_count(context.connection, context.store_id, promotion_id, -deleted)


async def _require_deletable(context: Context, promotion_id: UUID, keys: set[str]) -> None:
    automatic = await promotions.is_automatic(context.connection, context.store_id, promotion_id)
    if automatic is None:
        raise PromotionNotFound
    if automatic and code_key(auto_code(promotion_id)) in keys:
        raise AutomaticCodeKept


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
