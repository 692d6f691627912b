"""Importing codes from files: what was uploaded, what was refused of it, and what a dry run has seen."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Let jobs import codes."""
    op.execute(JOBS)
    op.execute(UPLOADS)
    op.execute(LINES)


JOBS = """
ALTER TABLE promotion_jobs DROP CONSTRAINT promotion_jobs_job_type_check;
ALTER TABLE promotion_jobs ADD CONSTRAINT promotion_jobs_job_type_check
    CHECK (job_type IN ('code_generate', 'code_export', 'code_import'));
ALTER TABLE promotion_jobs ADD dry_run boolean, ADD tally jsonb;
COMMENT ON COLUMN promotion_jobs.tally IS
    'Of an import: what became of the lines done, and where in the file the next one begins.';
"""

UPLOADS = """
CREATE TABLE uploads (
    store_id uuid NOT NULL,
    promotion_id uuid NOT NULL,
    job_id uuid NOT NULL,
    created_at timestamptz(3) NOT NULL,
    PRIMARY KEY (store_id, promotion_id, job_id),
    FOREIGN KEY (store_id, promotion_id) REFERENCES promotions ON DELETE CASCADE
);
COMMENT ON TABLE uploads IS
    'Files of imports: noted before the first byte comes, so that none is forgotten.';
"""

# No foreign keys: rows come by the hundred thousand, and go in the transaction that ends their job.
LINES = """
CREATE TABLE import_refusals (
    store_id uuid NOT NULL,
    promotion_id uuid NOT NULL,
    job_id uuid NOT NULL,
    line bigint NOT NULL,
    code text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (store_id, promotion_id, job_id, line)
);
COMMENT ON TABLE import_refusals IS 'The lines that an unfinished import has refused; its report is made of them.';

CREATE TABLE import_keys (
    store_id uuid NOT NULL,
    promotion_id uuid NOT NULL,
    job_id uuid NOT NULL,
    code_key text COLLATE "C" NOT NULL,
    line bigint NOT NULL,
    PRIMARY KEY (store_id, promotion_id, job_id, code_key)
);
COMMENT ON TABLE import_keys IS 'The codes that an unfinished dry run would have imported, and their lines.';
"""
