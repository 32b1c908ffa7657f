"""Alembic runs this file for every command; `search.catalog.migrations.upgrade` hands it the open connection."""

from __future__ import annotations

from alembic import context

from search.catalog.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    render_as_batch=True,  # SQLite cannot alter a column in place
)
context.run_migrations()
