"""The state of a space is a column of the catalog; older versions wrote it into the space's name."""

from __future__ import annotations

import sqlite3

import pytest

from search.catalog.store import Catalog
from search.errors import LibraryError, SpaceMismatch
from tests.search.catalog_helpers import spec
from tests.search.old_catalogs import VECTORS, catalog_at

OLD, NEW = "a" * 64, "b" * 64
NAMES = [(f"cnn:x@{OLD[:12]}", OLD), ("cnn:x", NEW), ("cnn:/home/me@work/y.pt", "c" * 64)]


def states(catalog):
    return [(space.name, space.fingerprint[0], space.state) for space in catalog.spaces()]


EXPECTED = [("cnn:x", "a", "retired"), ("cnn:x", "b", "active"), ("cnn:/home/me@work/y.pt", "c", "active")]


def test_a_library_of_the_version_before_is_migrated_with_its_vectors(tmp_path):
    path = catalog_at("0005", tmp_path / "catalog.sqlite", NAMES)
    with Catalog.open(path) as catalog:
        assert states(catalog) == EXPECTED
        assert catalog.verify() == []
        assert [bytes(catalog.encoding(1, space.id).vectors) for space in catalog.spaces()] == [VECTORS] * 3
        assert catalog.choice("index") is None
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


@pytest.mark.parametrize("revision", ["0004", "0005"])
def test_a_library_of_a_version_before_is_read_as_it_is_where_nobody_may_write(tmp_path, revision):
    path = catalog_at(revision, tmp_path / "catalog.sqlite", NAMES)
    before = path.read_bytes()
    with Catalog.open(path, create=False, read_only=True) as catalog:
        assert states(catalog) == EXPECTED
        assert catalog.choice("index") is None
    assert path.read_bytes() == before


def test_a_migration_that_fails_leaves_the_library_as_it_was(tmp_path, monkeypatch):
    path = catalog_at("0005", tmp_path / "catalog.sqlite", NAMES)
    monkeypatch.setattr("search.catalog.migrations.upgrade", broken_upgrade)
    with pytest.raises(LibraryError):
        Catalog.open(path)
    monkeypatch.undo()
    with Catalog.open(path) as catalog:
        assert states(catalog) == EXPECTED


def broken_upgrade(connection):
    connection.exec_driver_sql("DELETE FROM spaces WHERE id = 3 AND 0")
    connection.exec_driver_sql("DROP TABLE encodings")
    connection.exec_driver_sql("SELECT nonsense")


def test_a_name_has_one_active_space_and_any_number_of_retired_ones(tmp_path):
    with Catalog.open(tmp_path / "catalog.sqlite") as catalog:
        for mark in "abc":
            space = catalog.space(spec(name="cnn:x", fingerprint=mark * 64))
            with pytest.raises(SpaceMismatch, match="reindex"):
                catalog.space(spec(name="cnn:x", fingerprint="z" * 64))
            if mark < "c":
                with catalog.lease("test", 0) as lease:
                    catalog.retire_space(space.id, lease)
        assert [space.state for space in catalog.spaces()] == ["retired", "retired", "active"]


def test_a_retired_space_is_active_again_when_its_encoder_comes_back(tmp_path):
    """An older version of the program was installed again: nothing is encoded twice."""
    with Catalog.open(tmp_path / "catalog.sqlite") as catalog:
        first = catalog.space(spec(name="cnn:x", fingerprint=OLD))
        with catalog.lease("test", 0) as lease:
            catalog.retire_space(first.id, lease)
        assert catalog.space(spec(name="cnn:x", fingerprint=OLD)).id == first.id
        assert states(catalog) == [("cnn:x", "a", "active")]


def test_a_choice_is_made_once(tmp_path):
    with Catalog.open(tmp_path / "catalog.sqlite") as catalog:
        catalog.choose("index", "exact")
        catalog.choose("index", "exact")
        with pytest.raises(LibraryError, match="'exact', which cannot become 'faiss'"):
            catalog.choose("index", "faiss")
        assert catalog.choice("index") == "exact"
