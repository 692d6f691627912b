"""How Alembic runs: on the connection that `storage/migrate.py` hands it, inside its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
