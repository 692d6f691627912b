"""Orders, each one row, and by whom carts are looked up."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the table of orders, and the way from shoppers to their carts."""
    op.execute(ORDERS)
    op.execute(LISTS)
    op.execute(CARTS)


# The state is the truth; the columns beside it repeat what lists are filtered and sorted by.
ORDERS = """
CREATE TABLE orders (
    store_id uuid NOT NULL REFERENCES stores,
    id uuid NOT NULL,
    state text NOT NULL,
    shoppers bytea[] NOT NULL,
    status text NOT NULL,
    payment text NOT NULL,
    shipping text NOT NULL,
    currency text NOT NULL,
    with_tax bigint NOT NULL,
    without_tax bigint NOT NULL,
    order_number text COLLATE "C",
    external_ref text COLLATE "C",
    customer_id text COLLATE "C",
    name text,
    email text COLLATE "C",
    account_id text COLLATE "C",
    account_member_id text COLLATE "C",
    contact_name text,
    contact_email text COLLATE "C",
    shipping_postcode text,
    billing_postcode text,
    goods text[] COLLATE "C" NOT NULL,
    created_at timestamptz(3) NOT NULL,
    updated_at timestamptz(3) NOT NULL,
    PRIMARY KEY (store_id, id)
);
COMMENT ON COLUMN orders.state IS 'JSON: see Order.';
COMMENT ON COLUMN orders.shoppers IS
    'Keyed hashes of customer, account and e-mail address; a payment makes paying_shoppers of them.';
COMMENT ON COLUMN orders.goods IS 'product_id: and product_sku:, followed by those of each line.';
"""

LISTS = """
CREATE INDEX orders_by_creation ON orders (store_id, created_at, id);
CREATE INDEX orders_by_status ON orders (store_id, status, created_at, id);
CREATE INDEX orders_by_payment ON orders (store_id, payment, created_at, id);
CREATE INDEX orders_by_shipping ON orders (store_id, shipping, created_at, id);
CREATE INDEX orders_by_total ON orders (store_id, with_tax, created_at, id);
CREATE INDEX orders_by_customer ON orders (store_id, customer_id, created_at, id) WHERE customer_id IS NOT NULL;
CREATE INDEX orders_by_account ON orders (store_id, account_id, created_at, id) WHERE account_id IS NOT NULL;
CREATE INDEX orders_by_email ON orders (store_id, lower(email), created_at, id) WHERE email IS NOT NULL;
CREATE INDEX orders_by_number ON orders (store_id, order_number, created_at, id) WHERE order_number IS NOT NULL;
CREATE INDEX orders_by_reference ON orders (store_id, external_ref, created_at, id) WHERE external_ref IS NOT NULL;
CREATE INDEX orders_by_shopper ON orders USING gin (shoppers);
CREATE INDEX orders_by_goods ON orders USING gin (goods);
"""

# A cart that was kept before has its shoppers from its next change on.
CARTS = """
ALTER TABLE carts ADD COLUMN shoppers bytea[] NOT NULL DEFAULT '{}';
CREATE INDEX carts_by_shopper ON carts USING gin (shoppers) WHERE shoppers <> '{}';
COMMENT ON COLUMN carts.shoppers IS 'Keyed hashes of whom it belongs to.';
"""
