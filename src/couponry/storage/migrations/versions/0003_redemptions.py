"""Redemptions, the ledger of uses, the counters of shoppers, and the answers that retries get."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables of redemptions."""
    op.execute(REDEMPTIONS)
    op.execute(SHOPPERS)
    op.execute(KEYS)


# No foreign key leads from here to stores, redemptions or codes: each row of a store would lock the store's one row
# for a moment, and uses stay on record when the code is gone. Rows that belong together are written together.
REDEMPTIONS = """
CREATE TABLE redemptions (
    store_id uuid NOT NULL,
    id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('held', 'confirmed', 'released')),
    order_id text,
    expires_at timestamptz(3) NOT NULL,
    evaluation json NOT NULL,
    shoppers bytea[] NOT NULL,
    created_by text NOT NULL,
    updated_by text NOT NULL,
    created_at timestamptz(3) NOT NULL,
    updated_at timestamptz(3) NOT NULL,
    PRIMARY KEY (store_id, id)
);
COMMENT ON COLUMN redemptions.shoppers IS
    'Keyed hashes of customer, account and e-mail address; confirming makes paying_shoppers of them.';

CREATE TYPE usage_state AS ENUM ('held', 'used', 'released');

CREATE TABLE usages (
    store_id uuid NOT NULL,
    promotion_id uuid NOT NULL,
    id uuid NOT NULL,
    redemption_id uuid NOT NULL,
    code_id uuid NOT NULL,
    state usage_state NOT NULL,
    uses integer NOT NULL CHECK (uses > 0),
    expires_at timestamptz(3) NOT NULL,
    used_on timestamptz(3) NOT NULL,
    released_at timestamptz(3),
    updated_at timestamptz(3) NOT NULL,
    anonymized boolean NOT NULL DEFAULT false,
    code text NOT NULL,
    customer_id text,
    account_id text,
    customer_email text,
    updated_by text NOT NULL,
    shoppers bytea[] NOT NULL,
    PRIMARY KEY (store_id, promotion_id, id),
    CONSTRAINT one_usage_of_a_code UNIQUE (store_id, redemption_id, promotion_id, code_id),
    CHECK ((state = 'released') = (released_at IS NOT NULL))
);
CREATE INDEX usages_by_code ON usages (store_id, promotion_id, code_id, state, expires_at);
COMMENT ON TABLE usages IS
    'The ledger: what is not released counts. A hold that expired is released when a claim needs its place.';
COMMENT ON COLUMN usages.shoppers IS 'Those whom it counts against in code_shoppers, once each.';
"""

SHOPPERS = """
CREATE TABLE code_shoppers (
    store_id uuid NOT NULL,
    promotion_id uuid NOT NULL,
    code_id uuid NOT NULL,
    shopper bytea NOT NULL,
    used integer NOT NULL CHECK (used >= 0),
    PRIMARY KEY (store_id, promotion_id, code_id, shopper)
);
COMMENT ON TABLE code_shoppers IS
    'How often a shopper has used a code that is limited for each shopper; guarded by the row of the code.';

CREATE TABLE paying_shoppers (
    store_id uuid NOT NULL,
    shopper bytea NOT NULL,
    PRIMARY KEY (store_id, shopper)
);
"""

KEYS = """
CREATE TABLE idempotency_keys (
    store_id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    request bytea NOT NULL,
    answer bytea NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    PRIMARY KEY (store_id, key)
);
COMMENT ON COLUMN idempotency_keys.request IS 'A hash of what was asked: the key with anything else is refused.';
"""
