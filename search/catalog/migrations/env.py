"""Alembic runs this file for every command; `search.catalog.migrations.upgrade` hands it the open connection."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from search.catalog.tables import METADATA

connection: Connection = context.config.attributes["connection"]
in_file = connection.dialect.name == "sqlite"
context.configure(
    connection=connection,
    # of a server's schemas the first alone counts: another that can be seen may have a catalog of its own
    version_table_schema=None if in_file else connection.exec_driver_sql("SELECT current_schema()").scalar_one(),
    target_metadata=METADATA,
    transactional_ddl=True,
    render_as_batch=True,  # SQLite cannot alter a column in place
)
context.run_migrations()
