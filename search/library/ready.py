"""Whether a library can be opened as it is, told by its files: to load what opens it takes far longer."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from search.catalog.migrations import HEAD

DESCRIPTION_FILE: Final = "library.toml"
CATALOG_FILE: Final = "catalog.sqlite"
OWN_INDEXES: Final = frozenset({"exact", "faiss"})
"""Kinds of index that need nothing else to be installed."""


def is_ready(folder: Path) -> bool:
    """Whether nothing of the library in ``folder`` is to be made or migrated, and nothing of it can be refused.

    False also where that takes more than a look, as with a ``library.toml``: whoever opens it then learns why.
    """
    try:
        if (folder / DESCRIPTION_FILE).exists():
            return False
        with closing(sqlite3.connect(f"{(folder / CATALOG_FILE).absolute().as_uri()}?mode=rw", uri=True)) as catalog:
            versions = catalog.execute("SELECT version_num FROM alembic_version").fetchall()
            indexes = catalog.execute("SELECT value FROM choices WHERE name = 'index'").fetchall()
    except (OSError, sqlite3.Error):
        return False
    return versions == [(HEAD,)] and all(index in OWN_INDEXES for (index,) in indexes)
