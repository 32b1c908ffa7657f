"""Choosing the full-text implementation of a database."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from search.catalog.fulltext.fts5 import FTS5

if TYPE_CHECKING:
    from search.catalog.fulltext.tsvectors import TSVectors


def of(connection: Connection) -> FTS5 | TSVectors:
    """The full text for the database of a connection."""
    return _of(connection.dialect.name)


@lru_cache(maxsize=2)
def _of(dialect: str) -> FTS5 | TSVectors:
    if dialect == "sqlite":
        return FTS5()
    from search.catalog.fulltext.tsvectors import TSVectors  # needed only for a server

    return TSVectors()
