"""Who is signed in to the console, and who has tried to be."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the tables of the console's door."""
    op.execute(SESSIONS)
    op.execute(TRIES)


SESSIONS = """
CREATE TABLE console_sessions (
    id bytea PRIMARY KEY,
    store_id uuid NOT NULL,
    client_id text NOT NULL,
    expires_at timestamptz(3) NOT NULL,
    FOREIGN KEY (store_id, client_id) REFERENCES clients
);
CREATE INDEX console_sessions_by_end ON console_sessions (expires_at);
COMMENT ON COLUMN console_sessions.id IS 'A hash of what the cookie says: who reads the table cannot sign in with it.';
"""

TRIES = """
CREATE TABLE sign_in_tries (
    who bytea PRIMARY KEY,
    tries integer NOT NULL,
    last_try timestamptz(3) NOT NULL
);
CREATE INDEX sign_in_tries_by_age ON sign_in_tries (last_try);
COMMENT ON TABLE sign_in_tries IS
    'Tries to sign in that have not succeeded, by a hash of the client id or the address; forgotten within hours.';
"""
