"""A quick check by its files whether a library can be opened as it is. Loading the code that opens it takes longer."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from search.catalog.migrations import HEAD

DESCRIPTION_FILE: Final = "library.toml"
CATALOG_FILE: Final = "catalog.sqlite"
OWN_INDEXES: Final = frozenset({"exact", "faiss"})
"""Kinds of index that need no other package."""


def is_ready(folder: Path) -> bool:
    """Return whether the library in ``folder`` needs no creation or migration and is sure to open.

    False also if that takes more than a quick look, as with a ``library.toml``: opening it then gives the answer.
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
