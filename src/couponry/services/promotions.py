"""Creating, changing and deleting promotions."""

from collections.abc import Callable
from uuid import UUID

import msgspec

from couponry.domain.audit import Action, changes
from couponry.domain.codes import CodeLimits, auto_code, code_key
from couponry.domain.ids import series
from couponry.domain.listing import Filter, Listed, Page
from couponry.domain.promotion_errors import DuplicatePriority, PromotionNotFound, TooManyAutomaticPromotions
from couponry.domain.promotions import Promotion, PromotionAttributes
from couponry.services import audit
from couponry.services.context import Context, fresh_id
from couponry.storage import code_rows, codes, jobs, promotions, queue, stores


async def create_promotion(context: Context, attributes: PromotionAttributes) -> Promotion:
    """Create a promotion.

    Raises:
        TooManyAutomaticPromotions, DuplicatePriority: the store's limits.
    """
    await stores.queue_promotion_change(context.connection, context.store_id)
    promotion = Promotion(
        **msgspec.structs.asdict(attributes),
        id=fresh_id(),
        store_id=context.store_id,
        created_by=context.actor,
        updated_by=context.actor,
        created_at=context.now,
        updated_at=context.now,
    )
    if promotion.automatic and await _automatic_is_full(context, promotion):
        raise TooManyAutomaticPromotions.on_create(await _automatic_limit(context))
    await _require_free_priority(context, promotion)
    await promotions.add(context.connection, promotion)
    if promotion.automatic:
        await _add_auto_code(context, promotion.id)
    await audit.note(context, Action.PROMOTION_CREATED, audit.promotion(promotion.id, promotion.name))
    return promotion


async def get_promotion(context: Context, id_: UUID) -> Promotion:
    """Return a promotion.

    Raises:
        PromotionNotFound: this store has none with that id.
    """
    promotion = await promotions.get(context.connection, context.store_id, id_)
    if promotion is None:
        raise PromotionNotFound
    return promotion


async def list_promotions(context: Context, wanted: Filter, page: Page) -> Listed[Promotion]:
    """Return one page of the store's promotions that pass *wanted*, newest first."""
    found = await promotions.page_of(context.connection, context.store_id, wanted, page)
    return Listed(found, await promotions.total(context.connection, context.store_id, wanted))


async def update_promotion(
    context: Context, id_: UUID, amend: Callable[[PromotionAttributes], PromotionAttributes]
) -> Promotion:
    """Change a promotion to what *amend* makes of it; of two changes at once, neither is lost.

    Raises:
        PromotionNotFound: this store has none with that id.
        TooManyAutomaticPromotions, DuplicatePriority: the store's limits.
    """
    await stores.queue_promotion_change(context.connection, context.store_id)
    before = await promotions.get(context.connection, context.store_id, id_, lock=True)
    if before is None:
        raise PromotionNotFound
    promotion = msgspec.structs.replace(
        before,
        **msgspec.structs.asdict(amend(before)),
        updated_by=context.actor,
        updated_at=context.now,
    )
    await _require_room_for_automatic(context, before, promotion)
    await _require_free_priority(context, promotion)
    await promotions.change(context.connection, promotion)
    await _switch_auto_code(context, before, promotion)
    await _note_changes(context, before, promotion)
    return promotion


async def delete_promotion(context: Context, id_: UUID) -> None:
    """Delete a promotion for good: it is gone at once, and a worker removes its codes, however many.

    Raises:
        PromotionNotFound: this store has none with that id.
    """
    await stores.queue_promotion_change(context.connection, context.store_id)
    if not await promotions.mark_deleted(context.connection, context.store_id, id_, context.now):
        raise PromotionNotFound
    await jobs.cancel_all(context.connection, context.store_id, id_, context.now)
    await queue.deliver_purge(context.connection, context.store_id, id_)
    await audit.note(context, Action.PROMOTION_DELETED, audit.promotion(id_))


async def _note_changes(context: Context, before: Promotion, after: Promotion) -> None:
    changed = changes(before, after, besides=("updated_by", "updated_at"))
    if not changed:
        return
    action = Action.PROMOTION_CHANGED
    if set(changed) == {"enabled"}:
        action = Action.PROMOTION_ENABLED if after.enabled else Action.PROMOTION_DISABLED
    await audit.note(context, action, audit.promotion(after.id, after.name), changed)


def _counts_as_automatic(context: Context, promotion: PromotionAttributes) -> bool:
    return promotion.automatic and promotion.enabled and promotion.end > context.now


async def _automatic_limit(context: Context) -> int:
    return (await stores.store_of(context.connection, context.store_id)).max_automatic_promotions


async def _automatic_is_full(context: Context, promotion: Promotion) -> bool:
    if not _counts_as_automatic(context, promotion):
        return False
    others = await promotions.count_automatic(context.connection, context.store_id, context.now, besides=promotion.id)
    return others >= await _automatic_limit(context)


async def _require_room_for_automatic(context: Context, before: Promotion, after: Promotion) -> None:
    if not _counts_as_automatic(context, before) and await _automatic_is_full(context, after):
        raise TooManyAutomaticPromotions.on_update(await _automatic_limit(context))


async def _require_free_priority(context: Context, promotion: Promotion) -> None:
    if promotion.priority is None or not promotion.enabled or promotion.end <= context.now:
        return
    if await promotions.priority_taken(
        context.connection, context.store_id, promotion.priority, context.now, besides=promotion.id
    ):
        raise DuplicatePriority


async def _switch_auto_code(context: Context, before: Promotion, after: Promotion) -> None:
    if after.automatic and not before.automatic:
        await _add_auto_code(context, after.id)
    if before.automatic and not after.automatic:
        deleted = await codes.delete_named(
            context.connection, context.store_id, after.id, [code_key(auto_code(after.id))]
        )
        await codes.grow_count(context.connection, context.store_id, after.id, -len(deleted))


async def _add_auto_code(context: Context, promotion_id: UUID) -> None:
    origin = code_rows.Origin(context.store_id, promotion_id, context.actor, context.now)
    code = auto_code(promotion_id)
    rows = code_rows.rows(origin, series(fresh_id()), [(0, code, code_key(code), CodeLimits())])
    await codes.add(context.connection, b"".join(rows))
    await codes.grow_count(context.connection, context.store_id, promotion_id, 1)
