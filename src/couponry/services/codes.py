"""Creating, listing and deleting single codes."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec
from psycopg.errors import UniqueViolation

from couponry.domain.audit import Action, Entry
from couponry.domain.code_errors import AutomaticCodeKept, CodeNotFound, DuplicateCode, NoCodesAllowed, TooManyCodes
from couponry.domain.codes import (
    MAX_CODE_CHARACTERS,
    CodeLimits,
    NewCode,
    PromotionCode,
    auto_code,
    code_key,
    code_keys,
    spelling_faults,
)
from couponry.domain.errors import Fault, InvalidDocument
from couponry.domain.ids import ids_in_series, series
from couponry.domain.listing import Comparison, Filter, Listed, Page
from couponry.domain.promotion_errors import PromotionNotFound
from couponry.services import audit
from couponry.services.context import Context, fresh_id
from couponry.storage import code_rows, codes, promotions

MAX_FAULTS = 1000
"""No request is so wrong that naming more would help."""


class CreatedCodes(msgspec.Struct, frozen=True):
    """What became of the codes asked for, in their order: ids, spellings, and those that other promotions use too."""

    ids: list[UUID]
    spelled: list[str]
    used_elsewhere: list[str]


async def create_codes(context: Context, promotion_id: UUID, new: Sequence[NewCode]) -> CreatedCodes:
    """Create all of *new*, or none; raises what `creating_codes` raises."""
    async with creating_codes(context, promotion_id, new) as created:
        pass
    return created


@asynccontextmanager
async def creating_codes(context: Context, promotion_id: UUID, new: Sequence[NewCode]) -> AsyncGenerator[CreatedCodes]:
    """Create all of *new*, or none (behaviour.md 2.2 gives the order of the refusals).

    The block runs while PostgreSQL takes them in, so that the answer is written meanwhile; they are created
    when it has ended without one of these:

    Raises:
        InvalidDocument: a code that is not spelled as a code can be.
        PromotionNotFound: this store has no such promotion.
        NoCodesAllowed: the promotion is automatic.
        InvalidCode, UnsupportedConsumeUnit: limits that exclude each other.
        DuplicateCode: one exists in this promotion, is asked for twice, or stands for the promotion itself.
        TooManyCodes: the store limits the codes of a promotion.
    """
    # PostgreSQL looks while the codes are made ready.
    noted = _noted(context, promotion_id, new)
    standing = promotions.standing(context.connection, context.store_id, promotion_id, noted)
    promotion, ready = await asyncio.gather(standing, _made_ready(new))
    if ready.faults:
        raise InvalidDocument(*ready.faults)
    if promotion is None:
        raise PromotionNotFound
    if promotion.automatic:
        raise NoCodesAllowed
    first, spelled, keys, limits = series(fresh_id()), ready.spelled, ready.keys, _limits_of(new)
    if len(set(keys)) < len(keys) or code_key(auto_code(promotion_id)) in keys:
        raise DuplicateCode
    # Before they are added, so that PostgreSQL does not find each of them here.
    elsewhere = set[str]()
    if not promotion.alone:
        elsewhere = await codes.keys_elsewhere(context.connection, context.store_id, promotion_id, keys)
    rows = [(at, spelled[at], keys[at], limits[at]) for at in ready.by_key]
    async with _adding(context, promotion_id, first, rows, promotion.max_codes):
        elsewhere_too = [code for code, key in zip(spelled, keys, strict=True) if key in elsewhere]
        yield CreatedCodes(ids_in_series(first, len(new)), spelled, elsewhere_too)


def _noted(context: Context, promotion_id: UUID, new: Sequence[NewCode]) -> Entry:
    """Return what the audit log is told, before anybody has looked at how the codes are spelled."""
    names = [one.code.strip()[:MAX_CODE_CHARACTERS] for one in new[: audit.NAMED + 1]]
    details: dict[str, Any] = audit.told(names) | {"count": len(new)}
    return audit.entry(context, Action.CODES_CREATED, audit.promotion(promotion_id), **details)


class _Ready(msgspec.Struct, frozen=True):
    spelled: list[str]
    faults: list[Fault]
    keys: list[str]
    by_key: list[int]
    """The places of the codes, sorted by key: so two requests for the same codes never wait in a circle."""


async def _made_ready(new: Sequence[NewCode]) -> _Ready:
    spelled = [one.code.strip() for one in new]
    faults = list(islice(spelling_faults(spelled, "data.codes"), MAX_FAULTS))
    keys = code_keys(spelled)
    return _Ready(spelled, faults, keys, sorted(range(len(keys)), key=keys.__getitem__))


def _limits_of(new: Sequence[NewCode]) -> list[CodeLimits]:
    """Return the limits of each; those that are alike, as most are, are made and judged once."""
    known: dict[tuple[object, ...], CodeLimits] = {}
    found: list[CodeLimits] = []
    for one in new:
        said = (one.uses, one.user, one.consume_unit, one.max_uses_per_shopper, one.is_for_new_shopper)
        limits = known.get(said)
        if limits is None:
            limits = known[said] = one.limits
            limits.refuse_contradictions(one.code)
        found.append(limits)
    return found


@asynccontextmanager
async def _adding(
    context: Context, promotion_id: UUID, first: int, rows: Sequence[tuple[int, str, str, CodeLimits]], most: int | None
) -> AsyncGenerator[None]:
    origin = code_rows.Origin(context.store_id, promotion_id, context.actor, context.now)
    try:
        async with codes.adding(context.connection, code_rows.rows(origin, first, rows)):
            yield
    except UniqueViolation as error:
        raise DuplicateCode from error
    if most is None:
        await codes.grow_at_last(context.connection, context.store_id, promotion_id, len(rows))
    elif await codes.grow_count(context.connection, context.store_id, promotion_id, len(rows)) > most:
        raise TooManyCodes(most)


class Taken(msgspec.Struct, frozen=True):
    """A code that cannot be added because there is one like it."""

    place: int
    """Its place among those that were asked for."""
    before: int | None
    """The place of the one like it; None where the promotion has that already."""


async def taken_of(context: Context, promotion_id: UUID, spelled: Sequence[str]) -> list[Taken]:
    """Return those of the codes that `create_codes` refuses as duplicates, in their order."""
    keys, first = code_keys([code.strip() for code in spelled]), dict[str, int]()
    twice = [Taken(place, first[key]) for place, key in enumerate(keys) if first.setdefault(key, place) != place]
    known = await codes.keys_here(context.connection, context.store_id, promotion_id, list(first))
    known.add(code_key(auto_code(promotion_id)))
    return sorted([*twice, *(Taken(first[key], None) for key in known & first.keys())], key=lambda one: one.place)


async def count_beginning(context: Context, promotion_id: UUID, start: str, most: int) -> int:
    """Return how many codes of a promotion begin with *start*, whatever their case; counting stops at *most*."""
    return await codes.count_beginning(context.connection, context.store_id, promotion_id, code_key(start), most)


async def list_codes(
    context: Context, promotion_id: UUID, wanted: Filter, order: str | None, page: Page
) -> Listed[PromotionCode]:
    """Return one page of a promotion's codes that pass *wanted*.

    Raises:
        PromotionNotFound: this store has no such promotion.
    """
    if not await promotions.exists(context.connection, context.store_id, promotion_id):
        raise PromotionNotFound
    found = await codes.page_of(context.connection, context.store_id, promotion_id, wanted, order, page)
    total, exact = await codes.total(context.connection, context.store_id, promotion_id, wanted)
    return Listed(found, total, exact)


async def get_code(context: Context, promotion_id: UUID, id_: UUID) -> PromotionCode:
    """Return a code.

    Raises:
        PromotionNotFound, CodeNotFound: this store has no such promotion, or that no such code.
    """
    key = await codes.key_of(context.connection, context.store_id, promotion_id, id_)
    wanted = Comparison("eq", "code", (key or "",))
    listed = await list_codes(context, promotion_id, wanted, None, Page(1))
    if key is None or not listed.rows:
        raise CodeNotFound
    return listed.rows[0]


async def delete_codes(context: Context, promotion_id: UUID, names: Sequence[str]) -> None:
    """Delete the codes with these names; those that do not exist are gone already.

    Raises:
        PromotionNotFound: this store has no such promotion.
        AutomaticCodeKept: one of them is the code of the automatic promotion.
    """
    keys = {code_key(name) for name in names}
    await _require_deletable(context, promotion_id, keys)
    await _delete(context, promotion_id, sorted(keys))


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
    if id_ is None and any(spelling_faults([id_or_name], "")):
        raise CodeNotFound
    if not await _delete(context, promotion_id, [key]):
        raise CodeNotFound


async def _delete(context: Context, promotion_id: UUID, keys: Sequence[str]) -> int:
    """Delete the codes with these *keys*, and return how many there were."""
    deleted = await codes.delete_named(context.connection, context.store_id, promotion_id, keys)
    if deleted:
        await codes.grow_count(context.connection, context.store_id, promotion_id, -len(deleted))
        await audit.note(context, Action.CODES_DELETED, audit.promotion(promotion_id), **audit.told(deleted))
    return len(deleted)


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
