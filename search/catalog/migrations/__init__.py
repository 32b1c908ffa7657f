"""Migrations of the catalog, shipped with the package and run when an older library is opened for writing.

`HEAD` is the newest revision: comparing it with the database's is one cheap query, so that Alembic (half a
second to import) is loaded only when there is something to migrate. A test holds it equal to Alembic's own head.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlalchemy import Connection

HEAD: Final = "0018"
READABLE: Final = "0004"
"""The oldest revision that is read as it is: what came since has a default (`search.catalog.reading.spaces`)."""


def upgrade(connection: Connection) -> None:
    """Bring the database to `HEAD` inside the connection's transaction: all of it, or nothing."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    # Config interpolates '%', which a folder's name may contain
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
