"""Room for the totals and the uses of the largest carts there can be."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Widen what a cart of a thousand lines of a million units can exceed."""
    op.execute("ALTER TABLE orders ALTER with_tax TYPE numeric, ALTER without_tax TYPE numeric")
    op.execute("ALTER TABLE usages ALTER uses TYPE bigint")
