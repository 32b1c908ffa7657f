"""Compile each SQL statement once for all catalogs, because a test process opens thousands of libraries.

SQLAlchemy caches compiled statements per engine, and each library has its own engine. A program has one library and
compiles each statement once. A test would compile all its statements again, a fifth of the time of a small library.
"""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

MOST = 5000
_COMPILED: LRUCache = LRUCache(MOST)


def share() -> None:
    """Give all engines that are made from now on one cache, in which dialects of the same version are equal."""
    for kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        kind.__eq__ = _is_equal
        kind.__hash__ = lambda one: hash(type(one))
        kind.engine_created = classmethod(_created)


def _is_equal(one: DefaultDialect, other: object) -> bool:
    return type(one) is type(other) and one.server_version_info == other.server_version_info


def _created(_dialect: type[DefaultDialect], engine: Engine) -> None:
    engine._compiled_cache = _COMPILED
