"""Who changed what, when; and of clients, who made them and when they last came."""

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create the audit log, and note more of clients."""
    op.execute(AUDIT_LOG)
    op.execute(CLIENTS)


# No foreign key: to look the store up for each entry would cost as much as the entry.
AUDIT_LOG = """
CREATE TABLE audit_log (
    store_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz(3) NOT NULL,
    via text NOT NULL,
    client_id text,
    action text NOT NULL,
    object_type text NOT NULL,
    object_id text,
    object_name text,
    details json NOT NULL,
    changes json NOT NULL,
    request_id text,
    PRIMARY KEY (store_id, at, id)
);
CREATE INDEX audit_log_by_action ON audit_log (store_id, action, at, id);
CREATE INDEX audit_log_by_client ON audit_log (store_id, client_id, at, id);
CREATE INDEX audit_log_by_client_and_action ON audit_log (store_id, client_id, action, at, id);
CREATE INDEX audit_log_by_object ON audit_log (store_id, object_id, at, id);
COMMENT ON COLUMN audit_log.client_id IS 'None for who works on the command line.';
COMMENT ON COLUMN audit_log.changes IS 'Kept as they were written: jsonb would spell 1e308 with all its digits.';
"""

CLIENTS = """
ALTER TABLE clients ADD created_by text, ADD last_used_at timestamptz(3);
COMMENT ON COLUMN clients.last_used_at IS 'To the hour, so that asking for a token seldom writes.';
CREATE INDEX console_sessions_by_client ON console_sessions (store_id, client_id);
"""
