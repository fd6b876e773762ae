"""Run by Alembic: migrates on the connection, and inside the transaction, that the caller opened."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table_schema="ml_monitor")
context.run_migrations()
