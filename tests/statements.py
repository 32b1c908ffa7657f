"""Statements compiled once for all catalogs: a process of tests opens thousands of libraries.

SQLAlchemy keeps what it compiled with each engine, and a library has one of its own. A program has one library, and
compiles each statement once; a test would compile all that it runs anew, a fifth of what a small library takes.
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
    """Let all engines that are made from now on have one store, in which dialects of one version are equal."""
    for kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        kind.__eq__ = _is_equal
        kind.__hash__ = lambda one: hash(type(one))
        kind.engine_created = classmethod(_created)


def _is_equal(one: DefaultDialect, other: object) -> bool:
    return type(one) is type(other) and one.server_version_info == other.server_version_info


def _created(_dialect: type[DefaultDialect], engine: Engine) -> None:
    engine._compiled_cache = _COMPILED
