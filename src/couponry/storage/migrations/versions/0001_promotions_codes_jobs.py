"""Stores and their clients, promotions, codes, and the jobs that make and export them."""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    op.execute(ACCESS)
    op.execute(PROMOTIONS)
    op.execute(CODES)
    op.execute(JOBS)


ACCESS = """
CREATE TABLE signing_keys (
    purpose text PRIMARY KEY,
    key bytea NOT NULL
);

CREATE TABLE stores (
    store_id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    max_codes_per_job bigint CHECK (max_codes_per_job > 0),
    max_codes_per_promotion bigint CHECK (max_codes_per_promotion > 0),
    max_automatic_promotions integer NOT NULL CHECK (max_automatic_promotions >= 0),
    promotions_version bigint NOT NULL DEFAULT 0,
    created_at timestamptz(3) NOT NULL
);
COMMENT ON COLUMN stores.promotions_version IS
    'Grows with every change to a promotion. Taking its row first also queues those changes, one at a time.';

CREATE TABLE clients (
    store_id uuid NOT NULL REFERENCES stores,
    client_id text NOT NULL UNIQUE,
    name text NOT NULL,
    secret_hash bytea NOT NULL,
    created_at timestamptz(3) NOT NULL,
    revoked_at timestamptz(3),
    PRIMARY KEY (store_id, client_id)
);
"""

PROMOTIONS = """
CREATE TABLE promotions (
    store_id uuid NOT NULL REFERENCES stores,
    id uuid NOT NULL,
    name text NOT NULL,
    description text,
    enabled boolean NOT NULL,
    automatic boolean NOT NULL,
    priority integer,
    stackable boolean NOT NULL,
    override_stacking boolean NOT NULL,
    "start" timestamptz NOT NULL,
    "end" timestamptz NOT NULL,
    rule_set jsonb NOT NULL,
    custom_fields json NOT NULL DEFAULT '{}',
    created_by text NOT NULL,
    updated_by text NOT NULL,
    created_at timestamptz(3) NOT NULL,
    updated_at timestamptz(3) NOT NULL,
    deleted_at timestamptz(3),
    PRIMARY KEY (store_id, id),
    CHECK ("start" < "end")
);
CREATE INDEX deleted_promotions ON promotions (store_id, id) WHERE deleted_at IS NOT NULL;
COMMENT ON COLUMN promotions.deleted_at IS
    'Set when a merchant deletes the promotion: nobody sees it from then on, and a worker removes its codes.';

CREATE TABLE code_counts (
    store_id uuid NOT NULL,
    promotion_id uuid NOT NULL,
    codes bigint NOT NULL DEFAULT 0 CHECK (codes >= 0),
    PRIMARY KEY (store_id, promotion_id),
    FOREIGN KEY (store_id, promotion_id) REFERENCES promotions ON DELETE CASCADE
);
COMMENT ON TABLE code_counts IS
    'How many codes a promotion has, so that no list counts millions; kept in the transaction that changes them.';
"""

# No foreign key leads from codes to promotions: checked row by row, it slows a bulk load by a third. Whoever
# adds codes holds the promotion's row FOR SHARE instead, and promotions go after their codes (deleted_at).
CODES = """
CREATE TYPE consume_unit AS ENUM ('per_checkout', 'per_application');

CREATE TABLE promotion_codes (
    store_id uuid NOT NULL,
    promotion_id uuid NOT NULL,
    id uuid NOT NULL,
    created_at timestamptz(3) NOT NULL,
    max_uses integer CHECK (max_uses >= 0),
    used integer NOT NULL DEFAULT 0 CHECK (used >= 0 AND (max_uses IS NULL OR used <= max_uses)),
    consume_unit consume_unit,
    shopper_max_uses integer CHECK (shopper_max_uses >= 0),
    includes_guests boolean,
    is_for_new_shopper boolean,
    code text NOT NULL,
    code_key text COLLATE "C" NOT NULL,
    "user" text,
    created_by text NOT NULL,
    PRIMARY KEY (store_id, promotion_id, id),
    CONSTRAINT promotion_codes_are_unique UNIQUE (store_id, promotion_id, code_key)
);
CREATE INDEX promotion_codes_by_key ON promotion_codes (store_id, code_key);
COMMENT ON COLUMN promotion_codes.code_key IS 'The code case-folded: its identity. Beside it, as it was typed.';
"""

JOBS = """
CREATE TABLE promotion_jobs (
    store_id uuid NOT NULL,
    promotion_id uuid NOT NULL,
    id uuid NOT NULL,
    job_type text NOT NULL CHECK (job_type IN ('code_generate', 'code_export')),
    name text,
    parameters jsonb,
    status text NOT NULL CHECK (
        status IN ('pending', 'processing', 'completed', 'failed', 'cancelling', 'cancelled')
    ),
    error text,
    total bigint NOT NULL CHECK (total >= 0),
    done bigint NOT NULL DEFAULT 0 CHECK (done >= 0),
    deleted bigint,
    file text,
    created_by text NOT NULL,
    created_at timestamptz(3) NOT NULL,
    updated_at timestamptz(3) NOT NULL,
    started_at timestamptz(3),
    PRIMARY KEY (store_id, promotion_id, id),
    FOREIGN KEY (store_id, promotion_id) REFERENCES promotions ON DELETE CASCADE,
    CHECK ((status = 'failed') = (error IS NOT NULL))
);
CREATE UNIQUE INDEX one_active_job_per_promotion ON promotion_jobs (store_id, promotion_id)
    WHERE status IN ('pending', 'processing');
CREATE INDEX unfinished_jobs ON promotion_jobs (created_at)
    WHERE status IN ('pending', 'processing', 'cancelling');
COMMENT ON COLUMN promotion_jobs.done IS
    'Codes generated or exported; committed together with them, so that a job goes on exactly where it stopped.';
"""
