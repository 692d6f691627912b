"""Importing what a dry run has looked at, without uploading it again."""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Let an import name the dry run whose file it takes."""
    op.execute(JOBS)


JOBS = """
ALTER TABLE promotion_jobs ADD dry_run_id uuid;
COMMENT ON COLUMN promotion_jobs.dry_run_id IS 'Of an import of what a dry run has looked at: that dry run.';
CREATE UNIQUE INDEX one_import_of_a_dry_run ON promotion_jobs (store_id, promotion_id, dry_run_id)
    WHERE dry_run_id IS NOT NULL AND status NOT IN ('failed', 'cancelled');
"""
