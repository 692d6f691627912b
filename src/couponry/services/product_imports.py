"""Importing files of products: all of a file, or nothing of it."""

from collections.abc import Iterable
from itertools import islice

import msgspec

from couponry.domain.audit import Action, Object
from couponry.domain.product_lines import ProductLine, WrongLine
from couponry.services import audit
from couponry.services.context import Context
from couponry.storage import product_imports, products
from couponry.storage.product_imports import Clash

BATCH = 1_000
"""How many lines are held in memory at a time."""

MAX_TOLD = 20
"""So many wrong lines are told; the others are counted."""


class Imported(msgspec.Struct):
    """What came of an import."""

    stored: int = 0
    wrong: int = 0
    """How many lines are wrong."""
    told: list[WrongLine] = msgspec.field(default_factory=list[WrongLine])
    """The first of them."""

    def refuse(self, wrong: WrongLine) -> None:
        """Note a wrong line."""
        self.wrong += 1
        if len(self.told) < MAX_TOLD:
            self.told.append(wrong)


async def import_products(
    context: Context, lines: Iterable[ProductLine | WrongLine], *, skip_invalid: bool
) -> Imported:
    """Store the products that *lines* hold, each in place of the one with its id.

    If any line is wrong, nothing is stored, unless wrong ones are to be skipped.
    """
    imported = Imported()
    await product_imports.begin(context.connection)
    lines = iter(lines)
    while batch := list(islice(lines, BATCH)):
        for one in batch:
            if isinstance(one, WrongLine):
                imported.refuse(one)
        taken = [one for one in batch if isinstance(one, ProductLine)]
        await product_imports.take_in(context.connection, taken)
    # Only now, so that nobody waits while the file is read.
    await products.queue_change(context.connection, context.store_id)
    while clashes := await product_imports.turn_away_clashing(context.connection, context.store_id):
        for clash in sorted(clashes, key=lambda clash: clash.line):
            imported.refuse(WrongLine(clash.line, _reason(clash)))
    if skip_invalid or not imported.wrong:
        imported.stored = await product_imports.store(context.connection, context.store_id, context.now)
        await audit.note(context, Action.PRODUCTS_STORED, Object("product"), count=imported.stored)
    return imported


def _reason(clash: Clash) -> str:
    if clash.same_id is not None:
        return f"line {clash.same_id} has the id {clash.id} already"
    if clash.same_sku is not None:
        return f"line {clash.same_sku} has the sku {clash.sku} already"
    return f"the product {clash.owner} has the sku {clash.sku} already"
