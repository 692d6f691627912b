"""Carts, each one row, and how stores keep them."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table of carts, and give stores their cart settings."""
    op.execute(CARTS)
    op.execute(SETTINGS)


# Nobody asks for a part of the state: it is kept as it was written, and compressed where it is long.
CARTS = """
CREATE TABLE carts (
    store_id uuid NOT NULL REFERENCES stores,
    id text COLLATE "C" NOT NULL,
    state text NOT NULL,
    version integer NOT NULL,
    created_at timestamptz(3) NOT NULL,
    updated_at timestamptz(3) NOT NULL,
    expires_at timestamptz(3) NOT NULL,
    PRIMARY KEY (store_id, id)
);
CREATE INDEX carts_by_expiry ON carts (store_id, expires_at);
COMMENT ON COLUMN carts.state IS 'JSON: see ShoppingCart.';
COMMENT ON COLUMN carts.version IS 'Counts the changes: one that was made to an older version is not stored.';
"""

SETTINGS = """
ALTER TABLE stores ADD COLUMN cart_settings json NOT NULL DEFAULT '{}';
"""
