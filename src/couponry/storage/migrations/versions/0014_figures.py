"""What was redeemed and refused on each day, and ways to find a shopper's and an order's uses."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Note in the ledger what each use took off, create the figures of days, and reckon those of the past."""
    op.execute(LEDGER)
    op.execute(DAYS)
    op.execute(PAST)
    op.execute(REFUSALS)


LEDGER = """
ALTER TABLE usages ADD COLUMN discount bigint NOT NULL DEFAULT 0;
ALTER TABLE usages ADD COLUMN currency text NOT NULL DEFAULT 'XXX';
COMMENT ON COLUMN usages.discount IS 'What the promotion took off, in minor units of the currency.';
COMMENT ON COLUMN usages.currency IS 'XXX, which is no currency, where nobody noted it.';
"""

# Changes are only ever added, each in the transaction that changes the ledger: nobody waits for a row of a day.
DAYS = """
CREATE TABLE usage_days (
    store_id uuid NOT NULL,
    day date NOT NULL,
    promotion_id uuid NOT NULL,
    currency text COLLATE "C" NOT NULL,
    redemptions bigint NOT NULL,
    discount bigint NOT NULL,
    returned bigint NOT NULL,
    returned_discount bigint NOT NULL,
    PRIMARY KEY (store_id, day, promotion_id, currency)
);
CREATE INDEX usage_days_by_promotion ON usage_days (store_id, promotion_id, day);
COMMENT ON TABLE usage_days IS
    'What was used on each day of UTC, and how much of that was given back since. With usage_changes it is the ledger.';

CREATE TABLE usage_changes (
    store_id uuid NOT NULL,
    day date NOT NULL,
    promotion_id uuid NOT NULL,
    currency text COLLATE "C" NOT NULL,
    redemptions bigint NOT NULL,
    discount bigint NOT NULL,
    returned bigint NOT NULL,
    returned_discount bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON TABLE usage_changes IS 'What the ledger has changed since and usage_days does not have yet.';
"""

# A promotion applies once to a cart, by one code.
PAST = """
UPDATE usages SET discount = gave.discount, currency = gave.currency FROM (
    SELECT store_id, id, evaluation ->> 'currency', (one ->> 'promotion_id')::uuid, -(one ->> 'amount')::bigint
    FROM redemptions, json_array_elements(evaluation -> 'applied') AS one
    UNION ALL
    SELECT store_id, id, judged ->> 'currency', (one ->> 'promotion_id')::uuid, -(one ->> 'amount')::bigint
    FROM (SELECT store_id, id, state::json -> 'evaluation' AS judged FROM orders OFFSET 0) AS made,
        json_array_elements(judged -> 'applied') AS one
) AS gave (store_id, redemption_id, currency, promotion_id, discount)
WHERE usages.store_id = gave.store_id AND usages.redemption_id = gave.redemption_id
    AND usages.promotion_id = gave.promotion_id;

INSERT INTO usage_days
SELECT store_id, (used_on AT TIME ZONE 'UTC')::date, promotion_id, currency, count(*), sum(discount),
    count(released_at), coalesce(sum(discount) FILTER (WHERE released_at IS NOT NULL), 0)
FROM usages WHERE used_on IS NOT NULL GROUP BY 1, 2, 3, 4;
"""

REFUSALS = """
CREATE TABLE refusal_days (
    store_id uuid NOT NULL,
    day date NOT NULL,
    reason text COLLATE "C" NOT NULL,
    promotion_id uuid NOT NULL,
    attempts bigint NOT NULL,
    PRIMARY KEY (store_id, day, reason, promotion_id)
);
COMMENT ON TABLE refusal_days IS
    'How often codes were entered and gave nothing, by day of UTC and reason; no promotion is the nil id.';
"""
