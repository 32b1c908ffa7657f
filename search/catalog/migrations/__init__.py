"""Migrations of the catalog, shipped with the package and run when an older library is opened for writing.

`HEAD` is the newest revision. Comparing it with the database's revision is one cheap query, so that Alembic, which
takes half a second to import, is loaded only if a migration is needed. A test checks that it equals Alembic's own head.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlalchemy import Connection

HEAD: Final = "0018"
READABLE: Final = "0004"
"""The oldest revision that can be read without migration: later columns have defaults (`search.catalog.reading`)."""


def upgrade(connection: Connection) -> None:
    """Migrate the database to `HEAD` inside the connection's transaction: completely or not at all."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    # Config interpolates '%', which a folder's name may contain
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
