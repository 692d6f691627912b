"""Products, as much of them as carts and rule sets look at."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table of products."""
    op.execute(PRODUCTS)


# The sku is judged when a statement has ended, not row by row: two products may so exchange theirs in one request.
# Attributes are kept as they were written: jsonb would spell 5e-324 with all its digits, a million times if asked to.
PRODUCTS = """
CREATE TABLE products (
    store_id uuid NOT NULL REFERENCES stores,
    id text COLLATE "C" NOT NULL,
    sku text COLLATE "C",
    name text NOT NULL,
    description text,
    prices jsonb NOT NULL,
    catalog_id text,
    category_ids text[] NOT NULL,
    attributes json NOT NULL,
    created_at timestamptz(3) NOT NULL,
    updated_at timestamptz(3) NOT NULL,
    PRIMARY KEY (store_id, id),
    CONSTRAINT product_skus_are_unique UNIQUE (store_id, sku) DEFERRABLE INITIALLY IMMEDIATE
);
COMMENT ON COLUMN products.prices IS 'Minor units by currency.';
COMMENT ON COLUMN products.category_ids IS 'The nodes of the product, and every node above them.';
"""
