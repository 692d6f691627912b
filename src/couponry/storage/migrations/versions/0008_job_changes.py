"""How often a job has changed: the mark by which whoever watches it tells an older state from a newer one."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Count the changes of jobs."""
    op.execute(CHANGES)


CHANGES = """
ALTER TABLE promotion_jobs ADD changes bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN promotion_jobs.changes IS
    'Grows with every change. Neither clocks, which differ between hosts, nor progress, which exports that start over
    begin again, say which of two states is the newer one.';
"""
