"""Ways into the ledger: by when a use was made, by its code, by its id, and by the shopper."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Date uses alone, and create the indexes that lists of usages, and forgetting a shopper, look things up in."""
    op.execute(DATES)
    op.execute(LISTS)
    op.execute(SHOPPERS)


# A hold that was released would otherwise look like a use that was given back.
DATES = """
ALTER TABLE usages ALTER used_on DROP NOT NULL;
UPDATE usages SET used_on = NULL WHERE state = 'held';
ALTER TABLE usages ADD CHECK (state <> 'used' OR used_on IS NOT NULL);
COMMENT ON COLUMN usages.used_on IS 'None for what was never more than held.';
"""

# The case of a code is folded without a locale, so that the index is the same on every server.
LISTS = """
CREATE INDEX usages_by_use ON usages (store_id, promotion_id, used_on, id) WHERE used_on IS NOT NULL;
CREATE INDEX usages_by_spelling ON usages (store_id, promotion_id, lower(code COLLATE "C"), used_on, id)
    WHERE used_on IS NOT NULL;
CREATE INDEX usages_by_id ON usages (store_id, id);
"""

# An answer that is kept begins with the id of its redemption.
SHOPPERS = """
CREATE INDEX redemptions_by_shopper ON redemptions USING gin (shoppers);
CREATE INDEX idempotency_keys_by_redemption ON idempotency_keys (store_id, substring(answer FROM 1 FOR 44));
"""
