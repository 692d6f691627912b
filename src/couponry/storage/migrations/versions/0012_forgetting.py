"""Finding all that is to be forgotten of a shopper, and orders by any attribute, whatever is known of the tables."""

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Let orders be found by everybody whom they name, note who was forgotten, and add what lists of orders lack."""
    op.execute(NAMED)
    op.execute(FORGOTTEN)
    op.execute(ANSWERS)
    op.execute(LISTS)
    op.execute(STORES)


NAMED = """
ALTER TABLE orders ADD COLUMN named bytea[];
UPDATE orders SET named = shoppers;
ALTER TABLE orders ALTER named SET NOT NULL;
DROP INDEX orders_by_shopper;
CREATE INDEX orders_by_named ON orders USING gin (named);
COMMENT ON COLUMN orders.named IS 'Keyed hashes of all whom it names: who made it, and every address in it.';
COMMENT ON COLUMN carts.shoppers IS 'Keyed hashes of all whom it has belonged to.';
"""

FORGOTTEN = """
CREATE TABLE forgotten_shoppers (
    store_id uuid NOT NULL,
    shopper bytea NOT NULL,
    times integer NOT NULL,
    PRIMARY KEY (store_id, shopper)
);
COMMENT ON TABLE forgotten_shoppers IS 'An order that was begun before its shopper was forgotten finds another number.';
"""

# What is kept for retries of payments begins with the id of the order, so that it is found when that is forgotten.
ANSWERS = """
UPDATE idempotency_keys SET answer = convert_to('{"id":"' || (told #>> '{relationships,order,data,id}')
    || '","transaction":' || json_strip_nulls(json_build_object(
        'id', told -> 'id', 'type', told -> 'transaction_type', 'status', told -> 'status', 'amount', told -> 'amount',
        'refunded', told -> 'refunded_amount', 'name', told -> 'name', 'custom_reference', told -> 'custom_reference',
        'created_at', told #> '{meta,timestamps,created_at}', 'updated_at', told #> '{meta,timestamps,updated_at}'
    )) || ',"currency":' || (told -> 'currency') || '}', 'UTF8')
FROM (
    SELECT store_id AS store, key AS name, convert_from(answer, 'UTF8')::json -> 'data' AS told
    FROM idempotency_keys WHERE substring(answer FROM 1 FOR 29) = convert_to('{"data":{"type":"transaction"', 'UTF8')
) AS paid WHERE store_id = store AND key = paid.name;
"""

# Names of any language are compared byte by byte, so that a list can be asked for how they begin.
LISTS = """
CREATE INDEX orders_by_name ON orders (store_id, name text_pattern_ops, created_at, id) WHERE name IS NOT NULL;
CREATE INDEX orders_by_member ON orders (store_id, account_member_id, created_at, id)
    WHERE account_member_id IS NOT NULL;
CREATE INDEX orders_by_contact_name ON orders (store_id, contact_name text_pattern_ops, created_at, id)
    WHERE contact_name IS NOT NULL;
CREATE INDEX orders_by_contact_email ON orders (store_id, lower(contact_email), created_at, id)
    WHERE contact_email IS NOT NULL;
CREATE INDEX orders_by_shipping_postcode ON orders (store_id, shipping_postcode text_pattern_ops, created_at, id)
    WHERE shipping_postcode IS NOT NULL;
CREATE INDEX orders_by_billing_postcode ON orders (store_id, billing_postcode text_pattern_ops, created_at, id)
    WHERE billing_postcode IS NOT NULL;
CREATE INDEX orders_by_currency ON orders (store_id, currency, created_at, id);
CREATE INDEX orders_by_total_without_tax ON orders (store_id, without_tax, created_at, id);
CREATE INDEX orders_by_change ON orders (store_id, updated_at, id);
"""

# Ids belong to one store, so its name finds nothing more. Told otherwise by thousands of tiny stores, PostgreSQL reads
# all that a large one has, by whichever index that begins with the store is the smallest.
STORES = """
ALTER TABLE usages ALTER store_id SET (n_distinct = 1);
ALTER TABLE idempotency_keys ALTER store_id SET (n_distinct = 1);
ALTER TABLE carts ALTER store_id SET (n_distinct = 1);
ANALYZE usages, idempotency_keys, carts;
"""
