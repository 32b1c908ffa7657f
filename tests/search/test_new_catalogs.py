"""The catalogs that tests make equal those of the migrations."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from search.catalog.store import Catalog
from tests import new_catalogs


def contents(path: Path) -> dict[str, tuple[str | None, list[str]]]:
    """What made each table and index, and the rows of each table, those of the full-text search among them."""
    with sqlite3.connect(path) as connection:
        made = connection.execute("SELECT name, sql, type FROM sqlite_master").fetchall()
        return {
            name: (sql, sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"'))) if kind == "table" else [])
            for name, sql, kind in made
        }


def test_a_new_catalog_is_that_of_the_migrations(tmp_path, monkeypatch):
    Catalog.open(tmp_path / "quick.sqlite").close()
    monkeypatch.setattr("search.catalog.migrations.upgrade", new_catalogs.migrate)
    Catalog.open(tmp_path / "migrated.sqlite").close()
    assert contents(tmp_path / "quick.sqlite") == contents(tmp_path / "migrated.sqlite")
