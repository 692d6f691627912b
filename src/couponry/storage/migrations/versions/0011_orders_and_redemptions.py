"""Ways to redemptions by order and state, to usages by their shopper, and to keys by their age."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the indexes that lists of redemptions, filters of usages, and the sweeping of keys look things up in."""
    op.execute(KEYS)
    op.execute(REDEMPTIONS)
    op.execute(USAGES)


KEYS = """
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
COMMENT ON COLUMN idempotency_keys.key IS 'As a merchant sent it; keys of shoppers begin with a line of their own.';
"""

# Ids are made in the order of time: the newest redemptions come first by them. Most are confirmed, many at once:
# the index spares them, and what is confirmed is found by its id.
REDEMPTIONS = """
CREATE INDEX redemptions_by_order ON redemptions (store_id, order_id, id) WHERE order_id IS NOT NULL;
CREATE INDEX redemptions_by_state ON redemptions (store_id, state, id) WHERE state <> 'confirmed';
"""

# As usages_by_use, but each for those of one shopper.
USAGES = """
CREATE INDEX usages_by_customer ON usages (store_id, promotion_id, customer_id, used_on, id)
    WHERE used_on IS NOT NULL AND customer_id IS NOT NULL;
CREATE INDEX usages_by_address
    ON usages (store_id, promotion_id, lower(btrim(customer_email) COLLATE "C"), used_on, id)
    WHERE used_on IS NOT NULL AND customer_email IS NOT NULL;
"""
